// address.js: what is looked at, kept in the page's address: it survives a reload, can be sent to somebody, and the
// browser's "back" undoes it.

import { dayOf, secondsOf } from "./days.js";

// "" when the address does not say.
export const recall = (name) => new URLSearchParams(location.search).get(name) ?? "";

// "" when it is no day: the 31st of February is one to Date, of March.
export function recallDay(name) {
  const at = /^\d{4}-\d\d-\d\d$/.test(recall(name)) ? secondsOf(recall(name)) : NaN;
  return Number.isFinite(at) && dayOf(at) === recall(name) ? recall(name) : "";
}

// Keeps values by their names; "" is none. The state is this browser's alone, and survives a reload, too.
export function keep(values, state = history.state) {
  const url = new URL(location.href);
  for (const [name, value] of Object.entries(values)) {
    if (value === "") url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  if (url.href !== location.href) history.pushState(state, "", url);
}

export const onBack = (show) => addEventListener("popstate", show);
