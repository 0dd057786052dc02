// The theme that was chosen in the console, for pages that stand outside its frame.
"use strict";
(() => {
  let chosen = null;
  try {
    chosen = JSON.parse(localStorage.getItem("adminTheme"));
  } catch {
    chosen = null; // storage is closed to us, or holds something else: as the system is
  }
  const dark = chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.classList.toggle("dark", dark);
})();
