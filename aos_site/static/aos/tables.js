// Wide tables on a narrow screen: what would have to be scrolled sideways is shown row by row instead, each cell behind its column's
// name (aos-stacked in console.css). Without this script it is scrolled.
"use strict";
(() => {
  const NARROW = matchMedia("(max-width: 640px)");
  const WIDE = ".aos-scroll > .aos-table:not(.aos-stacked, .aos-forecast, .aos-differences)";

  const capital = (name) => name.charAt(0).toUpperCase() + name.slice(1);

  // The first cell names its row; a number in its place says of what.
  const label = (table) => {
    const names = [...table.tHead.rows[0].cells].map((each) => capital(each.textContent.trim()));
    for (const row of table.querySelectorAll("tbody tr, tfoot tr")) {
      let column = 0;
      for (const cell of row.cells) {
        if (cell.colSpan === 1 && (column > 0 || cell.matches(".aos-number")) && names[column]) cell.dataset.label ??= names[column];
        column += cell.colSpan;
      }
    }
  };

  // Cards of a list of rows name their columns as the head of the list does.
  const capitalize = () => {
    for (const cell of document.querySelectorAll("#result_list [data-label]")) {
      if (cell.dataset.label !== capital(cell.dataset.label)) cell.dataset.label = capital(cell.dataset.label);
    }
  };

  const fit = () => {
    capitalize();
    if (!NARROW.matches) return;
    for (const table of document.querySelectorAll(WIDE)) {
      if (!table.tHead || table.scrollWidth <= table.parentElement.clientWidth) continue;
      label(table);
      table.classList.add("aos-stacked");
    }
  };

  document.addEventListener("DOMContentLoaded", () => {
    fit();
    document.body.addEventListener("htmx:load", fit);
    document.addEventListener("toggle", fit, true); // what was folded away had no width
    NARROW.addEventListener("change", fit);
  });
})();
