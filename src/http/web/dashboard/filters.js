// filters.js: which orders are listed, and by what they are sorted: what the form says, kept in the address.

import { describeUnreadable, keep, recall } from "./address.js";
import { dayAfter, describeRange, describeWrongRange, isDay, LAST_DAY } from "./days.js";
import { fields } from "./fields.js";
import { by, make, makeBadge, offers, write, writeDay } from "./page.js";

// By the names that the address has, of which an address may have anybody's: what is none of these is told, as without
// it the list would have more orders than were asked for.
const DAYS = { since: isDay, until: isDay };
const CHECKS = {
  status: (list) => list.split(",").every((status) => fields.statuses.includes(status)),
  ...DAYS,
  paid_in: (code) => offers("paid-in", code),
  sort: (order) => offers("sort", order),
};
// What the form says, by the same names.
function given() {
  const form = new FormData(by("filters"));
  return {
    search: form.get("search").trim(), status: form.getAll("status").join(),
    since: form.get("since"), until: form.get("until"), paid_in: form.get("paid_in") ?? "",
  };
}

const chosen = () => ({
  search: recall("search").trim(), status: recall("status").split(","), since: recall("since"), until: recall("until"),
  paid_in: recall("paid_in"), sort: recall("sort") || "id desc",
});

export class Filters {
  // changed(): the orders are others.
  constructor(changed) {
    const form = by("filters");
    by("paid-in").append(...fields.currencies.map(({ code }) => new Option(code)));
    by("filter-statuses").append(...fields.statuses.map((status) => {
      const box = make("input", "");
      Object.assign(box, { type: "checkbox", name: "status", value: status });
      return make("label", "choice", box, makeBadge(status));
    }));
    const apply = () => {
      keep({ page: "", ...given() }, null);
      this.#describe();
      changed();
    };
    form.addEventListener("submit", (event) => { event.preventDefault(); apply(); });
    form.addEventListener("reset", () => setTimeout(apply));
    form.addEventListener("input", () => this.#describe());
    // It is applied at once, and what was only written in the form is not.
    by("sort").addEventListener("change", () => { keep({ page: "", sort: by("sort").value }, null); changed(); });
    this.readAddress();
  }

  // What cannot be chosen leaves its field empty, so that whatever is chosen then is a change.
  readAddress() {
    const { search, status, since, until, paid_in: currency, sort } = chosen();
    by("search").value = search;
    for (const box of by("filters").elements.status) box.checked = status.includes(box.value);
    writeDay("since", since);
    writeDay("until", until);
    by("paid-in").value = currency;
    by("sort").value = sort;
    this.#describe();
  }

  // Whether the orders that are listed are those that the form says. A day that is half written is none to FormData.
  areApplied() {
    const isHalf = Object.keys(DAYS).some((id) => by(id).validity.badInput);
    const said = given(), applied = chosen();
    const inOrder = (statuses) => [...statuses].sort().join();
    return !isHalf && inOrder(said.status.split(",")) === inOrder(applied.status) &&
      ["search", "since", "until", "paid_in"].every((name) => said[name] === applied[name]);
  }

  #describe() {
    const { since, until } = given();
    const notYet = this.areApplied() ? "" : "Not applied yet: press Find.";
    write("filters-note", [describeRange(since, until), notYet].filter((text) => text !== "").join(" "));
  }

  // The orders of a status, and no other filter.
  showStatus(status) {
    by("filters").reset();
    for (const box of by("filters").elements.status) box.checked = box.value === status;
  }

  // As the list of orders takes them; null: it is not known which are meant.
  query() {
    const { search, status, since, until, paid_in: currency, sort } = chosen();
    const wrongDays = describeUnreadable(DAYS) || describeWrongRange(since, until);
    const wrong = describeUnreadable(CHECKS) || wrongDays;
    write("filters-error", wrong);
    for (const id of ["since", "until"]) by(id).setAttribute("aria-invalid", String(wrongDays !== ""));
    if (wrong !== "") return null;
    const query = {
      search, status: status.join(), placed_from: since,
      placed_before: until === "" || until === LAST_DAY ? "" : dayAfter(until), currency, order_by: sort,
    };
    return Object.entries(query).filter(([, value]) => value !== "");
  }
}
