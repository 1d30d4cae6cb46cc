// overview.js: the figures of the days chosen: totals, what each currency has of them, and revenue per day.

import { Watch } from "./api.js";
import { Chart, daysAgo } from "./chart.js";
import { formatAmount } from "./money.js";
import { by, write } from "./page.js";

const group = new Intl.NumberFormat("en");

// Replaces the rows of a table; a cell that is a number stands right. Where there is no room for columns, a cell shows
// its heading itself.
function fillRows(table, rows) {
  const headings = [...by(table).tHead.rows[0].cells].map((cell) => cell.textContent);
  by(table).tBodies[0].replaceChildren(...rows.map((cells) => {
    const row = document.createElement("tr");
    cells.forEach(([text, kind], i) => {
      const cell = document.createElement(i === 0 ? "th" : "td");
      if (i === 0) cell.scope = "row";
      cell.className = kind ?? "";
      cell.dataset.heading = headings[i];
      cell.textContent = text;
      row.append(cell);
    });
    return row;
  }));
}

export class Overview {
  #decimals; // by currency
  #rates; // what one of a currency is worth in the one that totals are estimated in; null: nobody said
  #estimateIn;
  #watch = new Watch((figures) => this.#show(figures));
  #figures;
  #range; // of the figures
  #chart = new Chart();

  constructor(settings, refresh) {
    this.#decimals = Object.fromEntries(settings.currencies.map(({ code, decimals }) => [code, decimals]));
    this.#rates = settings.rates;
    this.#estimateIn = settings.estimate_in;
    this.#offerDays();
    for (const id of ["range", "first-day", "last-day"]) {
      by(id).addEventListener("change", () => { this.#offerDays(); refresh(); });
    }
    by("chart-currency").addEventListener("change", () => this.#showDays());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#showDays());
  }

  refresh() {
    const days = Object.entries(this.#chosenDays()).filter(([, day]) => day !== "");
    return this.#watch.refresh(`/statistics?${new URLSearchParams(days)}`);
  }

  // --- which days ---

  #offerDays() {
    for (const label of document.querySelectorAll(".custom")) label.hidden = by("range").value !== "custom";
  }

  // As /statistics takes them; an empty one is none.
  #chosenDays() {
    const range = by("range").value;
    if (range === "custom") return { first_day: by("first-day").value, last_day: by("last-day").value };
    if (range === "") return { first_day: "", last_day: "" };
    return { first_day: daysAgo(Number(range) - 1), last_day: daysAgo(0) };
  }

  // --- what is shown of them ---

  #show(figures) {
    this.#figures = figures;
    this.#range = this.#chosenDays();
    this.#showTotals();
    this.#showShares();
    this.#offerCurrencies();
    this.#showDays();
  }

  #money(amount, currency) {
    return `${formatAmount(amount, this.#decimals[currency] ?? 0)} ${currency}`;
  }

  // --- totals ---

  // An amount in the currency that totals are estimated in: a Number of its whole units. NaN: it has no rate.
  #estimate(amount, currency) {
    return Number(amount) / 10 ** (this.#decimals[currency] ?? 0) * (this.#rates?.[currency] ?? NaN);
  }

  #showTotals() {
    const { order_count: orders, currencies } = this.#figures;
    by("order-count").textContent = group.format(orders);
    fillRows("totals", currencies.map((sums) => [
      [sums.currency],
      [group.format(sums.order_count), "number"],
      [this.#money(sums.revenue, sums.currency), "number"],
      [this.#money(sums.average_revenue, sums.currency), "number"],
    ]));
    const total = currencies.reduce((sum, { revenue, currency }) => sum + this.#estimate(revenue, currency), 0);
    const without = currencies.map(({ currency }) => currency).filter((currency) => !(currency in (this.#rates ?? {})));
    by("estimate").hidden = this.#rates === null || without.length > 0;
    write("estimate-total", `≈ ${group.format(Math.round(total))} ${this.#estimateIn}`);
    write("no-estimate", this.#rates === null || without.length === 0 ? ""
      : `No estimate: ORDERS_RATES has no rate for ${without.join(", ")}`);
  }

  // --- shares ---

  // Revenue can be compared where there are rates; the number of orders always can.
  #showShares() {
    const { currencies } = this.#figures;
    const worth = currencies.map(({ revenue, currency }) => this.#estimate(revenue, currency));
    const estimated = worth.every(Number.isFinite);
    const parts = estimated ? worth : currencies.map(({ order_count: orders }) => Number(orders));
    const whole = parts.reduce((sum, part) => sum + part, 0);
    by("share-of").textContent = estimated ? "Of the estimated revenue" : "Of the number of orders";
    by("shares").replaceChildren(...currencies.map(({ currency }, i) => {
      const item = document.createElement("li");
      const bar = document.createElement("progress");
      const percent = whole > 0 ? 100 * parts[i] / whole : 0;
      const text = `${percent.toFixed(1)} %`;
      bar.max = 100;
      bar.value = percent;
      bar.setAttribute("aria-label", currency);
      item.append(currency, bar, text);
      return item;
    }));
  }

  // --- days ---

  #offerCurrencies() {
    const select = by("chart-currency");
    const offered = this.#figures.currencies.map(({ currency }) => currency);
    const chosen = offered.includes(select.value) ? select.value : offered[0];
    select.replaceChildren(...offered.map((code) => new Option(code, code, false, code === chosen)));
    select.disabled = offered.length === 0;
  }

  #showDays() {
    const currency = by("chart-currency").value;
    const days = this.#figures.days.filter((entry) => entry.currency === currency);
    fillRows("days", days.map((entry) => [
      [entry.date],
      [group.format(entry.order_count), "number"],
      [this.#money(entry.revenue, currency), "number"],
    ]));
    const best = days.reduce((most, entry) => (most === null || entry.revenue > most.revenue ? entry : most), null);
    const decimals = this.#decimals[currency] ?? 0;
    const point = this.#chart.draw(days, this.#range, currency, decimals).toLowerCase();
    by("chart-summary").textContent = best === null ? "There are no orders on these days."
      : `${days.length} ${days.length === 1 ? "day has" : "days have"} orders in ${currency}, from ` +
        `${days.at(-1).date} to ${days[0].date}; the best is ${best.date} with ` +
        `${this.#money(best.revenue, currency)}.` +
        (point === "day" ? "" : ` The chart has a point for each ${point}.`);
  }
}
