// orders.js: the orders, the newest first: found by filters or by id, a page at a time, each to be looked at.

import { keep, recall } from "./address.js";
import { pathOf, Watch } from "./api.js";
import { saveRows } from "./csv.js";
import { daysAgo } from "./days.js";
import { fields, plainMoney, showMoney } from "./fields.js";
import { by, choose, make, makeBadge, write } from "./page.js";

const PAGE = 20;
const FILTERS = ["order_id", "status", "customer_id"];

// The day, and the time, for which there is not always room.
const shownTime = (time) => [time.slice(0, 10), make("span", "clock", ` ${time.slice(11, 19)}`)];

const skipped = () => {
  const skip = Number(recall("skip"));
  return Number.isSafeInteger(skip) && skip > 0 ? skip : 0;
};

// Those of the last time that somebody wanted them applied. An address may be anybody's.
const isFilter = ([name, value]) => value !== "" && (name !== "status" || fields.statuses.includes(value));
const filters = () => Object.fromEntries(FILTERS.map((name) => [name, recall(name)]).filter(isFilter));

export class Orders {
  #watch = new Watch((found, again) => this.#show([found ?? []].flat(), again));
  #refresh;
  #shown = new Map(); // the orders on the page, by id

  constructor(refresh) {
    this.#refresh = refresh;
    by("filter-status").append(...fields.statuses.map((status) => new Option(status)));
    const turn = (skip) => {
      keep({ skip: skip > 0 ? String(skip) : "" });
      refresh();
    };
    by("filters").addEventListener("submit", (event) => { event.preventDefault(); this.#find(); });
    by("filters").addEventListener("reset", () => setTimeout(() => this.#find()));
    by("newer").addEventListener("click", () => turn(Math.max(0, skipped() - PAGE)));
    by("older").addEventListener("click", () => turn(skipped() + PAGE));
    by("orders").addEventListener("click", (event) => {
      const id = event.target.closest("button")?.dataset.orderId;
      if (id === undefined) return;
      keep({ order: id });
      refresh();
    });
    by("orders-csv").addEventListener("click", () => this.#save());
    this.readAddress();
  }

  readAddress() {
    by("search").value = recall("order_id");
    by("filter-customer").value = recall("customer_id");
    choose("filter-status", recall("status"));
  }

  listed = (id) => this.#shown.get(id);

  refresh() {
    return this.#watch.refresh(this.#path());
  }

  // Only the orders of a status, whatever else the form said.
  showStatus(status) {
    by("filters").reset();
    choose("filter-status", status);
    this.#find();
  }

  #find() {
    const given = new FormData(by("filters"));
    keep({ skip: "", ...Object.fromEntries(FILTERS.map((name) => [name, given.get(name).trim()])) });
    this.#refresh();
  }

  // Of one order, to which the other filters are applied here: they make it another thing to be shown, for which the
  // service is not asked. Or of a page and one order more, if there are as many.
  #path() {
    const { order_id: id, ...others } = filters();
    if (id !== undefined) return pathOf(id) && `${pathOf(id)}#${new URLSearchParams(others)}`;
    return `/orders/?${new URLSearchParams({ ...others, order_by: "id desc", skip: skipped(), limit: PAGE + 1 })}`;
  }

  #show(found, again) {
    const orders = found.slice(0, PAGE).filter((order) =>
      Object.entries(filters()).every(([name, value]) => order[name] === value));
    const focused = document.activeElement?.dataset?.orderId;
    by("orders").tBodies[0].replaceChildren(...orders.map((order) => {
      const open = make("button", "", order.order_id);
      open.type = "button";
      open.dataset.orderId = order.order_id;
      const cells = {
        order: [open], customer: [order.customer_id], date: shownTime(order.order_date),
        "amount number": [showMoney(order.total_amount, order.currency)], status: [makeBadge(order.status)],
      };
      const isFresh = again && !this.#shown.has(order.order_id);
      return make("tr", isFresh ? "fresh" : "",
        ...Object.entries(cells).map(([kind, content]) => make("td", kind, ...content)));
    }));
    // Who was on a row stays there when the page is written anew.
    if (focused !== undefined) by("orders").querySelector(`[data-order-id="${CSS.escape(focused)}"]`)?.focus();
    this.#shown = new Map(orders.map((order) => [order.order_id, order]));
    by("newer").disabled = skipped() === 0;
    by("older").disabled = found.length <= PAGE;
    by("orders-csv").disabled = orders.length === 0;
    write("orders-note", orders.length > 0 ? "" : this.#describeNone(found));
  }

  #describeNone(found) {
    if (found.length > 0) return "There is an order of this ID, but the other filters leave it out.";
    if (/^[.]{1,2}$/.test(recall("order_id"))) return "An order of this id is found in the list only.";
    return "There are none.";
  }

  #save() {
    saveRows(`orders-${daysAgo(0)}.csv`, [
      ["order_id", "customer_id", "order_date", "total_amount", "currency", "status"],
      ...[...this.#shown.values()].map((order) => [order.order_id, order.customer_id, order.order_date,
        plainMoney(order.total_amount, order.currency), order.currency, order.status]),
    ]);
  }
}
