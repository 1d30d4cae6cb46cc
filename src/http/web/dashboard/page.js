// page.js: the elements of the page: found, and written to.

export const by = (id) => document.getElementById(id);

// Only when it is another text: what is written again, a screen reader reads again.
export function write(id, text) {
  if (by(id).textContent !== text) by(id).textContent = text;
}
