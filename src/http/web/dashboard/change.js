// change.js: changes to an order that were decided on by how it was seen: made while it still is as it was seen, and
// otherwise only when who made them has seen both versions.

import { find, pathOf, Refusal } from "./api.js";
import { ask, differences } from "./question.js";

const isConflict = (error) => error instanceof Refusal && error.status === 412;

// send(path, etag) makes the change to the order that was seen with the etag. `changes`: its fields; null: it is deleted.
// show(order): each of its fields as text. False: what is stored was kept.
export async function change({ seen, changes, etag, show, send }) {
  const path = pathOf(seen.order_id);
  for (;;) {
    try {
      await send(path, etag);
      return true;
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
    const now = await find(path);
    if (now.json === null) throw new Error("Somebody else has deleted this order");
    const after = { ...now.json, ...changes };
    if (changes !== null && differences(show, now.json, after).length === 0) return true; // its answer was lost
    if (!await ask(changes === null ? askToDelete(show, seen, now.json) : askToSave(show, seen, now.json, after)))
      return false;
    etag = now.etag;
  }
}

const CONFLICT = { title: "Somebody else has changed this order", no: "Keep what is stored" };

const askToSave = (show, seen, now, after) => ({
  ...CONFLICT,
  text: "Saving yours changes only what you changed:",
  table: [["Field", "As you saw it", "Stored now", "With yours"], ...differences(show, seen, now, after)],
  yes: "Save yours over it",
});

const askToDelete = (show, seen, now) => ({
  ...CONFLICT,
  text: "It is not as you saw it:",
  table: [["Field", "As you saw it", "Stored now"], ...differences(show, seen, now)],
  yes: "Delete it all the same",
  isGrave: true,
});
