// overview.js: the figures of the days chosen: totals, what each currency has of them, and revenue per day.

import uPlot from "./uPlot.esm.js";
import { Watch } from "./api.js";
import { formatAmount } from "./money.js";
import { by } from "./page.js";

const group = new Intl.NumberFormat("en");
const short = new Intl.NumberFormat("en", { notation: "compact" });
const DAY_S = 86400;
// Between two marks of the axis. uPlot counts months of 30 days and years of 365, and wants whole ones.
const STEPS_DAYS = [1, 2, 4, 7, 15, 30, 60, 90, 180, 365, 730, 1825];

const dateOf = (at) => new Date(at * 1000).toISOString().slice(0, 10);
const daysAgo = (days) => dateOf(Date.now() / 1000 - days * DAY_S);
const seconds = (date) => Date.parse(`${date}T00:00:00Z`) / 1000;

// Replaces the rows of a table; a cell that is a number stands right.
function fillRows(table, rows) {
  by(table).tBodies[0].replaceChildren(...rows.map((cells) => {
    const row = document.createElement("tr");
    cells.forEach(([text, kind], i) => {
      const cell = document.createElement(i === 0 ? "th" : "td");
      if (i === 0) cell.scope = "row";
      cell.className = kind ?? "";
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
  #plot;

  constructor(settings, refresh) {
    this.#decimals = Object.fromEntries(settings.currencies.map(({ code, decimals }) => [code, decimals]));
    this.#rates = settings.rates;
    this.#estimateIn = settings.estimate_in;
    this.#offerDays();
    for (const id of ["range", "first-day", "last-day"]) {
      by(id).addEventListener("change", () => { this.#offerDays(); refresh(); });
    }
    by("chart-currency").addEventListener("change", () => this.#showDays());
    addEventListener("resize", () => this.#plot?.setSize(this.#size()));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#showDays());
  }

  refresh() {
    return this.#watch.refresh(`/statistics?${this.#chosenDays()}`);
  }

  // --- which days ---

  #offerDays() {
    for (const label of document.querySelectorAll(".custom")) label.hidden = by("range").value !== "custom";
  }

  // As the query of /statistics.
  #chosenDays() {
    const range = by("range").value;
    const query = new URLSearchParams();
    const [first, last] = range === "custom" ? [by("first-day").value, by("last-day").value]
      : range === "" ? ["", ""] : [daysAgo(Number(range) - 1), ""];
    if (first !== "") query.set("first_day", first);
    if (last !== "") query.set("last_day", last);
    return query;
  }

  // --- what is shown of them ---

  #show(figures) {
    this.#figures = figures;
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
    const known = this.#rates !== null && Number.isFinite(total);
    by("estimate").hidden = !known;
    if (known) by("estimate-total").textContent = `≈ ${group.format(Math.round(total))} ${this.#estimateIn}`;
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
    by("chart-summary").textContent = best === null ? "There are no orders on these days."
      : `${days.length} ${days.length === 1 ? "day has" : "days have"} orders in ${currency}, from ` +
        `${days.at(-1).date} to ${days[0].date}; the best is ${best.date} with ${this.#money(best.revenue, currency)}.`;
    this.#draw(days, currency);
  }

  // A day without orders has none: it is drawn as such.
  #draw(days, currency) {
    const scale = 10 ** (this.#decimals[currency] ?? 0);
    const revenue = new Map(days.map((entry) => [seconds(entry.date), Number(entry.revenue) / scale]));
    const x = [];
    const last = days.length > 0 ? seconds(days[0].date) : 0;
    for (let at = days.length > 0 ? seconds(days.at(-1).date) : 1; at <= last; at += DAY_S) x.push(at);
    const data = [x, x.map((at) => revenue.get(at) ?? 0)];
    const style = getComputedStyle(document.documentElement);
    const ink = style.getPropertyValue("--ink"), line = style.getPropertyValue("--line");
    const axis = { stroke: ink, grid: { stroke: line }, ticks: { stroke: line } };
    this.#plot?.destroy();
    this.#plot = new uPlot({
      ...this.#size(),
      tzDate: (at) => uPlot.tzDate(new Date(at * 1000), "Etc/UTC"),
      scales: { y: { range: (_, low, high) => [0, high > 0 ? high * 1.05 : 1] } },
      axes: [
        { ...axis, space: 80, incrs: STEPS_DAYS.map((days) => days * DAY_S),
          values: (_, ticks) => ticks.map(dateOf) },
        { ...axis, size: 60, values: (_, ticks) => ticks.map((tick) => short.format(tick)) },
      ],
      series: [
        { label: "Day", value: (_, at) => (at == null ? "–" : dateOf(at)) },
        {
          label: currency, stroke: style.getPropertyValue("--accent"), width: 2,
          points: { show: x.length < 60 },
          value: (_, value) => (value == null ? "–" : group.format(value)),
        },
      ],
    }, data, by("chart"));
  }

  #size() {
    return { width: by("chart").clientWidth, height: 260 };
  }
}
