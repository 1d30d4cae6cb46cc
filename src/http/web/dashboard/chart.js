// chart.js: the revenue of one currency over a range of days, a point for each step.

import { dayOf, secondsOf } from "./days.js";
import uPlot from "./uPlot.esm.js";
import { by } from "./page.js";

const DAY_S = 86400;
const MARK_PX = 100; // between two marks of the axis, on average
const TEXT_PX = 85; // that a mark takes
const HALF_MARK_PX = 40; // that a mark at the end of the axis is wider than the axis
const AXIS_S = 6 * DAY_S; // at least: of a single day uPlot would make years

const short = new Intl.NumberFormat("en", { notation: "compact" });

function axisRange(low, high) {
  const wider = Math.max(0, AXIS_S - (high - low)) / 2;
  return [low - wider, high + wider];
}

// Marks stand at points: uPlot's own begin in 1900. A first step that is cut may leave no room for the next mark.
function marksOf(begins, secondsPerPx) {
  const n = Math.ceil(begins.length * MARK_PX * secondsPerPx / Math.max(1, begins.at(-1) - begins[0]));
  const marks = begins.filter((_, i) => i % n === 0);
  return marks.filter((at, i) => i !== 1 || at - marks[0] >= TEXT_PX * secondsPerPx);
}

export class Chart {
  #plot;

  constructor() {
    addEventListener("resize", () => this.#plot?.setSize(this.#size()));
  }

  clear() {
    this.#plot?.destroy();
    this.#plot = undefined;
  }

  // `sums` of a currency (days.js) at the begins of their steps. What has no orders is drawn as nothing.
  draw(sums, step, begins, currency, decimals) {
    const revenue = new Map(begins.map((begin) => [begin, 0]));
    for (const sum of sums) revenue.set(secondsOf(sum.date), Number(sum.revenue) / 10 ** decimals);
    const money = new Intl.NumberFormat("en", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
    const style = getComputedStyle(document.documentElement);
    const ink = style.getPropertyValue("--ink"), line = style.getPropertyValue("--line");
    const axis = { stroke: ink, grid: { stroke: line }, ticks: { stroke: line } };
    this.clear();
    this.#plot = new uPlot({
      ...this.#size(),
      padding: [null, HALF_MARK_PX, null, null],
      cursor: { drag: { x: false } },
      scales: {
        x: { time: false, range: () => axisRange(begins[0], begins.at(-1)) },
        y: { range: (_, low, high) => [0, high > 0 ? high * 1.05 : 1] },
      },
      axes: [
        { ...axis, incrs: (_, axis, low, high) => [high - low], values: (_, ticks) => ticks.map(dayOf),
          splits: ({ bbox }, _, low, high) => marksOf(begins, (high - low) / (bbox.width / devicePixelRatio)) },
        { ...axis, size: 60, values: (_, ticks) => ticks.map((tick) => short.format(tick)) },
      ],
      series: [
        { label: step.name, value: (_, at) => (at == null ? "–" : dayOf(at)) },
        {
          label: currency, stroke: style.getPropertyValue("--accent"), width: 2,
          points: { show: begins.length < 60 },
          value: (_, value) => (value == null ? "–" : money.format(value)),
        },
      ],
    }, [begins, [...revenue.values()]], by("chart"));
  }

  #size() {
    return { width: by("chart").clientWidth, height: 260 };
  }
}
