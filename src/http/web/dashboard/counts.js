// counts.js: how many orders are in each status, whatever their days, and what today has brought.

import { Watch } from "./api.js";
import { daysAgo } from "./days.js";
import { fields, showMoney } from "./fields.js";
import { by, countNoun, make, makeBadge, showCount, write } from "./page.js";

export class Counts {
  #items = new Map(); // by status: where the count stands
  #today = new Watch((figures) => this.#showToday(figures));
  #all = new Watch((figures) => this.#showStatuses(figures));

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
    await Promise.all([
      this.#today.refresh(`/statistics?${today}`),
      this.#all.refreshRested("/statistics?by_status=true"),
    ]);
  }

  #showStatuses({ statuses }) {
    for (const { status, order_count: orders } of statuses) {
      const text = showCount(orders);
      if (this.#items.get(status).textContent !== text) this.#items.get(status).textContent = text;
      if (status === "pending") write("pending-count", text);
    }
  }

  #showToday({ order_count: orders, currencies, cancelled_count: cancelled }) {
    write("today-count", showCount(orders));
    write("today-unit", `${countNoun(orders)} dated today, UTC`);
    const revenue = currencies.map((sums) => showMoney(sums.revenue, sums.currency)).join(", ");
    const are = cancelled === 1 ? "is" : "are";
    write("today-revenue", revenue && `Today's revenue: ${revenue}` +
      (cancelled > 0 ? `; ${showCount(cancelled)} of today's orders ${are} cancelled` : ""));
  }
}
