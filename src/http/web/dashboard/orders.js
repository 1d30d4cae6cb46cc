// orders.js: the orders that the filters leave, a page at a time, each to be looked at, and all of them to be saved.

import { keep, recall } from "./address.js";
import { find, Refusal, Watch } from "./api.js";
import { saveRows } from "./csv.js";
import { daysAgo } from "./days.js";
import { plainMoney, showMoney } from "./fields.js";
import { Filters } from "./filters.js";
import { by, countNoun, make, makeBadge, showCount, showUnseen, write } from "./page.js";
import { fillTable, prepareTable } from "./table.js";

const PAGE = 20;
const SAVED_PAGE = 1000;
const SAVED_MOST = 100_000; // which a spreadsheet can still hold

// The day, and the time, for which there is not always room.
const shownTime = (time) => [time.slice(0, 10), make("span", "clock", ` ${time.slice(11, 19)}`)];

// The tokens of the pages before this one, as far as they were walked through: "" is the first page's.
const trail = () => history.state?.trail ?? [];

const pathTo = (query, more) => `/orders/?${new URLSearchParams([...query, ...Object.entries(more)])}`;

const HEADINGS = ["order_id", "customer_id", "order_date", "total_amount", "currency", "status"];
const asRow = (order) => [order.order_id, order.customer_id, order.order_date,
  plainMoney(order.total_amount, order.currency), order.currency, order.status];

export class Orders {
  #watch = new Watch((found, again, etag, next) => this.#show(found ?? [], again, next));
  #refresh;
  #filters;
  #shown = new Map(); // the orders on the page, by id
  #saving = false;
  #next; // the page after this one: its token; null: there is none

  constructor(refresh) {
    this.#refresh = refresh;
    this.#filters = new Filters(refresh);
    prepareTable("orders");
    by("next").addEventListener("click", () =>
      this.#turn(this.#next, [...trail(), recall("page")]));
    by("previous").addEventListener("click", () => this.#turn(trail().at(-1) ?? "", trail().slice(0, -1)));
    by("orders").addEventListener("click", (event) => {
      const id = event.target.closest("button")?.dataset.orderId;
      if (id === undefined) return;
      keep({ order: id });
      refresh();
    });
    by("orders-csv").addEventListener("click", () => this.#save());
  }

  readAddress() {
    this.#filters.readAddress();
  }

  listed = (id) => this.#shown.get(id);

  // A page that cannot be, as of an address that somebody has changed, is no reason to show nothing else.
  // Who has done something sees at once what became of it: only polls rest.
  async refresh(isPoll) {
    const query = this.#filters.query();
    const page = recall("page");
    const path = query && pathTo(query, { limit: PAGE, ...(page && { page_token: page }) });
    try {
      await (isPoll ? this.#watch.refreshRested(path) : this.#watch.refresh(path));
    } catch (error) {
      if (!(error instanceof Refusal && error.status === 422)) throw error;
      await this.#watch.refresh(null);
      write("orders-note", error.message);
    }
  }

  // Only the orders of a status, whatever else the form said.
  showStatus(status) {
    this.#filters.showStatus(status);
  }

  #turn(page, trail) {
    keep({ page }, { trail });
    this.#refresh();
  }

  #show(orders, again, next) {
    const focused = document.activeElement?.dataset?.orderId;
    fillTable("orders", orders.map((order) => {
      const open = make("button", "", showUnseen(order.order_id));
      open.type = "button";
      open.dataset.orderId = order.order_id;
      const cells = {
        order: [open], customer: [showUnseen(order.customer_id)], date: shownTime(order.order_date),
        "amount number": [showMoney(order.total_amount, order.currency)], status: [makeBadge(order.status)],
      };
      const isFresh = again && !this.#shown.has(order.order_id);
      return make("tr", isFresh ? "fresh" : "",
        ...Object.entries(cells).map(([kind, content]) => make("td", kind, ...content)));
    }));
    // Who was on a row stays there when the page is written anew.
    if (focused !== undefined) by("orders").querySelector(`[data-order-id="${CSS.escape(focused)}"]`)?.focus();
    this.#shown = new Map(orders.map((order) => [order.order_id, order]));
    this.#next = next && new URL(next, location.href).searchParams.get("page_token");
    by("previous").disabled = recall("page") === "";
    by("next").disabled = next === null;
    by("orders-csv").disabled = orders.length === 0 && next === null;
    write("orders-note", this.#describe(orders));
  }

  // One answer of the service looks at so many orders, and no more.
  #describe({ length }) {
    if (length < PAGE && this.#next !== null)
      return `${length === 0 ? "None" : "No more"} among the orders that were looked at so far: Next goes on.`;
    return length > 0 ? "" : "There are none.";
  }

  // All that the filters leave, and not this page alone.
  async #save() {
    const query = this.#filters.query();
    if (query === null || this.#saving) return;
    if (!this.#filters.areApplied()) {
      write("saved", "Nothing was saved: press Find first, as the filters are not applied yet.");
      return;
    }
    const rows = [];
    this.#saving = true;
    try {
      let path = pathTo(query, { limit: SAVED_PAGE });
      while (path !== null && rows.length < SAVED_MOST) {
        const { json, next } = await find(path);
        rows.push(...json.map(asRow));
        path = next;
        write("saved", `${showCount(rows.length)} ${countNoun(rows.length)} so far`);
      }
      saveRows(`orders-${daysAgo(0)}.csv`, [HEADINGS, ...rows]);
      const many = `${showCount(rows.length)} ${countNoun(rows.length)}`;
      write("saved", path === null ? `Saved ${many}.`
        : `Saved the first ${many} only: choose fewer by the filters, or use ordersctl export.`);
    } catch (error) {
      write("saved", `Nothing was saved: ${error.message}`);
    }
    this.#saving = false;
  }
}
