// dashboard.js: the page: asks for the key, or has people sign in, then asks for what is shown, again and again.

import { onBack } from "./address.js";
import { get, hasSecret, key, Refusal, setToken } from "./api.js";
import { Counts } from "./counts.js";
import { Detail } from "./detail.js";
import { learnFields } from "./fields.js";
import { openOrderForm, prepareOrderForm } from "./form.js";
import { Orders } from "./orders.js";
import { Overview } from "./overview.js";
import { by, write } from "./page.js";
import { prepareQuestion } from "./question.js";
import { beginSignIn, finishSignIn } from "./signin.js";

const POLL_MS = 5000;

// --- what is shown ---

let settings; // of this service
let parts; // made when it is known who asks
let polling; // the timer of the next time
let asking = 0; // which asking is the newest: an older one's answer comes too late
let liveAt; // when all that is shown was asked for, but for what rests; undefined: never

function makeParts() {
  learnFields(settings);
  prepareOrderForm(refresh);
  prepareQuestion();
  by("new-order").addEventListener("click", openOrderForm);
  const overview = new Overview(refresh), orders = new Orders(refresh);
  onBack(() => {
    overview.readAddress();
    orders.readAddress();
    refresh();
  });
  return [new Detail(refresh, orders.listed), overview, orders, new Counts((status) => orders.showStatus(status))];
}

function showLive() {
  liveAt = `${new Date().toISOString().slice(11, 19)} UTC`;
  by("banner").hidden = true;
  write("banner", "");
  write("state", "Live");
  write("as-of", `as of ${liveAt}`);
}

function showNotLive(error) {
  by("banner").hidden = false;
  write("banner", `Not live: ${error.message}. ` +
    (liveAt === undefined ? "Nothing could be shown yet." : `What is shown is of ${liveAt}.`));
  write("state", "");
  write("as-of", "");
}

// Nobody sees a button that he may not use. A service that does not know yet who asks refuses what he may not.
async function showRole() {
  let role = "writer";
  try {
    ({ role } = await get("/whoami"));
  } catch (error) {
    if (!(error instanceof Refusal) || error.status === 401 || error.status === 403) throw error;
  }
  for (const element of document.querySelectorAll(".writer")) element.hidden = role === "reader";
}

async function begin() {
  settings = await get("/dashboard/settings.json");
  if (settings.sign_in !== null) {
    by("forget-key").textContent = "Sign out";
    setToken(await finishSignIn(settings.sign_in));
  }
}

async function prepare() {
  await (begun ??= begin());
  if (!hasSecret() || parts !== undefined) return;
  await showRole();
  parts ??= makeParts();
}

let begun; // once, as a code is good for one time

async function refresh(isPoll = false) {
  const turn = ++asking;
  clearTimeout(polling);
  try {
    await prepare();
    if (turn !== asking) return;
    if (!hasSecret()) {
      askForSecret();
      return;
    }
    await Promise.all(parts.map((part) => part.refresh(isPoll)));
    if (turn !== asking) return;
    showLive();
  } catch (error) {
    if (turn !== asking) return;
    showNotLive(error);
    if (settings === undefined) begun = undefined; // the service was away
    if ((error instanceof Refusal && (error.status === 401 || error.status === 403)) || (settings && !hasSecret())) {
      forget();
      askForSecret(error.message);
      return;
    }
  }
  if (!document.hidden) polling = setTimeout(refresh, POLL_MS, true);
}

document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });

// --- who asks ---

function forget() {
  key.forget();
  setToken(null);
  if (settings?.sign_in) begun = Promise.resolve();
}

function askForSecret(why) {
  if (settings.sign_in === null) askForKey(why);
  else askToSignIn(why);
}

function askToSignIn(why) {
  if (why !== undefined) write("sign-in-error", why);
  if (!by("sign-in-dialog").open) by("sign-in-dialog").showModal();
}

by("sign-in").addEventListener("click", () => {
  beginSignIn(settings.sign_in).catch((error) => askToSignIn(error.message));
});
by("sign-in-dialog").addEventListener("cancel", (event) => event.preventDefault());

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
by("key-dialog").addEventListener("close", () => refresh());

by("forget-key").addEventListener("click", () => {
  forget();
  location.reload();
});

refresh();
