// filters.js: which orders are listed, and by what they are sorted: what the form says, kept in the address.

import { keep, recall, recallDay } from "./address.js";
import { dayAfter } from "./days.js";
import { fields } from "./fields.js";
import { by, choose, make, makeBadge, write } from "./page.js";

const TEXT_MOST = 255;

// By the names that the address has, of which an address may have anybody's.
const chosen = () => ({
  search: recall("search").trim().slice(0, TEXT_MOST),
  status: recall("status").split(",").filter((status) => fields.statuses.includes(status)),
  since: recallDay("since"),
  until: recallDay("until"),
  paid_in: fields.currencies.some(({ code }) => code === recall("paid_in")) ? recall("paid_in") : "",
  sort: [...by("sort").options].some(({ value }) => value === recall("sort")) ? recall("sort") : "id desc",
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
      const given = new FormData(form);
      keep({
        page: "", search: given.get("search").trim(), status: given.getAll("status").join(),
        since: given.get("since"), until: given.get("until"), paid_in: given.get("paid_in"),
      }, null);
      changed();
    };
    form.addEventListener("submit", (event) => { event.preventDefault(); apply(); });
    form.addEventListener("reset", () => setTimeout(apply));
    // It is applied at once, and what was only written in the form is not.
    by("sort").addEventListener("change", () => { keep({ page: "", sort: by("sort").value }, null); changed(); });
    this.readAddress();
  }

  readAddress() {
    const { search, status, since, until, paid_in: currency, sort } = chosen();
    by("search").value = search;
    for (const box of by("filters").elements.status) box.checked = status.includes(box.value);
    by("since").value = since;
    by("until").value = until;
    choose("paid-in", currency);
    choose("sort", sort);
  }

  // The orders of a status, and no other filter.
  showStatus(status) {
    by("filters").reset();
    for (const box of by("filters").elements.status) box.checked = box.value === status;
  }

  // As the list of orders takes them; null: there can be none.
  query() {
    const { search, status, since, until, paid_in: currency, sort } = chosen();
    const isWrong = since !== "" && until !== "" && since > until;
    write("filters-error", isWrong ? `The first day, ${since}, is after the last, ${until}` : "");
    for (const id of ["since", "until"]) by(id).setAttribute("aria-invalid", String(isWrong));
    if (isWrong) return null;
    const query = {
      search, status: status.join(), placed_from: since, placed_before: until && dayAfter(until), currency, order_by: sort,
    };
    return Object.entries(query).filter(([, value]) => value !== "");
  }
}
