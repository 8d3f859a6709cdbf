"use strict";
(() => {
  const form = document.getElementById("filters");
  const rows = [...document.querySelectorAll("#standings tbody tr")];
  const shown = document.getElementById("shown");

  const fits = (row, wanted) => {
    const verdict = wanted.get("verdict");
    return (
      (!verdict || verdict === row.dataset.verdict || verdict === row.dataset.attention) &&
      ["area", "lane", "pin"].every((name) => !wanted.get(name) || wanted.get(name) === row.dataset[name]) &&
      row.textContent.toLowerCase().includes(wanted.get("text").trim().toLowerCase())
    );
  };

  const filter = () => {
    const wanted = new FormData(form);
    let number = 0;
    for (const row of rows) {
      row.hidden = !fits(row, wanted);
      number += row.hidden ? 0 : 1;
    }
    shown.value = `${number} of ${rows.length} shown`;
  };

  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target instanceof HTMLDetailsElement) {
      target.open = true;
      target.scrollIntoView();
    }
  };

  form.hidden = false;
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => queueMicrotask(filter));
  window.addEventListener("hashchange", reveal);
  filter();
  reveal();
})();
