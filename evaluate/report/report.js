"use strict";
// Tables sort by a click on a column's name, a second click turns the order.
function sorted(table, column, down) {
  const value = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent.trim();
  const compare = (one, other) => {
    const [a, b] = [value(one), value(other)];
    const apart = Number(a) - Number(b);
    return Number.isNaN(apart) ? a.localeCompare(b) : apart;
  };
  const rows = [...table.tBodies[0].rows].sort(compare);
  table.tBodies[0].append(...(down ? rows.reverse() : rows));
}

for (const table of document.querySelectorAll("table.sortable")) {
  const headers = [...table.tHead.rows[0].cells];
  headers.forEach((header, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = header.textContent;
    button.addEventListener("click", () => {
      const down = header.getAttribute("aria-sort") === "ascending";
      headers.forEach((other) => other.removeAttribute("aria-sort"));
      header.setAttribute("aria-sort", down ? "descending" : "ascending");
      sorted(table, column, down);
    });
    header.replaceChildren(button);
  });
}

// Frames through training are shown one at a time; without this script, all of them.
for (const frames of document.querySelectorAll(".frames")) {
  const figures = [...frames.children];
  const slider = document.createElement("input");
  const show = () => figures.forEach((figure, place) => { figure.hidden = place !== Number(slider.value); });
  Object.assign(slider, { type: "range", min: 0, max: figures.length - 1, step: 1 });
  slider.setAttribute("aria-label", "Snapshot through training");
  slider.value = slider.max;
  slider.addEventListener("input", show);
  frames.before(slider);
  frames.classList.add("one");
  show();
}
