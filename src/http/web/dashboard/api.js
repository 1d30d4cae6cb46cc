// api.js: the REST API: the key, answers that have not changed, and refusals.

const KEY = "orders.api-key";

export const key = {
  get: () => sessionStorage.getItem(KEY),
  set: (value) => sessionStorage.setItem(KEY, value),
  forget: () => sessionStorage.removeItem(KEY),
};

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

async function ask(method, path, { headers, body, etag } = {}) {
  const answer = await fetch(path, {
    method,
    body,
    cache: "no-store",
    headers: { "X-API-Key": key.get() ?? "", ...(etag && { "If-None-Match": etag }), ...headers },
  });
  if (answer.status === 304) return { unchanged: true };
  const text = await answer.text();
  const json = text === "" ? null : parseExactly(text);
  if (!answer.ok) throw new Refusal(answer.status, json?.detail ?? answer.statusText);
  return { json, etag: answer.headers.get("ETag") };
}

// What is at a path, kept: asked again, an answer that has not changed is not sent again.
export class Kept {
  #path;
  #etag;

  // The value, or null when it has not changed since the last time this path was asked for.
  async get(path) {
    const answer = await ask("GET", path, { etag: path === this.#path ? this.#etag : undefined });
    if (answer.unchanged) return null;
    // Another path may have been asked for meanwhile; its answer is the one that is wanted.
    this.#path = path;
    this.#etag = answer.etag;
    return answer.json;
  }

  forget() {
    this.#path = undefined;
  }
}

export const get = async (path) => (await ask("GET", path)).json;

// Made once under its key, however often it is sent.
export const createOrder = async (order, idempotencyKey) =>
  (await ask("POST", "/orders/", {
    body: JSON.stringify(order),
    headers: { "Content-Type": "application/json", "Idempotency-Key": idempotencyKey },
  })).json;

// A UUID also where a page is not served over TLS, where crypto.randomUUID is not to be had.
export function newIdempotencyKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
