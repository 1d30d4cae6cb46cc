// dashboard.js: the page: asks for the key, then for what is shown, again and again.

import { get, key, Refusal } from "./api.js";
import { openOrderForm, prepareOrderForm } from "./form.js";
import { Orders } from "./orders.js";
import { Overview } from "./overview.js";
import { by } from "./page.js";

const POLL_MS = 5000;

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

// --- what is shown ---

let overview;
let orders;
let polling; // the timer of the next time
let asking = 0; // which asking is the newest: an older one's answer comes too late

async function refresh() {
  const turn = ++asking;
  clearTimeout(polling);
  try {
    await Promise.all([overview.refresh(), orders.refresh()]);
    if (turn !== asking) return;
    by("state").textContent = `Live, as of ${new Date().toLocaleTimeString()}`;
  } catch (error) {
    if (turn !== asking) return;
    by("state").textContent = `Not live: ${error.message}`;
    if (error instanceof Refusal && (error.status === 401 || error.status === 403)) await askForKey(error.message);
  }
  if (turn === asking && !document.hidden) polling = setTimeout(refresh, POLL_MS);
}

document.addEventListener("visibilitychange", () => { if (!document.hidden && orders !== undefined) refresh(); });

async function start() {
  if (key.get() === null) await askForKey("");
  const settings = await get("/dashboard/settings.json");
  overview = new Overview(settings, refresh);
  orders = new Orders(settings, refresh);
  prepareOrderForm(settings, refresh);
  by("new-order").addEventListener("click", openOrderForm);
  await refresh();
}

start().catch((error) => { by("state").textContent = `Not live: ${error.message}`; });
