// chart.js: the revenue of one currency over a range of days, a point for each of them, or for each week, month or year
// where they are many.

import uPlot from "./uPlot.esm.js";
import { by } from "./page.js";

const DAY_S = 86400;
const MARK_PX = 100; // between two marks of the axis, at least
const POINTS = 1000; // at most, if there is a step that long
const AXIS_S = 6 * DAY_S; // at least: of a single day uPlot would make years

// What a point stands for: how a day becomes the first of its own, and that one the first of the next.
const STEPS = [
  { name: "Day", days: 1, begin: () => {}, next: (date) => date.setUTCDate(date.getUTCDate() + 1) },
  { name: "Week", days: 7, begin: (date) => date.setUTCDate(date.getUTCDate() - (date.getUTCDay() + 6) % 7),
    next: (date) => date.setUTCDate(date.getUTCDate() + 7) },
  { name: "Month", days: 30, begin: (date) => date.setUTCDate(1),
    next: (date) => date.setUTCMonth(date.getUTCMonth() + 1) },
  { name: "Year", days: 365, begin: (date) => date.setUTCMonth(0, 1),
    next: (date) => date.setUTCFullYear(date.getUTCFullYear() + 1) },
];

const group = new Intl.NumberFormat("en");
const short = new Intl.NumberFormat("en", { notation: "compact" });

const seconds = (day) => Date.parse(`${day}T00:00:00Z`) / 1000;
export const dayOf = (at) => new Date(at * 1000).toISOString().slice(0, 10);
export const daysAgo = (days) => dayOf(Date.now() / 1000 - days * DAY_S);

// The ends of the axis. Without a point it is about today.
function axisRange(low = Date.now() / 1000, high = low) {
  const wider = Math.max(0, AXIS_S - (high - low)) / 2;
  return [low - wider, high + wider];
}

const changed = (at, change) => {
  const date = new Date(at * 1000);
  change(date);
  return date.getTime() / 1000;
};

// The points of a range and their revenue, as uPlot takes them. A day without orders has none: it is drawn as such.
function points(step, first, last, days, scale) {
  const revenue = new Map();
  const begins = [];
  for (let at = changed(first, step.begin); at <= last; at = changed(at, step.next)) {
    begins.push(at);
    revenue.set(at, 0);
  }
  for (const day of days) {
    const at = changed(seconds(day.date), step.begin);
    revenue.set(at, revenue.get(at) + Number(day.revenue) / scale);
  }
  return [begins, [...revenue.values()]];
}

// Marks stand at points: uPlot's own begin in 1900.
const everyNth = (begins, n) => begins.filter((_, i) => i % n === 0);

export class Chart {
  #plot;

  constructor() {
    addEventListener("resize", () => this.#plot?.setSize(this.#size()));
  }

  // `days`: those with orders, the newest first. The range: its first day and its last, "2025-01-16"; where one is
  // empty, it goes as far as the days do. Returns what a point stands for.
  draw(days, { first_day: first, last_day: last }, currency, decimals) {
    const from = seconds(first || days.at(-1)?.date), to = seconds(last || days[0]?.date);
    const step = STEPS.find((each) => (to - from) / DAY_S / each.days < POINTS) ?? STEPS.at(-1);
    const data = points(step, from, to, days, 10 ** decimals);
    const [begins] = data;
    const style = getComputedStyle(document.documentElement);
    const ink = style.getPropertyValue("--ink"), line = style.getPropertyValue("--line");
    const axis = { stroke: ink, grid: { stroke: line }, ticks: { stroke: line } };
    this.#plot?.destroy();
    this.#plot = new uPlot({
      ...this.#size(),
      cursor: { drag: { x: false } },
      scales: {
        x: { time: false, range: () => axisRange(begins[0], begins.at(-1)) },
        y: { range: (_, low, high) => [0, high > 0 ? high * 1.05 : 1] },
      },
      axes: [
        { ...axis, incrs: (_, axis, low, high) => [high - low], values: (_, ticks) => ticks.map(dayOf),
          splits: ({ width }) => everyNth(begins, Math.ceil(begins.length * MARK_PX / width)) },
        { ...axis, size: 60, values: (_, ticks) => ticks.map((tick) => short.format(tick)) },
      ],
      series: [
        { label: step.name, value: (_, at) => (at == null ? "–" : dayOf(at)) },
        {
          label: currency, stroke: style.getPropertyValue("--accent"), width: 2,
          points: { show: begins.length < 60 },
          value: (_, value) => (value == null ? "–" : group.format(value)),
        },
      ],
    }, data, by("chart"));
    return step.name;
  }

  #size() {
    return { width: by("chart").clientWidth, height: 260 };
  }
}
