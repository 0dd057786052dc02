// Copies: an id (what data-aos-copy marks, or what is set as an id and reads like one) gets a button beside it and the key c; a
// button with data-aos-copies copies the field it names. Where the browser lets no page write to the clipboard, the text stands
// selected in a field, to be copied by hand.
"use strict";
(() => {
  const ROW = "tr, li, [data-aos-row]";
  const MARKED = "[data-aos-copy]";
  const ID = /^(?:[a-z]{2,4}_)?[0-9a-f]{32,64}$/;

  const say = (words) => {
    let place = document.querySelector("#aos-copied");
    if (!place) {
      place = document.createElement("p");
      place.id = "aos-copied";
      place.setAttribute("role", "status");
      document.body.append(place);
    }
    place.textContent = words;
    clearTimeout(place.aosTimer);
    place.aosTimer = setTimeout(() => (place.textContent = ""), 2500);
  };

  const byHand = (text, field) => {
    const area = field || document.createElement("textarea");
    if (!field) {
      area.value = text;
      area.readOnly = true;
      area.className = "aos-input aos-copy-field";
      area.setAttribute("aria-label", "Text to copy");
      area.addEventListener("blur", () => area.remove(), { once: true });
      document.body.append(area);
    }
    area.focus();
    area.select();
    if (document.execCommand("copy")) {
      if (!field) area.remove();
      return say("Copied");
    }
    return say("Selected: copy it with Ctrl C");
  };

  const copy = async (text, field) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      return byHand(text, field); // no clipboard on a page without TLS, or it was refused
    }
    return say("Copied");
  };

  const beside = (id) => {
    if (id.dataset.aosCopy === "done") return;
    id.dataset.aosCopy = "done";
    const button = document.createElement("button");
    const text = id.textContent.trim();
    id.dataset.aosText = text; // a cell holds the button's sign too, from now on
    button.type = "button";
    button.className = "aos-copy";
    button.title = "Copy";
    button.setAttribute("aria-label", `Copy ${text}`);
    const icon = document.createElement("span");
    icon.className = "material-symbols-outlined";
    icon.setAttribute("aria-hidden", "true");
    icon.textContent = "content_copy";
    button.append(icon);
    button.addEventListener("click", () => copy(text));
    if (id.matches("td, dd")) id.append(button);
    else (id.closest("a") || id).after(button);
  };

  const furnish = (root) => {
    for (const id of root.querySelectorAll(".aos-id:not([data-aos-copy])")) if (ID.test(id.textContent.trim())) id.dataset.aosCopy = "";
    for (const id of root.querySelectorAll(MARKED)) beside(id);
    for (const button of root.querySelectorAll("[data-aos-copies]")) button.hidden = false;
  };

  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest("[data-aos-copies]");
    if (!button) return;
    const field = document.getElementById(button.dataset.aosCopies);
    copy(field.value, field);
  });

  // The key c (keys.js).
  document.addEventListener("aos:copy", () => {
    const row = document.activeElement && document.activeElement.closest(ROW);
    const id = (row && row.querySelector(MARKED)) || document.querySelector(`.aos-page ${MARKED}`);
    if (id) copy(id.dataset.aosText);
  });

  document.addEventListener("DOMContentLoaded", () => {
    furnish(document);
    document.body.addEventListener("htmx:load", (event) => furnish(event.target));
  });
})();
