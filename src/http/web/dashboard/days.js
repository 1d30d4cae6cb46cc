// days.js: UTC days, which are written "2025-01-16" and counted in seconds since 1970, and what days are put together to.

const DAY_S = 86400;
const READABLE = 200; // points of a chart
const DRAWABLE = 5000;

const changed = (at, change) => {
  const date = new Date(at * 1000);
  change(date);
  return date.getTime() / 1000;
};

export const secondsOf = (day) => Date.parse(`${day}T00:00:00Z`) / 1000;
export const dayOf = (at) => new Date(at * 1000).toISOString().slice(0, 10);
export const daysAgo = (days) => dayOf(Date.now() / 1000 - days * DAY_S);
export const dayAfter = (day) => dayOf(secondsOf(day) + DAY_S);
export const daysBefore = (day, days) => dayOf(secondsOf(day) - days * DAY_S);
export const daysFrom = (first, last) => (secondsOf(last) - secondsOf(first)) / DAY_S + 1;

// How a day becomes the first of its step, and that one the first of the next. Weeks begin on Mondays.
const STEPS = [
  { name: "Day", days: 1, begin: () => {}, next: (date) => date.setUTCDate(date.getUTCDate() + 1) },
  { name: "Week", days: 7, begin: (date) => date.setUTCDate(date.getUTCDate() - (date.getUTCDay() + 6) % 7),
    next: (date) => date.setUTCDate(date.getUTCDate() + 7) },
  { name: "Month", days: 30, begin: (date) => date.setUTCDate(1),
    next: (date) => date.setUTCMonth(date.getUTCMonth() + 1) },
  { name: "Year", days: 365, begin: (date) => date.setUTCMonth(0, 1),
    next: (date) => date.setUTCFullYear(date.getUTCFullYear() + 1) },
];

// The step that was wanted by name, or a longer one where its points could not be drawn; of none, the shortest whose
// points can be read.
export function stepFor(first, last, wanted) {
  const most = wanted === "" ? READABLE : DRAWABLE;
  const shortest = Math.max(0, STEPS.findIndex(({ name }) => name.toLowerCase() === wanted));
  const fits = ({ days }) => daysFrom(first, last) / days <= most;
  return STEPS.slice(shortest).find(fits) ?? STEPS.at(-1);
}

const beginOf = (step, day) => changed(secondsOf(day), step.begin);

// The begin of each step of a range.
export function beginsOf(step, first, last) {
  const begins = [];
  for (let at = beginOf(step, first); at <= secondsOf(last); at = changed(at, step.next)) begins.push(at);
  return begins;
}

const FIGURES = ["order_count", "revenue", "cancelled_count", "cancelled_revenue"];

// What days of one currency come to by step: exact, in their order, under the first day of each step.
export function sumBy(step, days) {
  const sums = new Map();
  for (const day of days) {
    const begin = dayOf(beginOf(step, day.date));
    const sum = sums.get(begin) ?? { date: begin };
    for (const figure of FIGURES) sum[figure] = (sum[figure] ?? 0n) + BigInt(day[figure]);
    sums.set(begin, sum);
  }
  return [...sums.values()];
}
