
"use strict";
// Sorts and filters the rows that stand on the page. Both tables hold the same students in the
// same order, by name; a row is known by its place in it. Texts are only read, never made to HTML.
(() => {
  const tables = [...document.querySelectorAll("table.sortable")];
  if (!tables.length) return;
  const bodies = tables.map((table) => [...table.tBodies[0].rows]);
  const heads = tables.flatMap((table) => [...table.querySelectorAll("th[data-key]")]);
  const places = bodies[0].map((_, place) => place);
  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const names = bodies[0].map((row) => plain(row.cells[0].textContent));
  const collator = new Intl.Collator(undefined, { numeric: true });
  const find = document.getElementById("find");
  const said = document.getElementById("said");

  const valueOf = (cell) => {
    const text = cell ? (cell.dataset.v ?? cell.textContent).trim() : "";
    return text === "" || Number.isNaN(Number(text)) ? text : Number(text);
  };

  const compare = (a, b) => {
    if (typeof a === "number" && typeof b === "number") return a - b;
    if (typeof a === typeof b) return collator.compare(a, b);
    return typeof a === "number" ? -1 : 1;
  };

  function sort(key, down) {
    const head = heads.find((one) => one.dataset.key === key);
    if (!head) return false;
    const rows = bodies[tables.indexOf(head.closest("table"))];
    const values =
      key === "student" ? places : rows.map((row) => valueOf(row.cells[head.cellIndex]));
    const filled = places.filter((place) => values[place] !== "");
    // What has no value comes last, whichever way the others run.
    const empty = places.filter((place) => values[place] === "");
    filled.sort((a, b) => (down ? -1 : 1) * compare(values[a], values[b]) || a - b);
    tables.forEach((table, i) => {
      const order = document.createDocumentFragment();
      for (const place of [...filled, ...empty]) order.append(bodies[i][place]);
      table.tBodies[0].append(order);
    });
    for (const one of heads) {
      if (one.dataset.key !== key) one.removeAttribute("aria-sort");
      else one.setAttribute("aria-sort", down ? "descending" : "ascending");
    }
    said.textContent = `Sorted by ${head.textContent.trim()}, ${down ? "descending" : "ascending"}.`;
    return true;
  }

  function filter() {
    const wanted = plain(find.value.trim());
    let shown = 0;
    for (const place of places) {
      const hit = names[place].includes(wanted);
      shown += hit;
      for (const rows of bodies) rows[place].hidden = !hit;
    }
    said.textContent = wanted ? `${shown} of ${places.length} students shown.` : "";
  }

  // index.html#sort=-score&find=ali, or #map-exercise-1a from the lists on the page.
  function obey() {
    const fragment = location.hash.slice(1);
    const asked = new URLSearchParams(fragment);
    const key = fragment.startsWith("map-") ? fragment.slice(4) : asked.get("sort");
    if (asked.has("find")) {
      find.value = asked.get("find");
      filter();
    }
    if (key) sort(key.replace(/^-/, ""), key.startsWith("-"));
  }

  for (const head of heads) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      sort(head.dataset.key, head.getAttribute("aria-sort") === "ascending");
    });
  }
  find.addEventListener("input", filter);
  addEventListener("hashchange", obey);
  document.querySelector(".tools").hidden = false;
  obey();
})();
