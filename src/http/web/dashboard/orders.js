// orders.js: the orders, the newest first: found by filters or by id, a page at a time, each to be looked at.

import { get, Kept, Refusal } from "./api.js";
import { formatAmount } from "./money.js";

const by = (id) => document.getElementById(id);
const PAGE = 20;

const shownTime = (time) => time.slice(0, 19).replace("T", " ");

export class Orders {
  #decimals;
  #kept = new Kept();
  #skip = 0;
  #asking = 0; // which asking is the newest: an older one's answer comes too late
  #shown = new Set(); // the order ids on the page, to tell new ones

  constructor(settings, refresh) {
    this.#decimals = Object.fromEntries(settings.currencies.map(({ code, decimals }) => [code, decimals]));
    by("filter-status").append(...settings.statuses.map((status) => new Option(status)));
    const go = (skip) => {
      this.#skip = skip;
      this.#shown.clear();
      this.forget();
      refresh();
    };
    by("filters").addEventListener("submit", (event) => { event.preventDefault(); go(0); });
    by("filters").addEventListener("reset", () => setTimeout(() => go(0)));
    by("newer").addEventListener("click", () => go(Math.max(0, this.#skip - PAGE)));
    by("older").addEventListener("click", () => go(this.#skip + PAGE));
    by("orders").addEventListener("click", (event) => {
      const id = event.target.closest("button")?.dataset.orderId;
      if (id !== undefined) this.#open(id);
    });
  }

  forget() {
    this.#kept.forget();
  }

  async refresh() {
    const turn = ++this.#asking;
    const found = await this.#ask();
    if (turn === this.#asking && found !== null) this.#show(found.slice(0, PAGE), found.length > PAGE);
  }

  // One order more than a page has, if there are as many; null: they have not changed.
  async #ask() {
    const id = by("search").value.trim();
    if (id !== "") return this.#find(id);
    const query = new URLSearchParams({ order_by: "id desc", skip: this.#skip, limit: PAGE + 1 });
    if (by("filter-status").value !== "") query.set("status", by("filter-status").value);
    if (by("filter-customer").value.trim() !== "") query.set("customer_id", by("filter-customer").value.trim());
    return this.#kept.get(`/orders/?${query}`);
  }

  async #find(id) {
    try {
      return [await get(`/orders/${encodeURIComponent(id)}`)];
    } catch (error) {
      if (error instanceof Refusal && error.status === 404) return [];
      throw error;
    }
  }

  #money(order) {
    return `${formatAmount(order.total_amount, this.#decimals[order.currency] ?? 0)} ${order.currency}`;
  }

  #show(orders, more) {
    const first = this.#shown.size === 0;
    const focused = document.activeElement?.dataset?.orderId;
    by("orders").tBodies[0].replaceChildren(...orders.map((order) => {
      const row = document.createElement("tr");
      const open = document.createElement("button");
      open.type = "button";
      open.dataset.orderId = order.order_id;
      open.textContent = order.order_id;
      const cells = [open, order.customer_id, shownTime(order.order_date), this.#money(order), order.status];
      row.append(...cells.map((content, i) => {
        const cell = document.createElement("td");
        if (i === 3) cell.className = "number";
        cell.append(content);
        return cell;
      }));
      if (!first && !this.#shown.has(order.order_id)) row.className = "fresh";
      return row;
    }));
    // Who was on a row stays there when the page is written anew.
    if (focused !== undefined) by("orders").querySelector(`[data-order-id="${CSS.escape(focused)}"]`)?.focus();
    this.#shown = new Set(orders.map((order) => order.order_id));
    by("newer").disabled = this.#skip === 0;
    by("older").disabled = !more;
    by("orders-note").textContent = orders.length === 0 ? "There are none." : "";
  }

  async #open(id) {
    let fields;
    try {
      const order = await get(`/orders/${encodeURIComponent(id)}`);
      fields = { ...order, total_amount: this.#money(order) };
      delete fields.currency;
    } catch (error) {
      fields = { [id]: error.message };
    }
    by("detail").replaceChildren(...Object.entries(fields).flatMap(([name, value]) => {
      const term = document.createElement("dt"), text = document.createElement("dd");
      term.textContent = name.replaceAll("_", " ");
      text.textContent = value;
      return [term, text];
    }));
    by("detail-dialog").showModal();
  }
}
