// question.js: a question that is answered by yes or no, and versions of an order side by side.

import { by, make } from "./page.js";

// Where versions of an order differ, as rows of a field's name and the value of each. show(order): its fields as text.
export function differences(show, ...versions) {
  const shown = versions.map(show);
  return Object.keys(shown[0]).map((name) => [name, ...shown.map((fields) => fields[name])])
    .filter(([, first, ...others]) => others.some((other) => other !== first));
}

function makeTable([headings, ...rows]) {
  const head = make("tr", "", ...headings.map((text) => make("th", "", text)));
  const body = rows.map(([name, ...cells]) =>
    make("tr", "", make("th", "", name), ...cells.map((text) => make("td", "", text))));
  const table = make("table", "versions", make("thead", "", head), make("tbody", "", ...body));
  for (const heading of table.tHead.rows[0].cells) heading.scope = "col";
  for (const row of table.tBodies[0].rows) row.cells[0].scope = "row";
  return table;
}

// The second click of two answers nothing that the first one has asked, or that came up in between.
export function prepareQuestion() {
  by("question-dialog").addEventListener("click", (event) => { if (event.detail > 1) event.preventDefault(); });
}

// `table`: rows of text, the first of them the headings; `isGrave`: a yes cannot be undone by a click. False also when it
// was left without an answer.
export function ask({ title, text, table = [], yes, no, isGrave = false }) {
  const dialog = by("question-dialog");
  by("question-title").textContent = title;
  by("question-text").textContent = text;
  by("question-table").replaceChildren(...(table.length > 1 ? [makeTable(table)] : []));
  by("question-yes").textContent = yes;
  by("question-yes").className = isGrave ? "grave" : "";
  by("question-no").textContent = no;
  dialog.returnValue = "";
  dialog.showModal();
  by("question-no").focus();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}
