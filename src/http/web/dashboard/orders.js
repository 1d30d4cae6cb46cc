// orders.js: the orders, the newest first: found by filters or by id, a page at a time, each to be looked at.

import { Watch } from "./api.js";
import { formatAmount } from "./money.js";
import { by, write } from "./page.js";

const PAGE = 20;
const NONE = "There are none.";
const IN_THE_LIST = "An order of this id is found in the list only.";

// Ids whose path is not theirs. No order has the first; a browser takes the others for steps of the path.
const ELSEWHERE = new Map([["summary", NONE], [".", IN_THE_LIST], ["..", IN_THE_LIST]]);

// The day, and the time, for which there is not always room.
function shownTime(time) {
  const clock = document.createElement("span");
  clock.className = "clock";
  clock.textContent = ` ${time.slice(11, 19)}`;
  return [time.slice(0, 10), clock];
}

export class Orders {
  #decimals;
  #watch = new Watch((found, again) => this.#show([found ?? []].flat(), again));
  #filters; // those of the last time that somebody wanted them applied
  #skip = 0;
  #shown = new Map(); // the orders on the page, by id

  constructor(settings, refresh) {
    this.#decimals = Object.fromEntries(settings.currencies.map(({ code, decimals }) => [code, decimals]));
    by("filter-status").append(...settings.statuses.map((status) => new Option(status)));
    const turn = (skip) => {
      this.#skip = skip;
      refresh();
    };
    const find = () => {
      this.#readFilters();
      turn(0);
    };
    this.#readFilters();
    by("filters").addEventListener("submit", (event) => { event.preventDefault(); find(); });
    by("filters").addEventListener("reset", () => setTimeout(find));
    by("newer").addEventListener("click", () => turn(Math.max(0, this.#skip - PAGE)));
    by("older").addEventListener("click", () => turn(this.#skip + PAGE));
    by("orders").addEventListener("click", (event) => {
      const id = event.target.closest("button")?.dataset.orderId;
      if (id !== undefined) this.#open(this.#shown.get(id));
    });
  }

  refresh() {
    return this.#watch.refresh(this.#path());
  }

  #readFilters() {
    const filters = [...new FormData(by("filters"))].map(([name, value]) => [name, value.trim()]);
    this.#filters = Object.fromEntries(filters.filter(([, value]) => value !== ""));
  }

  // Of one order, or of a page and one order more, if there are as many.
  #path() {
    const { order_id: id, ...filters } = this.#filters;
    if (id !== undefined) return ELSEWHERE.has(id) ? null : `/orders/${encodeURIComponent(id)}`;
    return `/orders/?${new URLSearchParams({ ...filters, order_by: "id desc", skip: this.#skip, limit: PAGE + 1 })}`;
  }

  #money(order) {
    return `${formatAmount(order.total_amount, this.#decimals[order.currency] ?? 0)} ${order.currency}`;
  }

  #show(found, again) {
    const orders = found.slice(0, PAGE);
    const focused = document.activeElement?.dataset?.orderId;
    by("orders").tBodies[0].replaceChildren(...orders.map((order) => {
      const row = document.createElement("tr");
      const open = document.createElement("button");
      open.type = "button";
      open.dataset.orderId = order.order_id;
      open.textContent = order.order_id;
      const cells = {
        order: [open], customer: [order.customer_id], date: shownTime(order.order_date),
        "amount number": [this.#money(order)], status: [order.status],
      };
      row.append(...Object.entries(cells).map(([kind, content]) => {
        const cell = document.createElement("td");
        cell.className = kind;
        cell.append(...content);
        return cell;
      }));
      if (again && !this.#shown.has(order.order_id)) row.className = "fresh";
      return row;
    }));
    // Who was on a row stays there when the page is written anew.
    if (focused !== undefined) by("orders").querySelector(`[data-order-id="${CSS.escape(focused)}"]`)?.focus();
    this.#shown = new Map(orders.map((order) => [order.order_id, order]));
    by("newer").disabled = this.#skip === 0;
    by("older").disabled = found.length <= PAGE;
    write("orders-note", orders.length > 0 ? "" : ELSEWHERE.get(this.#filters.order_id) ?? NONE);
  }

  #open({ currency, ...order }) {
    const fields = { ...order, total_amount: this.#money({ ...order, currency }) };
    by("detail").replaceChildren(...Object.entries(fields).flatMap(([name, value]) => {
      const term = document.createElement("dt"), text = document.createElement("dd");
      term.textContent = name.replaceAll("_", " ");
      text.textContent = value;
      return [term, text];
    }));
    by("detail-dialog").showModal();
  }
}
