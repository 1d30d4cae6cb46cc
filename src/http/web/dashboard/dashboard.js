// dashboard.js: the page: asks for the key, then for what is shown, again and again.

import { get, key, Refusal } from "./api.js";
import { openOrderForm, prepareOrderForm } from "./form.js";
import { Orders } from "./orders.js";
import { Overview } from "./overview.js";
import { by, write } from "./page.js";

const POLL_MS = 5000;

// --- what is shown ---

let parts; // made when the settings are known
let polling; // the timer of the next time
let asking = 0; // which asking is the newest: an older one's answer comes too late

function makeParts(settings) {
  prepareOrderForm(settings, refresh);
  by("new-order").addEventListener("click", openOrderForm);
  return [new Overview(settings, refresh), new Orders(settings, refresh)];
}

async function refresh() {
  const turn = ++asking;
  clearTimeout(polling);
  if (key.get() === null) {
    askForKey();
    return;
  }
  try {
    const settings = parts === undefined ? await get("/dashboard/settings.json") : null;
    if (turn !== asking) return;
    parts ??= makeParts(settings);
    await Promise.all(parts.map((part) => part.refresh()));
    if (turn !== asking) return;
    write("state", "Live");
    write("as-of", `as of ${new Date().toLocaleTimeString()}`);
  } catch (error) {
    if (turn !== asking) return;
    write("state", `Not live: ${error.message}`);
    if (error instanceof Refusal && (error.status === 401 || error.status === 403)) {
      key.forget();
      askForKey(error.message);
      return;
    }
  }
  if (!document.hidden) polling = setTimeout(refresh, POLL_MS);
}

document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });

// --- the key ---

function askForKey(why) {
  if (why !== undefined) write("key-error", why);
  if (!by("key-dialog").open) by("key-dialog").showModal();
}

by("key-form").addEventListener("submit", (event) => {
  const given = by("key").value.trim();
  if (/[^!-~]/.test(given)) {
    event.preventDefault();
    askForKey("A key has ASCII letters, digits and signs only");
    return;
  }
  key.set(given);
  by("key").value = "";
  write("key-error", "");
});

// It is closed without a key, too: Escape cannot be kept from that. Then it is asked for again.
by("key-dialog").addEventListener("close", refresh);

by("forget-key").addEventListener("click", () => {
  key.forget();
  location.reload();
});

refresh();
