// page.js: the elements of the page: found, made, and written to.

import { isDay } from "./days.js";

export const by = (id) => document.getElementById(id);

// Only when it is another text: what is written again, a screen reader reads again.
export function write(id, text) {
  if (by(id).textContent !== text) by(id).textContent = text;
}

export function make(tag, className, ...content) {
  const element = document.createElement(tag);
  element.className = className;
  element.append(...content);
  return element;
}

// Characters that nobody sees, or that change how others are seen (base/utf8.c has the same).
const UNSEEN = /[\p{Default_Ignorable_Code_Point}\p{Cc}\u2028-\u202e\ufff9-\ufffb]/gu;

// Each of them by its number: "C-1\u200b" is not C-1.
export const showUnseen = (text) => text.replace(UNSEEN, (character) =>
  Array.from({ length: character.length }, (_, i) =>
    `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`).join(""));

export function makeBadge(status) {
  const badge = make("span", "badge", status);
  badge.dataset.status = status;
  return badge;
}

// A day in its field, which a text that is none leaves empty. The browser would complain of it.
export const writeDay = (id, text) => { by(id).value = isDay(text) ? text : ""; };

export const offers = (id, value) => [...by(id).options].some((option) => option.value === value);

// Chooses what a select offers, or its first option when it does not offer that.
export function choose(id, value) {
  by(id).value = value;
  if (by(id).selectedIndex < 0) by(id).selectedIndex = 0;
}

// The service's times are UTC, and are shown as such: "2025-01-16T12:00:00Z" is "2025-01-16 12:00:00 UTC".
export const showTime = (time) => time.replace("T", " ").replace("Z", " UTC");

const group = new Intl.NumberFormat("en");
export const showCount = (count) => group.format(count);
export const countNoun = (count) => (count === 1 ? "order" : "orders");
