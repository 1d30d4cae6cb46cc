// api.js: the REST API: the key, or the token of who has signed in, what is shown again when it has changed, and refusals.

const KEY = "orders.api-key";

export const key = {
  get: () => sessionStorage.getItem(KEY),
  set: (value) => sessionStorage.setItem(KEY, value),
  forget: () => sessionStorage.removeItem(KEY),
};

// Of who has signed in: in memory alone, so that nothing that is kept in the browser has it.
let token = null;
export const setToken = (given) => { token = given; };
export const hasSecret = () => token !== null || key.get() !== null;

// A refusal: its status, and what was said; for a 422, a message for each field.
export class Refusal extends Error {
  constructor(status, detail) {
    const violations = Array.isArray(detail) ? detail : [];
    super(violations.length > 0 ? violations.map((violation) => violation.msg).join("; ") : String(detail));
    this.status = status;
    this.fields = Object.fromEntries(violations.map((violation) => [violation.loc.at(-1), violation.msg]));
  }
}

// JSON whose integers beyond 2^53, which a Number would round, are BigInts.
export function parseExactly(text) {
  // No string of the service has a NUL: it marks an integer.
  const integers = /("(?:[^"\\]|\\.)*")|(?<=[\s:,[])(-?\d{16,})(?=[\s,\]}])/g;
  const quoted = text.replace(integers, (_, string, integer) => string ?? `"\\u0000${integer}"`);
  return JSON.parse(quoted, (_, value) =>
    typeof value === "string" && value[0] === "\u0000" ? BigInt(value.slice(1)) : value);
}

// A browser's own words for a service that does not answer are no help to anybody. What was to be written may have been.
function describeNoAnswer(method) {
  return method === "GET" ? "The service is out of reach"
    : "No answer came, so this may have been done or not. Trying the same again does nothing twice, but may be refused if it was done";
}

// The path that a Link header has for the next page (RFC 8288); null: this is the last.
const nextOf = (link) => /<([^>]*)>; *rel="next"/.exec(link ?? "")?.[1] ?? null;

async function ask(method, path, { headers, body, etag } = {}) {
  const answer = await fetch(path, {
    method,
    body,
    cache: "no-store",
    headers: { ...(token !== null ? { Authorization: `Bearer ${token}` } : { "X-API-Key": key.get() ?? "" }), ...(etag && { "If-None-Match": etag }), ...headers },
  }).catch(() => { throw new Error(describeNoAnswer(method)); });
  if (answer.status === 304) return { unchanged: true };
  const text = await answer.text();
  const json = text === "" ? null : parseExactly(text);
  if (!answer.ok) throw new Refusal(answer.status, json?.detail ?? answer.statusText);
  return { json, etag: answer.headers.get("ETag"), next: nextOf(answer.headers.get("Link")) };
}

const NOTHING = { json: null, next: null };

// What is at a path, its etag, and the path of the page behind it; JSON of null when there is nothing.
export async function find(path, etag) {
  try {
    return await ask("GET", path, { etag });
  } catch (error) {
    if (error instanceof Refusal && error.status === 404) return NOTHING;
    throw error;
  }
}

const REST = 9; // times as long as the last answer took, until the next one: it takes time with the number of orders

// What is at a path, shown whenever it has changed: asked for again, the same answer is not sent again.
export class Watch {
  #show;
  #path; // of what is shown, and of nothing else: an answer may come too late to be shown
  #etag;
  #newest = 0; // asking
  #asked; // the newest's path
  #restsUntil = 0;

  // show(json, again, etag, next): null is nothing at all; again: it takes the place of what was at the same path.
  constructor(show) {
    this.#show = show;
  }

  // Asks for what is at a path, null for what has none, and shows it unless something else is asked for meanwhile: then
  // nobody needs to know that it was refused, either.
  async refresh(path) {
    const asking = ++this.#newest;
    const again = path === this.#path;
    const begun = performance.now();
    let answer = NOTHING, rest = 0; // where it comes to nothing, until it is asked for again
    this.#asked = path;
    this.#restsUntil = Infinity;
    try {
      if (path !== null) answer = await find(path, again ? this.#etag : undefined);
      rest = REST * (performance.now() - begun);
    } catch (error) {
      if (asking === this.#newest) throw error;
    } finally {
      if (asking === this.#newest) this.#restsUntil = performance.now() + rest;
    }
    if (asking !== this.#newest || answer.unchanged) return;
    this.#show(answer.json, again, answer.etag, answer.next);
    this.#path = path;
    this.#etag = answer.etag;
  }

  // The same, for what takes the service long: not while it is asked for already, nor while it rests.
  async refreshRested(path) {
    if (path !== this.#asked || performance.now() >= this.#restsUntil) await this.refresh(path);
  }
}

export const get = async (path) => (await ask("GET", path)).json;

const JSON_BODY = { "Content-Type": "application/json" };

// Made once under its key, however often it is sent.
export const createOrder = async (order, idempotencyKey) =>
  (await ask("POST", "/orders/", {
    body: JSON.stringify(order),
    headers: { ...JSON_BODY, "Idempotency-Key": idempotencyKey },
  })).json;

// Only while the order has the etag: with another it is refused with 412.
export const updateOrder = async (path, changes, etag) =>
  (await ask("PATCH", path, { body: JSON.stringify(changes), headers: { ...JSON_BODY, "If-Match": etag } })).json;
export const deleteOrder = (path, etag) => ask("DELETE", path, { headers: { "If-Match": etag } });

// Ids whose path is not theirs: one is a route of its own, and a browser takes the others for steps of the path.
const ELSEWHERE = ["summary", ".", ".."];

// Of one order. Null: it has none.
export const pathOf = (orderId) => (ELSEWHERE.includes(orderId) ? null : `/orders/${encodeURIComponent(orderId)}`);

// A UUID also where a page is not served over TLS, where crypto.randomUUID is not to be had.
export function newIdempotencyKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
