// dashboard.js: the page: asks for the key, then for what is shown, again and again.

import { get, key, Kept, Refusal } from "./api.js";
import { openOrderForm, prepareOrderForm } from "./form.js";
import { Orders } from "./orders.js";
import { Overview } from "./overview.js";

const POLL_MS = 5000;

const by = (id) => document.getElementById(id);

// --- the key ---

let givenKey; // resolves what waits for it

function askForKey(why) {
  by("key-error").textContent = why;
  if (!by("key-dialog").open) by("key-dialog").showModal();
  return new Promise((resolve) => { givenKey = resolve; });
}

by("key-form").addEventListener("submit", () => {
  key.set(by("key").value);
  by("key").value = "";
  givenKey();
});
by("key-dialog").addEventListener("cancel", (event) => event.preventDefault());

by("forget-key").addEventListener("click", () => {
  key.forget();
  location.reload();
});

// --- the days ---

function day(daysAgo) {
  return new Date(Date.now() - daysAgo * 86400000).toISOString().slice(0, 10);
}

// The days chosen, as the query of /statistics.
function chosenDays() {
  const range = by("range").value;
  const query = new URLSearchParams();
  const [first, last] = range === "custom" ? [by("first-day").value, by("last-day").value]
    : range === "" ? ["", ""] : [day(Number(range) - 1), ""];
  if (first !== "") query.set("first_day", first);
  if (last !== "") query.set("last_day", last);
  return String(query);
}

function showDays() {
  for (const label of document.querySelectorAll(".custom")) label.hidden = by("range").value !== "custom";
}

// --- what is shown ---

const statistics = new Kept();
let overview;
let orders;
let polling; // the timer of the next time
let asking = 0; // which asking is the newest: an older one's answer comes too late

async function refresh() {
  const turn = ++asking;
  clearTimeout(polling);
  try {
    const query = chosenDays();
    const [figures] = await Promise.all([statistics.get(`/statistics?${query}`), orders.refresh()]);
    if (turn !== asking) return;
    if (figures !== null) overview.show(figures);
    by("state").textContent = `Live, as of ${new Date().toLocaleTimeString()}`;
  } catch (error) {
    if (turn !== asking) return;
    by("state").textContent = `Not live: ${error.message}`;
    statistics.forget();
    orders.forget();
    if (error instanceof Refusal && (error.status === 401 || error.status === 403)) await askForKey(error.message);
  }
  if (turn === asking && !document.hidden) polling = setTimeout(refresh, POLL_MS);
}

document.addEventListener("visibilitychange", () => { if (!document.hidden && orders !== undefined) refresh(); });

async function start() {
  showDays();
  if (key.get() === null) await askForKey("");
  const settings = await get("/dashboard/settings.json");
  overview = new Overview(settings);
  orders = new Orders(settings, refresh);
  prepareOrderForm(settings, refresh);
  by("new-order").addEventListener("click", openOrderForm);
  for (const id of ["range", "first-day", "last-day"]) {
    by(id).addEventListener("change", () => { showDays(); refresh(); });
  }
  await refresh();
}

start().catch((error) => { by("state").textContent = `Not live: ${error.message}`; });
