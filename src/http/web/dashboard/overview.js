// overview.js: the figures of the days chosen: totals, what each currency has of them, and revenue over time.

import { describeUnreadable, keep, recall } from "./address.js";
import { Watch } from "./api.js";
import { Chart } from "./chart.js";
import { saveRows } from "./csv.js";
import {
  beginsOf, cutsFirst, cutsLast, daysAgo, daysBefore, daysFrom, describeRange, describeWrongRange, isDay, stepFor,
  sumBy,
} from "./days.js";
import { decimalsOf, fields, plainMoney, showMoney } from "./fields.js";
import { by, choose, countNoun, make, offers, showCount, write, writeDay } from "./page.js";
import { fillFigures, prepareTable } from "./table.js";

const NO_FIGURES = { order_count: null, cancelled_count: 0, currencies: [], days: [] };

// An amount in the currency that totals are estimated in: a Number of its whole units. NaN: it has no rate.
const estimate = (amount, currency) =>
  Number(amount) / 10 ** decimalsOf(currency) * (fields.rates?.[currency] ?? NaN);
const showEstimate = (worth) => `≈ ${showCount(Math.round(worth))} ${fields.estimate_in}`;
const sumOf = (numbers) => numbers.reduce((sum, number) => sum + number, 0);

const percent = new Intl.NumberFormat("en", {
  minimumFractionDigits: 1, maximumFractionDigits: 1, signDisplay: "always",
});

function showChange(now, before) {
  if (before === 0) return now === 0 ? "–" : "new";
  return `${percent.format(100 * (now - before) / before)} %`;
}

// What the address can have of the days.
const ofRange = (day) => recall("days") === "custom" && isDay(day);
const CHECKS = { days: (range) => offers("range", range), from: ofRange, to: ofRange };

const isSame = (one, other) => one?.first_day === other?.first_day && one?.last_day === other?.last_day;

export class Overview {
  #watch = new Watch((figures) => { this.#figures = figures ?? NO_FIGURES; this.#range = this.#asked; this.#show(); });
  #previous = new Watch((figures) => { this.#before = { figures, range: this.#askedBefore }; this.#showTotals(); });
  #figures = NO_FIGURES;
  #range = {}; // of the figures
  #before = {}; // the figures of as many days before, and their range; null: there are none to compare with
  #asked = {};
  #askedBefore = null;
  #chart = new Chart();
  #drawn = { sums: [], step: undefined }; // in the chart

  constructor(refresh) {
    for (const table of ["totals", "days"]) prepareTable(table);
    this.readAddress();
    for (const id of ["range", "first-day", "last-day"]) {
      by(id).addEventListener("change", () => {
        const isCustom = by("range").value === "custom";
        const day = (at) => (isCustom ? by(at).value : "");
        keep({ days: by("range").value, from: day("first-day"), to: day("last-day") });
        this.#offerDays();
        refresh();
      });
    }
    for (const [id, name] of [["chart-currency", "currency"], ["chart-step", "by"]]) {
      by(id).addEventListener("change", () => { keep({ [name]: by(id).value }); this.#showDays(); });
    }
    by("days-csv").addEventListener("click", () => this.#save());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#showDays());
  }

  readAddress() {
    by("range").value = recall("days"); // none where that is none: whatever is chosen then is a change
    writeDay("first-day", recall("from"));
    writeDay("last-day", recall("to"));
    choose("chart-step", recall("by"));
    this.#offerDays();
    if (this.#figures.order_count !== null) this.#showDays();
  }

  async refresh() {
    const wrong = this.#wrongDays();
    this.#asked = this.#chosenDays();
    write("range-error", wrong);
    for (const id of ["first-day", "last-day"]) by(id).setAttribute("aria-invalid", String(wrong !== ""));
    const path = (range) => `/statistics?${new URLSearchParams(Object.entries(range).filter(([, day]) => day !== ""))}`;
    this.#askedBefore = wrong === "" ? this.#daysBefore() : null;
    await Promise.all([
      this.#watch.refresh(wrong === "" ? path(this.#asked) : null),
      this.#previous.refresh(this.#askedBefore && path(this.#askedBefore)),
    ]);
  }

  // --- which days ---

  #offerDays() {
    const isCustom = by("range").value === "custom";
    for (const label of document.querySelectorAll(".custom")) label.hidden = !isCustom;
    write("range-note", isCustom ? describeRange(by("first-day").value, by("last-day").value) : "");
  }

  // What is wrong with them; "": nothing.
  #wrongDays() {
    const isHalf = ["first-day", "last-day"].some((id) => by(id).validity.badInput);
    if (by("range").value === "custom" && isHalf) return "Write each day in full, or leave it out";
    return describeUnreadable(CHECKS) || describeWrongRange(recall("from"), recall("to"));
  }

  // As /statistics takes them; an empty one is none.
  #chosenDays() {
    const range = by("range").value;
    if (range === "custom") return { first_day: by("first-day").value, last_day: by("last-day").value };
    if (range === "") return { first_day: "", last_day: "" };
    return { first_day: daysAgo(Number(range) - 1), last_day: daysAgo(0) };
  }

  // As many days as were chosen, right before them. Null: nobody said how many, or they are from before year 1.
  #daysBefore() {
    const { first_day: first, last_day: last } = this.#asked;
    if (first === "" || last === "") return null;
    const before = { first_day: daysBefore(first, daysFrom(first, last)), last_day: daysBefore(first, 1) };
    return before.first_day >= "0001" && before.first_day <= "9999" ? before : null;
  }

  // --- what is shown of them ---

  #show() {
    this.#showTotals();
    this.#showShares();
    this.#offerCurrencies();
    this.#showDays();
  }

  // Null: there are orders.
  #describeNone() {
    if (this.#figures.currencies.length > 0) return null;
    return this.#figures.order_count === null ? "" : "There are no orders on these days.";
  }

  // --- totals ---

  #showTotals() {
    const { order_count: orders, currencies } = this.#figures;
    // Until both have come, there is nothing to compare with.
    const isPair = isSame(this.#range, this.#asked) && isSame(this.#before.range, this.#askedBefore);
    const before = isPair ? this.#before.figures ?? null : null;
    write("order-count", orders === null ? "–" : showCount(orders));
    write("order-unit", countNoun(orders));
    const was = new Map(before?.currencies.map((sums) => [sums.currency, sums]));
    by("totals").classList.toggle("compared", before !== null);
    fillFigures("totals", currencies.map((sums) => [
      sums.currency,
      showCount(sums.order_count),
      showMoney(sums.revenue, sums.currency),
      showMoney(sums.average_revenue, sums.currency),
      showCount(sums.cancelled_count),
      showMoney(sums.cancelled_revenue, sums.currency),
      before === null ? "" : showChange(Number(sums.revenue), Number(was.get(sums.currency)?.revenue ?? 0)),
    ]));
    const rated = currencies.filter(({ currency }) => currency in (fields.rates ?? {}));
    const unrated = currencies.filter((sums) => !rated.includes(sums)).map(({ currency }) => currency);
    by("estimate").hidden = rated.length === 0;
    write("estimate-total", showEstimate(sumOf(rated.map(({ revenue, currency }) => estimate(revenue, currency)))));
    write("no-estimate", fields.rates === null || unrated.length === 0 ? ""
      : `The estimate is without ${unrated.join(", ")}: there is no exchange rate.`);
    write("comparison", before === null ? "" : this.#describeComparison(before));
    write("cancelled-note", this.#describeCancelled());
  }

  #describeCancelled() {
    const { cancelled_count: cancelled, currencies } = this.#figures;
    if (currencies.length === 0) return "";
    if (cancelled === 0) return "None of these is cancelled.";
    const revenue = currencies.filter(({ cancelled_count: n }) => n > 0)
      .map((sums) => showMoney(sums.cancelled_revenue, sums.currency)).join(", ");
    const are = cancelled === 1 ? "is" : "are";
    return `${showCount(cancelled)} of these ${are} cancelled, with ${revenue} of the revenue.`;
  }

  #describeComparison({ order_count: orders }) {
    const { first_day: first, last_day: last } = this.#before.range;
    const days = daysFrom(first, last);
    return `${days === 1 ? "The day" : `The ${days} days`} before, ${first}${days === 1 ? "" : ` to ${last}`}, had ` +
      `${showCount(orders)} ${countNoun(orders)}: ${showChange(Number(this.#figures.order_count), Number(orders))}.` +
      (this.#asked.last_day === daysAgo(0) ? " Today is not over yet." : "");
  }

  // --- shares ---

  // Revenue can be compared where there are rates; the number of orders always can.
  #showShares() {
    const { currencies } = this.#figures;
    const worth = currencies.map(({ revenue, currency }) => estimate(revenue, currency));
    const byWorth = worth.some(Number.isFinite);
    const parts = byWorth ? worth : currencies.map(({ order_count: orders }) => Number(orders));
    const whole = sumOf(parts.filter(Number.isFinite));
    const of = byWorth ? "Of the estimated revenue" : "Of the number of orders";
    write("share-of", this.#describeNone() ?? of);
    by("shares").replaceChildren(...currencies.map(({ currency }, i) => {
      if (Number.isNaN(parts[i])) return make("li", "", currency, make("span", "note", "no exchange rate"));
      const part = whole > 0 ? 100 * parts[i] / whole : 0;
      const bar = make("progress", "");
      bar.max = 100;
      bar.value = part;
      bar.setAttribute("aria-label", currency);
      return make("li", "", currency, bar, make("span", "number", `${part.toFixed(1)} %`),
        ...(byWorth ? [make("span", "number worth", showEstimate(worth[i]))] : []));
    }));
  }

  // --- days ---

  // The currency of the address, or the biggest.
  #offerCurrencies() {
    const { currencies } = this.#figures;
    const isRated = currencies.every(({ currency }) => currency in (fields.rates ?? {}));
    const size = ({ revenue, currency, order_count: orders }) =>
      (isRated ? estimate(revenue, currency) : Number(orders));
    const biggest = currencies.reduce((most, sums) => (most === null || size(sums) > size(most) ? sums : most), null);
    const offered = currencies.map(({ currency }) => currency);
    const chosen = offered.includes(recall("currency")) ? recall("currency") : biggest?.currency;
    by("chart-currency").replaceChildren(...offered.map((code) => new Option(code, code, false, code === chosen)));
    by("chart-currency").disabled = offered.length === 0;
  }

  #showDays() {
    const currency = by("chart-currency").value;
    const days = this.#figures.days.filter((entry) => entry.currency === currency);
    by("days-csv").disabled = days.length === 0;
    by("chart-body").hidden = days.length === 0;
    if (days.length === 0) {
      this.#drawn = { sums: [], step: undefined };
      this.#chart.clear();
      fillFigures("days", []);
      write("chart-summary", this.#describeNone());
      return;
    }
    const { first_day: first, last_day: last } = this.#range;
    const from = first || days.at(-1).date, to = last || days[0].date;
    const step = stepFor(from, to, by("chart-step").value);
    const sums = sumBy(step, days, first);
    this.#drawn = { sums, step };
    this.#chart.draw(sums, step, beginsOf(step, from, to, first), currency, decimalsOf(currency));
    by("days-step").textContent = step.name === "Day" ? "Day" : `${step.name} from`;
    fillFigures("days", sums.map((sum) => [
      sum.date, showCount(sum.order_count), showMoney(sum.revenue, currency),
      showCount(sum.cancelled_count), showMoney(sum.cancelled_revenue, currency),
    ]));
    write("chart-summary", this.#describeDays(days, currency));
  }

  #describeDays(days, currency) {
    const { sums, step } = this.#drawn;
    const best = sums.reduce((most, sum) => (sum.revenue > most.revenue ? sum : most));
    const isDay = step.name === "Day", name = step.name.toLowerCase();
    const bestOf = isDay ? `is ${best.date}` : `${name} is from ${best.date} on`;
    return `${days.length} ${days.length === 1 ? "day has" : "days have"} orders in ${currency}, from ` +
      `${days.at(-1).date} to ${days[0].date}; the best ${bestOf} with ${showMoney(best.revenue, currency)}.` +
      (isDay ? "" : ` The chart has a point for each ${name}${this.#describeCuts()}.`);
  }

  // Which steps are not whole, as the range begins or ends within them.
  #describeCuts() {
    const { first_day: first, last_day: last } = this.#range;
    const cuts = [
      ...(cutsFirst(this.#drawn.step, first) ? [`the first is from ${first} on only`] : []),
      ...(cutsLast(this.#drawn.step, last) ? [`the last is until ${last} only`] : []),
    ];
    return cuts.length === 0 ? "" : `: ${cuts.join(", and ")}`;
  }

  #save() {
    const { sums, step } = this.#drawn;
    const currency = by("chart-currency").value, name = step.name.toLowerCase();
    saveRows(`revenue-${currency}-by-${name}.csv`, [
      [name, "orders", "revenue", "currency", "cancelled_orders", "cancelled_revenue"],
      ...sums.map((sum) => [
        sum.date, sum.order_count, plainMoney(sum.revenue, currency), currency,
        sum.cancelled_count, plainMoney(sum.cancelled_revenue, currency),
      ]),
    ]);
  }
}
