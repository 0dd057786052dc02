// Approvals: how long there is to decide counts down while one reads.
"use strict";
(() => {
  const UNITS = [["d", 86400], ["h", 3600], ["m", 60], ["s", 1]];

  const inWords = (seconds) => {
    if (seconds < 1) return "time is up";
    const first = UNITS.findIndex(([, each]) => seconds >= each);
    const [[larger, size], [smaller, part] = []] = UNITS.slice(first, first + 2);
    const rest = smaller === undefined ? "" : ` ${Math.floor((seconds % size) / part)} ${smaller}`;
    return `${Math.floor(seconds / size)} ${larger}${rest} left`;
  };

  const count = () => {
    for (const shown of document.querySelectorAll("time[data-aos-until]")) {
      const until = Date.parse(shown.dateTime);
      if (!Number.isNaN(until)) shown.textContent = inWords(Math.floor((until - Date.now()) / 1000));
    }
  };

  count();
  setInterval(count, 1000);
})();
