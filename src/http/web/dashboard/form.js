// form.js: a new order, or changes to one. What the service refuses is said beside the field; it alone knows the rules.

import { createOrder, newIdempotencyKey, Refusal, updateOrder } from "./api.js";
import { change } from "./change.js";
import { describeDay, hasFullYear, isDay } from "./days.js";
import { decimalsOf, fields, showFields } from "./fields.js";
import { describeAmount, formatAmount, readAmount } from "./money.js";
import { by, showUnseen, write } from "./page.js";

const form = by("order-form");
let edited; // { order, etag, given }: the order that is changed, and how the form was filled for it; null: a new one
let idempotencyKey; // of the order in the form: sent twice, it is made once
let openings = 0; // of the form: an answer to what was sent before the last one is not told in it

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

function sayAll(wrong, other = "") {
  for (const { name } of form.elements) if (name) say(name, wrong[name] ?? "");
  by("order-error").textContent = other;
  for (const input of form.elements) if (input.ariaInvalid === "true") { input.focus(); break; }
}

const given = () => Object.fromEntries(new FormData(form));

// A browser leaves out seconds that are 0.
const inUtc = (time) => time && `${time.padEnd("2025-01-16T12:00:00".length, ":00")}Z`;

// Of what was copied from a page or a chat, characters may come along that nobody sees: with one, it is another's order.
// "": none did. A cell of a spreadsheet may end with a tab, which is no part of an id.
function describeUnseen(text) {
  const bare = text.replace(/^\t+|\t+$/g, "");
  return showUnseen(bare) === bare ? "" : `It has a character that cannot be seen: ${showUnseen(bare)}. Write it anew`;
}

// A date is written by the browser's language, in which May 3 may be 05/03 or 03/05.
function describeDate() {
  const date = form.elements.order_date.value, day = date.slice(0, 10);
  if (isDay(day) && hasFullYear(day)) write("date-note", `That is ${describeDay(day)}, ${inUtc(date).slice(11, 19)} UTC.`);
  else write("date-note", edited === null && date === "" ? "Without a date the order is of now." : "");
}

// The form as an order. `wrong`: what the service could not know, as it does not see what was typed.
function read() {
  const order = given(), wrong = {};
  const places = decimalsOf(order.currency);
  order.total_amount = readAmount(order.total_amount, places);
  if (order.total_amount === null) wrong.total_amount = describeAmount(order.currency, places);
  if (form.elements.order_date.validity.badInput) wrong.order_date = "Write the date and the time in full";
  else if (order.order_date && order.order_date !== edited?.given.order_date && !hasFullYear(order.order_date))
    wrong.order_date = "Write the year with four digits";
  order.order_date = inUtc(order.order_date);
  for (const name of ["order_id", "customer_id"]) {
    const unseen = order[name] === edited?.given[name] ? "" : describeUnseen(order[name]);
    if (unseen !== "") wrong[name] = unseen;
  }
  return { order, wrong };
}

const fieldsThat = (order, isMeant) => Object.fromEntries(Object.entries(order).filter(isMeant));

// The fields that are not as the form was filled. What an amount is, is up to its currency: neither goes alone, as
// somebody else may have changed the other.
function changesOf(order) {
  const same = {
    ...edited.given, total_amount: String(edited.order.total_amount), order_date: inUtc(edited.given.order_date),
  };
  const isChanged = (name) => order[name] !== same[name];
  const money = ["total_amount", "currency"];
  return fieldsThat(order, ([name]) => (money.includes(name) ? money.some(isChanged) : isChanged(name)));
}

async function save(order) {
  if (edited === null) {
    await createOrder(fieldsThat(order, ([, value]) => value !== ""), idempotencyKey);
    return;
  }
  const changes = changesOf(order);
  await change({
    seen: edited.order, changes, etag: edited.etag, show: showFields,
    send: (path, etag) => updateOrder(path, changes, etag),
  });
}

// While an order is under way nothing can be typed that would not go with it.
function setUnderWay(isUnderWay) {
  by("order-fields").disabled = isUnderWay;
  by("order-save").disabled = isUnderWay;
}

// Saves the order. Null, or why that failed; `isStale`: the form is another's by now.
async function send(order) {
  const opening = openings;
  const focused = document.activeElement;
  setUnderWay(true);
  const error = await save(order).then(() => null, (reason) => reason);
  const isStale = opening !== openings;
  if (!isStale) {
    setUnderWay(false);
    focused.focus();
  }
  return { error, isStale };
}

async function submit(event, saved) {
  event.preventDefault();
  const { order, wrong } = read();
  const isRefused = Object.keys(wrong).length > 0;
  const isRightAmount = order.total_amount !== null;
  // No amount is refused for certain, and all else that is wrong is said with it.
  if (isRefused) order.total_amount = null;
  sayAll({});
  const { error, isStale } = await send(order);
  if (error === null) {
    if (!isStale) by("order-dialog").close();
    saved();
  } else if (!isStale) {
    // An answer ends a key; without one, the same order goes again under the same.
    if (error instanceof Refusal && error.status < 500) idempotencyKey = newIdempotencyKey();
    const said = { ...error.fields };
    if (isRefused && isRightAmount) delete said.total_amount;
    Object.assign(said, wrong);
    sayAll(said, Object.keys(said).some((name) => name in form.elements) ? "" : error.message);
  }
}

// Of several cells or lines a browser would make one, with blanks between them: 12 and 345.00 would be 12 345.00.
function refuseLines(event) {
  if (!/[\t\r\n]/.test((event.data ?? "").trim())) return;
  event.preventDefault();
  say(event.target.name, "Several lines or cells were pasted: paste one");
}

function openForm(title, action, order) {
  openings++;
  setUnderWay(false);
  form.reset();
  for (const [name, value] of Object.entries(order)) form.elements[name].value = value;
  form.elements.order_id.readOnly = edited !== null;
  by("order-title").textContent = title;
  by("order-save").textContent = action;
  describeDate();
  sayAll({});
  idempotencyKey = newIdempotencyKey();
  by("order-dialog").showModal();
}

export function openOrderForm() {
  edited = null;
  openForm("New order", "Create", {});
}

// Of the order as it is seen, which has the etag.
export function editOrder(order, etag) {
  edited = { order, etag };
  openForm("Change the order", "Save", {
    order_id: order.order_id, customer_id: order.customer_id, currency: order.currency, status: order.status,
    total_amount: formatAmount(order.total_amount, decimalsOf(order.currency)),
    order_date: order.order_date.slice(0, "2025-01-16T12:00:00".length),
  });
  edited.given = given();
}

export function prepareOrderForm(saved) {
  form.elements.currency.append(...fields.currencies.map(({ code }) => {
    const isFirst = code === "ISK";
    return new Option(code, code, isFirst, isFirst);
  }));
  form.elements.status.append(...fields.statuses.map((status) => new Option(status)));
  form.addEventListener("submit", (event) => submit(event, saved));
  form.addEventListener("beforeinput", refuseLines);
  // Another order is another key.
  form.addEventListener("input", () => { idempotencyKey = newIdempotencyKey(); });
  form.elements.order_date.addEventListener("input", describeDate);
  by("order-cancel").addEventListener("click", () => by("order-dialog").close());
}
