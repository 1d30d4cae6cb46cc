// days.js: UTC days, which are written "2025-01-16" and counted in seconds since 1970, and what days are put together to.

const DAY_S = 86400;
const READABLE = 200; // points of a chart
const DRAWABLE = 5000;

export const LAST_DAY = "9999-12-31";

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

// The 31st of February is a day to Date, of March.
export function isDay(text) {
  const at = /^\d{4}-\d\d-\d\d$/.test(text) ? secondsOf(text) : NaN;
  return Number.isFinite(at) && dayOf(at) === text;
}

// A browser takes 26 for the year 26.
export const hasFullYear = (time) => Number.parseInt(time, 10) >= 1000;

const inWords = new Intl.DateTimeFormat("en-GB", {
  weekday: "long", day: "numeric", month: "long", year: "numeric", timeZone: "UTC",
});

// "2025-05-03": "Saturday 3 May 2025". A field shows it by the browser's language, in which it may be 05/03 or 03/05.
export const describeDay = (day) => inWords.format(new Date(secondsOf(day) * 1000)).replace(",", "");

// "" is no end of a range.
export function describeRange(first, last) {
  const parts = [[" from", first], [" to", last]].filter(([, day]) => isDay(day) && hasFullYear(day));
  return parts.length === 0 ? "" : `Days${parts.map(([word, day]) => `${word} ${describeDay(day)}`).join("")}.`;
}

// What is wrong with the days that a range begins and ends with, of which "" is none; "": nothing.
export function describeWrongRange(first, last) {
  const short = [first, last].find((day) => day !== "" && !hasFullYear(day));
  if (short !== undefined)
    return `${short} is in the year ${Number.parseInt(short, 10)}: write the year with four digits`;
  return first !== "" && last !== "" && first > last ? `The first day, ${first}, is after the last, ${last}` : "";
}

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

const isBegin = (step, at) => changed(at, step.begin) === at;

// Whether a range, of which "" is an open end, has a part alone of its first step, and of its last.
export const cutsFirst = (step, first) => first !== "" && !isBegin(step, secondsOf(first));
export const cutsLast = (step, last) => last !== "" && !isBegin(step, secondsOf(last) + DAY_S);

// The first day of a day's step that is in a range from `first` on.
function beginOf(step, day, first) {
  const begin = dayOf(changed(secondsOf(day), step.begin));
  return begin < first ? first : begin;
}

// That of each step from a day to another.
export function beginsOf(step, from, to, first) {
  const begins = [];
  for (let at = changed(secondsOf(from), step.begin); at <= secondsOf(to); at = changed(at, step.next))
    begins.push(Math.max(at, first === "" ? at : secondsOf(first)));
  return begins;
}

const FIGURES = ["order_count", "revenue", "cancelled_count", "cancelled_revenue"];

// What days of one currency come to by step: exact, in their order, under the first day of each step in the range.
export function sumBy(step, days, first) {
  const sums = new Map();
  for (const day of days) {
    const begin = beginOf(step, day.date, first);
    const sum = sums.get(begin) ?? { date: begin };
    for (const figure of FIGURES) sum[figure] = (sum[figure] ?? 0n) + BigInt(day[figure]);
    sums.set(begin, sum);
  }
  return [...sums.values()];
}
