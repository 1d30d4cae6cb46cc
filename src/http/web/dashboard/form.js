// form.js: a new order. What the service refuses is said beside the field; it alone knows the rules.

import { createOrder, newIdempotencyKey, Refusal } from "./api.js";
import { describeAmount, readAmount } from "./money.js";
import { by } from "./page.js";

const form = by("order-form");
let decimals; // by currency
let idempotencyKey; // of the order in the form: sent twice, it is made once

function say(field, text) {
  const input = form.elements[field];
  let note = input.parentElement.querySelector(".error");
  if (note === null) {
    note = document.createElement("span");
    note.className = "error";
    note.id = `${field}-error`;
    input.after(note);
    input.setAttribute("aria-describedby", note.id);
  }
  note.textContent = text;
  input.setAttribute("aria-invalid", String(text !== ""));
}

function sayAll(fields) {
  for (const { name } of form.elements) if (name) say(name, fields[name] ?? "");
  for (const input of form.elements) if (input.ariaInvalid === "true") { input.focus(); break; }
}

// The form as an order, or the fields that are none.
function read() {
  const order = Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ""));
  const places = decimals[order.currency];
  const amount = readAmount(order.total_amount ?? "", places);
  if (amount === null) return { wrong: { total_amount: describeAmount(places) } };
  order.total_amount = amount;
  if (order.order_date !== undefined) order.order_date += "Z";
  return { order };
}

async function submit(event, created) {
  event.preventDefault();
  const { order, wrong } = read();
  by("order-error").textContent = "";
  sayAll(wrong ?? {});
  if (wrong !== undefined) return;
  try {
    await createOrder(order, idempotencyKey);
    by("order-dialog").close();
    created();
  } catch (error) {
    // An answer ends a key; without one, the same order goes again under the same.
    if (error instanceof Refusal && error.status < 500) idempotencyKey = newIdempotencyKey();
    sayAll(error.fields ?? {});
    if (Object.keys(error.fields ?? {}).length === 0) by("order-error").textContent = error.message;
  }
}

export function prepareOrderForm(settings, created) {
  decimals = Object.fromEntries(settings.currencies.map(({ code, decimals: places }) => [code, places]));
  form.elements.currency.append(...settings.currencies.map(({ code }) => new Option(code, code, code === "ISK", code === "ISK")));
  form.elements.status.append(...settings.statuses.map((status) => new Option(status)));
  form.addEventListener("submit", (event) => submit(event, created));
  // Another order is another key.
  form.addEventListener("input", () => { idempotencyKey = newIdempotencyKey(); });
  by("order-cancel").addEventListener("click", () => by("order-dialog").close());
}

export function openOrderForm() {
  form.reset();
  sayAll({});
  by("order-error").textContent = "";
  idempotencyKey = newIdempotencyKey();
  by("order-dialog").showModal();
}
