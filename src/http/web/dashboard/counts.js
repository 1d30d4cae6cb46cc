// counts.js: how many orders are in each status, whatever their days, and what today has brought.

import { get, Watch } from "./api.js";
import { daysAgo } from "./days.js";
import { fields, showMoney } from "./fields.js";
import { by, countNoun, make, makeBadge, showCount, write } from "./page.js";

const MOST = 4000; // that is counted: the service reads all that is skipped
const PAGE = 20;

// The number of orders of a status, MOST when there are more. The service has no count of them: it is searched for in
// pages of the list, from where it was the last time, so that one page is enough when it has changed by a few.
async function countOrders(status, before) {
  let low = 0, high = MOST;
  let skip = Math.max(Math.min(before, MOST) - PAGE / 2, 0);
  while (low < high) {
    const { length } = await get(`/orders/?${new URLSearchParams({ status, skip, limit: PAGE })}`);
    if (length < PAGE && (length > 0 || skip <= low)) return skip + length;
    if (length > 0) low = skip + length;
    else high = skip;
    skip = Math.floor((low + high) / 2);
  }
  return MOST;
}

export class Counts {
  #counts = new Map(); // by status
  #items = new Map(); // by status: where the count stands
  #today = new Watch((figures) => this.#showToday(figures));

  // showStatus(status): shows the orders of it.
  constructor(showStatus) {
    for (const status of fields.statuses) {
      const open = make("button", "quiet", makeBadge(status), make("span", "count", "–"));
      open.type = "button";
      open.addEventListener("click", () => showStatus(status));
      this.#items.set(status, open.lastChild);
      by("statuses").append(make("li", "", open));
    }
  }

  async refresh() {
    const today = new URLSearchParams({ first_day: daysAgo(0), last_day: daysAgo(0) });
    await this.#today.refresh(`/statistics?${today}`);
    await Promise.all(fields.statuses.map((status) => this.#count(status)));
  }

  async #count(status) {
    const count = await countOrders(status, this.#counts.get(status) ?? 0);
    this.#counts.set(status, count);
    const text = count < MOST ? showCount(count) : `${showCount(MOST)}+`;
    if (this.#items.get(status).textContent !== text) this.#items.get(status).textContent = text;
    if (status === "pending") write("pending-count", text);
    const are = count === 1 ? "is" : "are";
    if (status === "cancelled") write("cancelled-note", count === 0 ? "" : `${text} of all orders ${are} cancelled.`);
  }

  #showToday({ order_count: orders, currencies }) {
    write("today-count", showCount(orders));
    write("today-unit", `${countNoun(orders)} dated today, UTC`);
    write("today-revenue", currencies.map(({ revenue, currency }) => showMoney(revenue, currency)).join(", "));
  }
}
