// table.js: tables that need no scrolling sideways: where columns have no room, the cells of a row stand below each
// other.

import { by, make } from "./page.js";

// How much room columns take hangs on the amounts in them, so it is measured.
function fit(table) {
  if (!table.checkVisibility()) return;
  const { parentElement: frame } = table;
  table.classList.remove("stacked");
  table.classList.toggle("stacked", frame.scrollWidth > frame.clientWidth);
}

export function prepareTable(id) {
  const table = by(id);
  addEventListener("resize", () => fit(table));
  table.closest("details")?.addEventListener("toggle", () => fit(table));
}

export function fillTable(id, rows) {
  by(id).tBodies[0].replaceChildren(...rows);
  fit(by(id));
}

// The first cell of a row is what it is of, and the others are numbers, which stand right. Below each other, each shows
// its heading itself.
export function fillFigures(id, rows) {
  const headings = [...by(id).tHead.rows[0].cells].map((cell) => cell.textContent);
  fillTable(id, rows.map((cells) => make("tr", "", ...cells.map((text, i) => {
    const cell = make(i === 0 ? "th" : "td", i === 0 ? "" : "number", text);
    if (i === 0) cell.scope = "row";
    cell.dataset.heading = headings[i];
    return cell;
  }))));
}
