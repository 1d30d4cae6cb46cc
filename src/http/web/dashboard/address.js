// address.js: what is looked at, kept in the page's address: it survives a reload, can be sent to somebody, and the
// browser's "back" undoes it.

const SHOWN_MOST = 40; // characters of a value that anybody may have put there

// "" when the address does not say; of a name that it has several times all values, with commas between them.
export const recall = (name) => new URLSearchParams(location.search).getAll(name).join();

// What the address has that is not what it can have, said in words; "": nothing. `checks` has for each name what tells
// whether a value, which is not "", can be meant.
export function describeUnreadable(checks) {
  const wrong = Object.entries(checks).filter(([name, isRight]) => recall(name) !== "" && !isRight(recall(name)))
    .map(([name]) => `${name}=${recall(name).slice(0, SHOWN_MOST)}`);
  return wrong.length === 0 ? "" : `The address has ${wrong.join(", ")}, which is no choice here: choose anew`;
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
