// detail.js: one order, as it is while it is looked at, and what can be made of it.

import { deleteOrder, pathOf, updateOrder, Watch } from "./api.js";
import { keep, recall } from "./address.js";
import { change } from "./change.js";
import { showFields } from "./fields.js";
import { editOrder } from "./form.js";
import { by, make, makeBadge, showTime, showUnseen, write } from "./page.js";
import { ask } from "./question.js";

const dialog = by("detail-dialog");

export class Detail {
  #id = ""; // of what is looked at; "": nothing is
  #watch;
  #listed; // (id): the order in the list, if it is there
  #order;
  #etag;
  #refresh;
  #busy = false;

  constructor(refresh, listed) {
    this.#refresh = refresh;
    this.#listed = listed;
    dialog.addEventListener("close", () => {
      if (dialog.open) return;
      this.#id = "";
      keep({ order: "" });
    });
    by("edit").addEventListener("click", () => editOrder(this.#order, this.#etag));
    by("cancel-order").addEventListener("click", () => this.#act(() => this.#cancel()));
    by("delete-order").addEventListener("click", () => this.#act(() => this.#delete()));
  }

  // Shows what the address says is looked at.
  async refresh() {
    if (recall("order") !== this.#id) this.#turnTo(recall("order"));
    if (this.#id === "") return;
    if (pathOf(this.#id) === null) this.#show(this.#listed(this.#id));
    else await this.#watch.refresh(pathOf(this.#id));
  }

  #turnTo(id) {
    this.#id = id;
    if (id === "") {
      dialog.close();
      return;
    }
    const watch = new Watch((...shown) => { if (watch === this.#watch) this.#show(...shown); });
    this.#watch = watch;
    by("detail-title").textContent = showUnseen(id);
    write("detail-error", "");
    this.#show(this.#listed(id));
    if (!dialog.open) dialog.showModal();
  }

  // Without an etag nothing can be made of it: it was not asked for by itself yet, or cannot be.
  #show(order, again = false, etag = undefined) {
    this.#order = order;
    this.#etag = etag;
    by("detail-actions").hidden = etag === undefined || order === null;
    by("cancel-order").disabled = order?.status === "cancelled";
    write("detail-note", order === null ? "There is no such order now." : again ? "It was changed just now." : "");
    if (order == null) {
      by("detail").replaceChildren();
      return;
    }
    const shown = {
      ...showFields(order), Status: makeBadge(order.status),
      Created: showTime(order.created_at), Changed: showTime(order.updated_at), Number: String(order.id),
    };
    by("detail").replaceChildren(...Object.entries(shown).flatMap(([name, value]) =>
      [make("dt", "", name), make("dd", "", value)]));
  }

  // One at a time: what is refused is said.
  async #act(action) {
    if (this.#busy) return;
    this.#busy = true;
    write("detail-error", "");
    try {
      await action();
    } catch (error) {
      write("detail-error", error.message);
    }
    this.#busy = false;
    this.#refresh();
  }

  async #cancel() {
    const seen = this.#order, etag = this.#etag;
    const isMeant = await ask({
      title: `Cancel ${showUnseen(seen.order_id)}?`, text: "Its status becomes cancelled.",
      yes: "Cancel the order", no: "Leave it", isGrave: true,
    });
    if (!isMeant) return;
    const changes = { status: "cancelled" };
    await change({ seen, changes, etag, show: showFields, send: (path, tag) => updateOrder(path, changes, tag) });
  }

  async #delete() {
    const seen = this.#order, etag = this.#etag;
    const isMeant = await ask({
      title: `Delete ${showUnseen(seen.order_id)}?`, text: "It is gone for good, from all figures too.",
      yes: "Delete the order", no: "Leave it", isGrave: true,
    });
    if (isMeant && await change({ seen, changes: null, etag, show: showFields, send: deleteOrder })) keep({ order: "" });
  }
}
