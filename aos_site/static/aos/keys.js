// Keys of the console: j and k go through the rows of a page, / to its search (palette.js has Ctrl K), ? shows the list of keys, and a link or
// button with data-aos-key is followed or pressed by that key (data-aos-says tells what it does). Off while somebody types.
"use strict";
(() => {
  const ROWS =
    "#result_list tbody tr.data-row, .aos-page table:not(.aos-waterfall) tbody tr, .aos-candidates > li, .aos-groups > li, [data-aos-row]";
  const OFF = "aos-keys-off";

  const isOff = () => {
    try {
      return localStorage.getItem(OFF) === "1";
    } catch {
      return false; // storage is forbidden here: keys stay on
    }
  };

  const switchOff = (off) => {
    try {
      localStorage.setItem(OFF, off ? "1" : "0");
    } catch {
      // storage is forbidden here: it cannot be remembered
    }
  };

  const isTyping = (target) => target instanceof Element && Boolean(target.closest("input, textarea, select, [contenteditable]"));
  const isSeen = (element) => element.getClientRects().length > 0;
  const isOpen = () => Boolean(document.querySelector("dialog[open]"));
  const linkOf = (row) => [...row.querySelectorAll("a[href], summary, button")].find(isSeen);
  const links = () => [...document.querySelectorAll(ROWS)].map(linkOf).filter(Boolean);

  const go = (by) => {
    const all = links();
    if (!all.length) return false;
    const row = document.activeElement && document.activeElement.closest(ROWS);
    const now = row ? all.indexOf(linkOf(row)) : -1;
    const next = now < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, now + by));
    all[next].focus();
    all[next].scrollIntoView({ block: "nearest" });
    return true;
  };

  const search = () => {
    const field = document.querySelector("#searchbar");
    if (field) field.focus();
    else document.dispatchEvent(new CustomEvent("aos:palette"));
    return true;
  };

  // In the row one stands in before anywhere else.
  const keyed = (key) => {
    const row = document.activeElement && document.activeElement.closest(ROWS);
    const all = [row, document].flatMap((root) => (root ? [...root.querySelectorAll("[data-aos-key]")] : []));
    return all.find((each) => each.dataset.aosKey === key && isSeen(each));
  };

  const press = (key) => {
    const found = keyed(key);
    if (found) found.click();
    return Boolean(found);
  };

  const make = (name, attributes, ...inside) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...inside);
    return element;
  };

  // What can be done on this page, each as its key and its words.
  const known = () => {
    const list = [];
    if (links().length) list.push(["j", "Next row"], ["k", "Previous row"], ["Enter", "Open the row"]);
    if (document.querySelector("[data-aos-copy]")) list.push(["c", "Copy the id of the row, or of the page"]);
    for (const each of document.querySelectorAll("[data-aos-key]"))
      if (isSeen(each)) list.push([each.dataset.aosKey, each.dataset.aosSays || each.textContent.trim()]);
    const searches = document.querySelector("#searchbar") ? "Search this list" : "Go to an id, a code or a page";
    list.push(["/", searches], ["Ctrl K", "Go to an id, a code, a page, or do something here"], ["?", "This list"], ["Esc", "Close"]);
    // Each key once, however many rows have it.
    return [...new Map(list.map((each) => [each[0], each])).values()];
  };

  const help = () => {
    document.querySelector("#aos-keys")?.remove();
    const box = make("input", { type: "checkbox", id: "aos-keys-on" });
    box.checked = !isOff();
    box.addEventListener("change", () => switchOff(!box.checked));
    const rows = known().map(([key, words]) => make("div", {}, make("dt", {}, make("kbd", {}, key)), make("dd", {}, words)));
    const dialog = make(
      "dialog",
      { id: "aos-keys", class: "aos-dialog", role: "dialog", "aria-labelledby": "aos-keys-title" },
      make("h2", { id: "aos-keys-title" }, "Keys"),
      make("dl", {}, ...rows),
      make("label", { class: "aos-check", for: "aos-keys-on" }, box, "Single keys do something"),
      make("form", { method: "dialog" }, make("button", { class: "aos-button", type: "submit", "aria-label": "Close the list of keys" }, "Close")),
    );
    const before = document.activeElement;
    dialog.addEventListener("close", () => {
      dialog.remove();
      if (before instanceof HTMLElement) before.focus();
    });
    document.body.append(dialog);
    dialog.showModal();
    dialog.querySelector("button").focus();
    return true;
  };

  const copy = () => document.querySelector("[data-aos-copy]") !== null && document.dispatchEvent(new CustomEvent("aos:copy"));

  const DO = { c: copy, j: () => go(1), k: () => go(-1), "/": search, "?": help };

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (isOff() || isTyping(event.target) || isOpen()) return;
    const done = Object.hasOwn(DO, event.key) ? DO[event.key]() : press(event.key);
    if (done) event.preventDefault();
  });

  // Who has switched the keys off needs a way back that is no key.
  document.addEventListener("DOMContentLoaded", () => {
    const main = document.querySelector("#main");
    if (!main) return;
    const button = make("button", { type: "button", class: "aos-keys-hint", "aria-haspopup": "dialog" }, "Keys ", make("kbd", {}, "?"));
    button.addEventListener("click", help);
    main.append(button);
  });
})();
