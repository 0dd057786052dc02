// The command palette (Ctrl K): what can be done on this page, then what the server finds for the words. Nothing is done from
// here but going somewhere: an action of the page is opened, as its own button would open it.
"use strict";
(() => {
  const MOST = 10;

  const dialog = () => document.querySelector("#aos-palette");
  const field = () => document.querySelector("#aos-palette-field");
  const hits = () => [...dialog().querySelectorAll("[role=option]")];
  const chosen = () => hits().find((hit) => hit.getAttribute("aria-selected") === "true");
  const isSeen = (element) => element.getClientRects().length > 0;

  const choose = (hit) => {
    for (const each of hits()) each.setAttribute("aria-selected", String(each === hit));
    if (!hit) return field().removeAttribute("aria-activedescendant");
    hit.scrollIntoView({ block: "nearest" });
    return field().setAttribute("aria-activedescendant", hit.id);
  };

  const move = (by) => {
    const all = hits();
    if (all.length) choose(all[(all.indexOf(chosen()) + by + all.length) % all.length]);
  };

  // What this page offers: forms that unfold, and whatever has a key.
  const actions = () => {
    const named = [...document.querySelectorAll("[data-aos-action], [data-aos-key]")].filter((each) => isSeen(each) && !dialog().contains(each));
    return named.map((each) => [each, each.dataset.aosAction || each.dataset.aosSays || each.textContent.trim()]);
  };

  const act = (element) => {
    dialog().close();
    const details = element.closest("details");
    if (element.localName !== "summary") return element.click();
    details.open = true;
    return (details.querySelector("input:not([type=hidden]), textarea, select, button") || element).focus();
  };

  const offer = () => {
    const words = field().value.trim().toLowerCase();
    const fits = actions().filter(([, says]) => says.toLowerCase().includes(words));
    const lines = fits.slice(0, MOST).map(([element, says], place) => {
      const line = document.createElement("button");
      const title = document.createElement("span");
      const kind = document.createElement("span");
      line.type = "button";
      line.className = "aos-hit";
      line.id = `aos-here-${place}`;
      line.tabIndex = -1;
      line.setAttribute("role", "option");
      line.setAttribute("aria-selected", "false");
      title.className = "aos-hit-title";
      title.textContent = says;
      kind.className = "aos-dim";
      kind.textContent = "On this page";
      line.append(title, " ", kind);
      line.addEventListener("click", () => act(element));
      return line;
    });
    dialog().querySelector("#aos-palette-here").replaceChildren(...lines);
    tell();
  };

  const tell = () => {
    const all = hits();
    all.slice(MOST).forEach((hit) => hit.remove());
    const count = Math.min(all.length, MOST);
    field().setAttribute("aria-expanded", String(count > 0));
    choose(all[0]);
    const words = field().value.trim();
    const none = words ? "Nothing you may see goes by that name." : "Type an id, the beginning of a trace id, a code, an agent or a page.";
    dialog().querySelector("#aos-palette-note").textContent = count ? `${count} found; Enter goes there.` : none;
  };

  const open = () => {
    if (!dialog() || document.querySelector("dialog[open]")) return;
    field().value = "";
    dialog().querySelector("#aos-palette-found").replaceChildren();
    offer();
    dialog().showModal();
    field().focus();
  };

  const KEYS = { ArrowDown: () => move(1), ArrowUp: () => move(-1), Enter: () => chosen()?.click() };

  document.addEventListener("aos:palette", open);

  document.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey) {
      event.preventDefault();
      open();
    } else if (event.target === field() && Object.hasOwn(KEYS, event.key)) {
      event.preventDefault();
      KEYS[event.key]();
    }
  });

  // The dialog in which forms of actions appear: Unfold says when by a mark, which is a dialog of the browser's own here.
  const followMark = (modal) => {
    const follow = () => {
      if (modal.dataset.aosOpen === "true" && !modal.open) modal.showModal();
      if (modal.dataset.aosOpen !== "true" && modal.open) modal.close();
    };
    new MutationObserver(follow).observe(modal, { attributes: true, attributeFilter: ["data-aos-open"] });
  };

  document.addEventListener("DOMContentLoaded", () => {
    const modal = document.querySelector("#aos-modal");
    if (modal) followMark(modal);
    for (const button of document.querySelectorAll("[data-aos-palette]")) button.addEventListener("click", open);
    if (!dialog()) return;
    dialog().addEventListener("click", (event) => event.target === dialog() && dialog().close());
    field().addEventListener("input", () => {
      if (!field().value.trim()) dialog().querySelector("#aos-palette-found").replaceChildren();
      offer();
    });
    dialog().addEventListener("htmx:afterSwap", tell);
  });
})();
