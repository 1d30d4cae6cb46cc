// test_dashboard_few.mjs: the dashboard of a shop that has just begun: without an order, and with its first.
import assert from "node:assert/strict";
import { test } from "node:test";

import { ask, day, looks, open, prepare, rows, saved, the } from "./dashboard.mjs";

prepare(async () => {});

const text = (id) => the.page.locator(`#${id}`).innerText();
const texts = (ids) => Promise.all(ids.map(text));

test("no orders are none, and there is no axis of nothing", async () => {
    await open();
    assert.deepEqual(await texts(["order-count", "order-unit", "pending-count", "today-count"]),
        ["0", "orders", "0", "0"]);
    const none = "There are no orders on these days.";
    assert.deepEqual(await texts(["orders-note", "share-of", "chart-summary"]), ["There are none.", none, none]);
    assert.ok(await the.page.locator("#chart-body").isHidden());
    assert.equal(await the.page.locator("#chart canvas").count(), 0);
    for (const id of ["orders", "totals", "days"]) assert.deepEqual(await rows(id), []);
    await looks("none");
});

test("one order is one", async () => {
    const order = { order_id: "FIRST", customer_id: "C", order_date: day(0), total_amount: 129980, currency: "EUR" };
    await ask("POST", "/orders/", order);
    try {
        await open();
        assert.deepEqual(await texts(["order-count", "order-unit", "pending-count", "today-count"]),
            ["1", "order", "1", "1"]);
        assert.match(await text("today-unit"), /^order dated today/);
        assert.equal(await text("chart-summary"), `1 day has orders in EUR, from ${day(0)} to ${day(0)}; ` +
            `the best is ${day(0)} with 1,299.80 EUR.`);
        assert.deepEqual((await rows("orders")).map(([id]) => id), ["FIRST"]);
        await the.page.locator("#chart canvas").waitFor();
        await looks("one");
        await saved("Save all found as CSV");
        await the.page.getByText("Saved 1 order.").waitFor();
    } finally {
        await ask("DELETE", "/orders/FIRST");
    }
});
