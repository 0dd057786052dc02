// Live cells: as long as something is unfinished, the page asks its own address for its cells and swaps those that changed.
// What a person is at work in is left alone: a field that was written in, a box that is ticked, selected text, an open dialog.
"use strict";
(() => {
  const EVERY_MS = 2000;
  const AFTER_ERROR_MS = 10000;
  // A page that takes long to make is asked less often: watching it costs a tenth of a server at most.
  const SHARE = 10;
  const PATIENCE_MS = 20000;
  const MOST_PHRASES = 4;
  const PAUSED = "aos-live-paused";

  let bar = null;
  let timer = 0;
  let isAsking = false;
  let hasEnded = false;
  const served = new WeakMap(); // rows of a list as the server sent them, before anything on the page touched them

  const isPaused = () => {
    try {
      return sessionStorage.getItem(PAUSED) === "1";
    } catch {
      return bar.dataset.aosPaused === "1"; // storage is forbidden here: paused until the page is left
    }
  };

  const pause = (on) => {
    bar.dataset.aosPaused = on ? "1" : "0";
    try {
      sessionStorage.setItem(PAUSED, on ? "1" : "0");
    } catch {
      // storage is forbidden here: it is kept on the page alone
    }
  };

  const cells = () => [...document.querySelectorAll("[data-aos-cell]")];
  const cellOf = (name) => cells().find((cell) => cell.dataset.aosCell === name);
  const isUnfinished = () => cells().some((cell) => cell.hasAttribute("data-aos-unfinished"));
  const etag = () => `"${cells().map((cell) => cell.dataset.aosIs).join(".")}"`;
  const show = (words) => (bar.querySelector("#aos-live-state").textContent = words);
  const say = (words) => (document.querySelector("#aos-live-said").textContent = words);

  // What a person is at work in

  const isChanged = (field) => {
    if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
    if (field instanceof HTMLSelectElement) {
      const before = [...field.options].filter((each) => each.defaultSelected);
      return field.selectedOptions[0] !== (before[0] || field.options[0]);
    }
    return field.value !== field.defaultValue;
  };

  const isBusy = (cell) => {
    if (document.querySelector("dialog[open], [role=dialog]:not([hidden]) form")?.getClientRects().length) return true;
    const chosen = getSelection();
    if (chosen && !chosen.isCollapsed && chosen.rangeCount && chosen.getRangeAt(0).intersectsNode(cell)) return true;
    if (cell.contains(document.activeElement) && document.activeElement.matches("input:not([type=checkbox]), textarea, select")) return true;
    return [...cell.querySelectorAll("input:not([type=hidden]), textarea, select")].some(isChanged);
  };

  // Where something stands in a cell, so that it is found again in the one that comes in its place

  const nameOf = (element) => element.id || element.dataset.aosOf;

  const placeOf = (element, cell) => {
    // Rows come and go: whoever stands in one goes on standing in that one, not in the one that has its place by now.
    const row = element.closest("#result_list > tbody");
    if (row && keyOf(row)) return { row: keyOf(row), tag: element.localName, at: [...row.querySelectorAll(element.localName)].indexOf(element) };
    const near = element.parentElement.closest("[id], [data-aos-of]");
    const root = near && cell.contains(near) && near !== cell ? near : cell;
    const all = [...root.querySelectorAll(element.localName)];
    return { id: element.id, root: root === cell ? "" : nameOf(root), tag: element.localName, at: all.indexOf(element) };
  };

  const found = (place, cell) => {
    if (place.row) return rowsOf(cell).find((row) => keyOf(row) === place.row)?.querySelectorAll(place.tag)[place.at];
    if (place.id) return [...cell.querySelectorAll("[id]")].find((each) => each.id === place.id);
    const named = [...cell.querySelectorAll("[id], [data-aos-of]")];
    const root = place.root ? named.find((each) => nameOf(each) === place.root) : cell;
    return root && root.querySelectorAll(place.tag)[place.at];
  };

  const taken = (cell) => {
    const focused = cell.contains(document.activeElement) ? document.activeElement : null;
    return {
      focus: focused && placeOf(focused, cell),
      open: [...cell.querySelectorAll("details")].map((each) => [placeOf(each, cell), each.open]),
      scrolled: [...cell.querySelectorAll("*")]
        .filter((each) => each.scrollTop || each.scrollLeft)
        .map((each) => [placeOf(each, cell), each.scrollTop, each.scrollLeft]),
      page: [scrollX, scrollY],
    };
  };

  const given = (cell, kept) => {
    for (const [place, open] of kept.open) {
      const details = found(place, cell);
      if (details) details.open = open;
    }
    for (const [place, top, left] of kept.scrolled) found(place, cell)?.scrollTo({ top, left, behavior: "instant" });
    if (kept.focus) found(kept.focus, cell)?.focus({ preventScroll: true });
    scrollTo({ left: kept.page[0], top: kept.page[1], behavior: "instant" });
  };

  // Swapping

  const AT_ONCE = { swapStyle: "outerHTML", swapDelay: 0, settleDelay: 0 };
  const rowsOf = (root) => [...root.querySelectorAll("#result_list > tbody")];
  const keyOf = (row) => row.querySelector("[data-aos-of]")?.dataset.aosOf;
  const textOf = (row) => served.get(row) ?? row.outerHTML;
  const headOf = (root) => root.querySelectorAll("#result_list > thead th").length;

  const remember = (rows) => rows.forEach((row) => served.set(row, row.outerHTML));

  // A list keeps its table, on which others listen: its rows come, go and change one by one.
  const swapRows = (cell, fresh) => {
    const list = cell.querySelector("#result_list");
    const before = new Map(rowsOf(cell).map((row) => [keyOf(row), row]));
    for (const row of rowsOf(fresh)) {
      const key = keyOf(row);
      const old = before.get(key);
      before.delete(key);
      if (old && textOf(old) === row.outerHTML) {
        list.append(old);
        continue;
      }
      const text = row.outerHTML;
      const here = old || list.appendChild(document.createElement("tbody"));
      list.append(here);
      htmx.swap(here, text, AT_ONCE);
      served.set(list.lastElementChild, text);
    }
    before.forEach((row) => row.remove());
    cell.dataset.aosIs = fresh.dataset.aosIs;
  };

  const swap = (cell, fresh) => {
    const name = fresh.dataset.aosCell;
    const kept = taken(cell);
    const asRows = headOf(cell) > 0 && headOf(cell) === headOf(fresh);
    if (asRows) swapRows(cell, fresh);
    else htmx.swap(cell, fresh.outerHTML, AT_ONCE);
    given(cellOf(name), kept);
  };

  // What changed, in words

  const states = () => new Map([...document.querySelectorAll("[data-aos-now]")].map((each) => [each.dataset.aosOf, each.dataset.aosNow]));

  const many = (count, kind) => `${count} ${kind}${count === 1 ? "" : "s"}`;

  const changes = (before, after) => {
    const counted = new Map();
    const single = [];
    const count = (kind, words) => counted.set(`${kind} ${words}`, [kind, words, (counted.get(`${kind} ${words}`)?.[2] || 0) + 1]);
    for (const [of, now] of after) {
      const [kind, name] = [of.split(" ", 1)[0], of.slice(of.indexOf(" ") + 1)];
      if (before.get(of) === now) continue;
      if (kind === "number") single.push(`${name}: ${now}`);
      else if (kind === "this") single.push(`Now: ${now}`);
      else count(before.has(of) ? kind : `new ${kind}`, before.has(of) ? now : "");
    }
    const gone = [...before.keys()].filter((of) => !after.has(of) && /^(approval|question|doubt) /.test(of));
    for (const of of gone) count(of.split(" ", 1)[0], "no longer waiting");
    const phrases = [...single, ...[...counted.values()].map(([kind, words, number]) => `${many(number, kind)} ${words}`.trim())];
    const left = phrases.length - MOST_PHRASES;
    return phrases.slice(0, MOST_PHRASES).join(", ") + (left > 0 ? `, and ${left} more` : "");
  };

  // The page's title names how its run stands.
  const retitle = (before, after) => {
    for (const [of, now] of after)
      if (of.startsWith("this ") && before.has(of)) document.title = document.title.replace(before.get(of), now);
  };

  const freshen = (before) => {
    for (const each of document.querySelectorAll("[data-aos-now]"))
      if (before.size && before.get(each.dataset.aosOf) !== each.dataset.aosNow) each.classList.add("aos-fresh");
  };

  const apply = (text) => {
    const answer = document.createElement("template");
    answer.innerHTML = text;
    const before = states();
    let held = 0;
    for (const fresh of answer.content.querySelectorAll("[data-aos-cell]")) {
      const cell = cellOf(fresh.dataset.aosCell);
      if (!cell || cell.dataset.aosIs === fresh.dataset.aosIs) continue;
      if (isBusy(cell)) held += 1;
      else {
        cell.toggleAttribute("data-aos-unfinished", fresh.hasAttribute("data-aos-unfinished"));
        swap(cell, fresh);
      }
    }
    const after = states();
    const words = changes(before, after);
    retitle(before, after);
    freshen(before);
    if (words) say(words);
    return held;
  };

  // Asking

  const end = (words, signIn) => {
    hasEnded = true;
    clearTimeout(timer);
    bar.querySelector("button").hidden = true;
    const link = bar.querySelector("a");
    link.hidden = !signIn;
    link.href = `${link.href.split("?")[0]}?next=${encodeURIComponent(location.pathname + location.search)}`;
    bar.classList.toggle("aos-live-ended", signIn);
    show(words);
    say(words);
  };

  const next = (milliseconds) => {
    clearTimeout(timer);
    if (hasEnded) return;
    const paused = isPaused();
    bar.dataset.aosPaused = paused ? "1" : "0";
    bar.querySelector("button").textContent = paused ? "Go on" : "Pause";
    if (paused) return void show("Paused: this page stands still.");
    if (!isUnfinished()) return void end("All is finished: nothing changes here any more.", false);
    if (!document.hidden) timer = setTimeout(ask, milliseconds);
  };

  const ask = async () => {
    if (isAsking || hasEnded || isPaused() || document.hidden) return;
    isAsking = true;
    const began = performance.now();
    let after = AFTER_ERROR_MS;
    try {
      const headers = { "AOS-Live": bar.dataset.aosReader, "If-None-Match": etag() };
      const options = { headers, cache: "no-store", redirect: "manual", signal: AbortSignal.timeout(PATIENCE_MS) };
      const answer = await fetch(location.pathname + location.search, options);
      if (answer.type === "opaqueredirect" || answer.status === 401) return end("You were signed out. What you see is of before.", true);
      if (answer.status === 403) return end("Your rights have changed. What you see is of before.", true);
      if (answer.status === 404) return end("What this page shows is gone, or not for you any more.", true);
      if (answer.status !== 304 && !answer.ok) throw new Error(`the server answers ${answer.status}`);
      const held = answer.status === 200 && !isPaused() ? apply(await answer.text()) : 0;
      show(held ? "Live. Changes wait until you are done here." : "Live");
      after = Math.max(EVERY_MS, SHARE * (performance.now() - began));
    } catch (error) {
      show(`No answer; asked again in ${AFTER_ERROR_MS / 1000} s.`);
      if (error instanceof TypeError || error.name === "TimeoutError") return undefined; // no network: what next() does is all
      console.warn(`live cells: ${error.message}`);
    } finally {
      isAsking = false;
      next(after);
    }
    return undefined;
  };

  const begin = () => {
    bar = document.querySelector("#aos-live");
    if (!bar || !cells().length || !isUnfinished()) return;
    bar.hidden = false;
    show("Live");
    bar.querySelector("button").addEventListener("click", () => {
      pause(!isPaused());
      show("Live");
      next(0);
    });
    document.addEventListener("visibilitychange", () => next(0));
    next(EVERY_MS);
  };

  document.addEventListener("readystatechange", () => {
    // Before anything else has touched the page.
    if (document.readyState === "interactive") remember(rowsOf(document));
  });
  document.addEventListener("DOMContentLoaded", begin);
})();
