// test_dashboard_changes.mjs: orders made, changed, cancelled and deleted at the dashboard, also while others do so.
import assert from "node:assert/strict";
import { test } from "node:test";

import { AxeBuilder } from "@axe-core/playwright";

import { ask, hold, open, prepare, rows, shot, stopPolls, the } from "./dashboard.mjs";
import { key } from "./service.mjs";

const make = (orderId, rest) => ask("POST", "/orders/", {
    order_id: orderId, customer_id: "C-1", order_date: "2026-01-15T10:30:00.250Z", total_amount: 123450,
    currency: "EUR", ...rest,
});

prepare(() => make("FIRST"));

const stored = (orderId) => ask("GET", `/orders/${orderId}`);
const dialog = (name) => the.page.getByRole("dialog", { name });
const conflict = () => dialog("Somebody else has changed this order");
const press = (within, name) => within.getByRole("button", { name, exact: true }).click();

async function isGone(orderId) {
    return (await fetch(`${the.service.url}/orders/${orderId}`, { headers: { "X-API-Key": key } })).status === 404;
}

async function newOrder(values) {
    await the.page.getByRole("button", { name: "New order" }).click();
    for (const [label, value] of Object.entries(values)) await dialog("New order").getByLabel(label).fill(value);
}

async function look(orderId) {
    await open(`?order=${orderId}`);
    await press(dialog(orderId), "Change");
    return dialog("Change the order");
}

test("a new order appears", async () => {
    await open();
    await newOrder({ "Order ID": "NEW", Customer: "C-1", Amount: "1,234.50" });
    await press(dialog("New order"), "Create");
    await the.page.getByRole("button", { name: "NEW", exact: true }).waitFor();
    assert.equal((await stored("NEW")).total_amount, 123450);
});

const TWO = "An amount in ISK has exactly 2 decimals after a point: write 1234 as 1,234.00";
const NONE = "An amount in JPY has no decimals: write 1234 as 1,234";

for (const [currency, message, refused, taken] of [
    ["ISK", TWO,
        ["", "45", "45.0", "1,234", "25.000", "12.345", "259,90", "1,23,456.00", "1234,567.00", "1,234 567.00",
            "1\t234.00", "45.", "-1.00"],
        [["1299.80", 129980], ["1,299.80", 129980], ["1 299.80", 129980], ["1\u00a0299.80", 129980], ["0.45", 45],
            ["1,234,567.00", 123456700]]],
    ["JPY", NONE, ["", "45.0", "45.00", "1.234", "1,23"], [["1,299", 1299], ["1299", 1299]]],
]) {
    test(`an amount in ${currency} has exactly its decimals`, async () => {
        the.refusal = "status of 422";
        await open();
        for (const [i, [text, amount]] of taken.entries()) {
            const id = `AMOUNT-${currency}-${i}`;
            await newOrder({ "Order ID": id, Customer: "C-1", Amount: text });
            await dialog("New order").getByLabel("Currency").selectOption(currency);
            if (i === 0) {
                for (const wrong of refused) {
                    await dialog("New order").getByLabel("Amount").fill(wrong);
                    await press(dialog("New order"), "Create");
                    await dialog("New order").getByText(message).waitFor();
                }
                assert.ok(await isGone(id));
                await dialog("New order").getByLabel("Amount").fill(text);
            }
            await press(dialog("New order"), "Create");
            await dialog("New order").waitFor({ state: "hidden" });
            assert.equal((await stored(id)).total_amount, amount);
        }
    });
}

// Every amount that the list shows can be typed into the form.
test("the form takes what the tables show", async () => {
    await make("SHOWN", { total_amount: Number.MAX_SAFE_INTEGER });
    await open("?order_id=SHOWN");
    const [[, , , shown]] = await rows("orders");
    await newOrder({ "Order ID": "TYPED", Customer: "C-1", Amount: shown.replace(" EUR", "") });
    await dialog("New order").getByLabel("Currency").selectOption("EUR");
    await press(dialog("New order"), "Create");
    await dialog("New order").waitFor({ state: "hidden" });
    assert.equal((await stored("TYPED")).total_amount, Number.MAX_SAFE_INTEGER);
});

test("all that is wrong with an order is said at once, each at its field", async () => {
    the.refusal = "status of 422";
    await open();
    await newOrder({ Amount: "12.345" });
    const form = dialog("New order");
    await form.getByLabel("Date, UTC").pressSequentially("01"); // a month alone
    await press(form, "Create");
    await form.getByText(TWO).waitFor();
    assert.equal(await form.getByText("Field required").count(), 2);
    await form.getByText("Write the date and the time in full").waitFor();
    for (const label of ["Order ID", "Customer", "Amount", "Date, UTC"])
        assert.equal(await form.getByLabel(label).getAttribute("aria-invalid"), "true", label);

    // With a good amount, nothing is said of it.
    await form.getByLabel("Amount").fill("12.34");
    await press(form, "Create");
    await form.getByText(TWO).waitFor({ state: "hidden" });
    assert.equal(await form.getByLabel("Amount").getAttribute("aria-invalid"), "false");
});

async function paste(field, text) {
    await the.page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await field.click();
    await the.page.evaluate((copied) => navigator.clipboard.writeText(copied), text);
    await the.page.keyboard.press("ControlOrMeta+V");
}

test("several cells or lines are no value, and what is too long is not cut", async () => {
    the.refusal = "status of 422";
    await open();
    await newOrder({ Customer: "C-1" });
    const form = dialog("New order");
    for (const [label, text] of [["Amount", "12\n345.00"], ["Amount", "12\t345.00"], ["Order ID", "A-1\r\nA-2"]]) {
        await paste(form.getByLabel(label), text);
        await form.getByText("Several lines or cells were pasted: paste one").waitFor();
        assert.equal(await form.getByLabel(label).inputValue(), "");
        await press(form, "Create");
        await form.getByText("Several lines").waitFor({ state: "hidden" });
    }
    const long = "L".repeat(300);
    await paste(form.getByLabel("Order ID"), long);
    await paste(form.getByLabel("Amount"), "12.00\r\n"); // as a spreadsheet copies one cell
    await press(form, "Create");
    await form.getByText("at most 255 characters").waitFor();
    assert.equal(await form.getByLabel("Amount").getAttribute("aria-invalid"), "false");
    assert.ok(await isGone(long.slice(0, 255)));
});

// What is copied from a page may bring such along: C-1 and C-1\u200b are two customers.
test("no character that cannot be seen gets into an id, and what is stored with one shows it", async () => {
    the.refusal = "status of 422";
    await make("S-1\u200b", { customer_id: "C-1\u202e" });
    await open("?order=S-1%E2%80%8B");
    await dialog("S-1\\u200b").getByText("C-1\\u202e").waitFor();
    await press(dialog("S-1\\u200b"), "Close");
    await the.page.getByRole("button", { name: "S-1\\u200b", exact: true }).waitFor();
    await newOrder({ "Order ID": "S-2\ufeff", Customer: "C-1\u200d", Amount: "10.00" });
    const form = dialog("New order");
    await press(form, "Create");
    for (const shown of ["S-2\\ufeff", "C-1\\u200d"])
        await form.getByText(`It has a character that cannot be seen: ${shown}. Write it anew`).waitFor();
    assert.ok(await isGone("S-2%EF%BB%BF"));
    await form.getByLabel("Order ID").fill("S-2\t");
    await form.getByLabel("Customer").fill("C-1");
    await press(form, "Create");
    await form.waitFor({ state: "hidden" });
    assert.equal((await stored("S-2")).customer_id, "C-1");
});

test("the order of day and month is said in words", async () => {
    await make("WORDS");
    const form = await look("WORDS");
    await form.getByText("That is Thursday 15 January 2026, 10:30:00 UTC.").waitFor();
    await form.getByLabel("Date, UTC").fill("2025-05-03T10:20");
    await form.getByText("That is Saturday 3 May 2025, 10:20:00 UTC.").waitFor();
    await press(form, "Cancel");
    await press(dialog("WORDS"), "Close");
    await newOrder({});
    await dialog("New order").getByText("Without a date the order is of now.").waitFor();
});

test("the second click of two is no answer", async () => {
    the.refusal = "status of 412";
    await make("TWICE");
    const form = await look("TWICE");
    await form.getByLabel("Amount").fill("2.00");
    await ask("PATCH", "/orders/TWICE", { total_amount: 777 });
    await press(form, "Save");
    await conflict().waitFor();
    const { x, y } = await the.page.locator("#question-yes").boundingBox();
    await the.page.mouse.move(x + 9, y + 9);
    await the.page.mouse.down({ clickCount: 2 });
    await the.page.mouse.up({ clickCount: 2 });
    assert.ok(await conflict().isVisible());
    assert.equal((await stored("TWICE")).total_amount, 777);
    await press(conflict(), "Save yours over it");
    await form.waitFor({ state: "hidden" });
    assert.equal((await stored("TWICE")).total_amount, 200);
});

test("a year is not taken for one of the first century", async () => {
    the.refusal = "status of 422";
    await open();
    await newOrder({ "Order ID": "YEAR", Customer: "C-1", Amount: "10.00" });
    const form = dialog("New order"), date = form.getByLabel("Date, UTC");
    for (const time of ["0026-01-02T10:15", "0202-01-02T10:15"]) {
        await date.fill(time);
        await press(form, "Create");
        await form.getByText("Write the year with four digits").waitFor();
        assert.equal(await date.getAttribute("aria-invalid"), "true");
    }
    assert.ok(await isGone("YEAR"));
});

// What is stored already stays as it is.
test("a year that is changed has four digits", async () => {
    the.refusal = "status of 422";
    await make("EARLY", { order_date: "0026-01-02T10:15:00Z" });
    let form = await look("EARLY");
    await form.getByLabel("Status").selectOption("shipped");
    await press(form, "Save");
    await dialog("EARLY").getByText("shipped").waitFor();
    await press(dialog("EARLY"), "Change");
    form = dialog("Change the order");
    await form.getByLabel("Date, UTC").fill("0027-01-02T10:15");
    await press(form, "Save");
    await form.getByText("Write the year with four digits").waitFor();
    assert.equal((await stored("EARLY")).order_date, "0026-01-02T10:15:00Z");
});

test("nothing can be typed while an order is under way", async () => {
    await stopPolls();
    await open();
    await newOrder({ "Order ID": "WAY", Customer: "C-1", Amount: "10.00" });
    const form = dialog("New order"), release = await hold("**/orders/");
    await press(form, "Create");
    for (const label of ["Order ID", "Customer", "Amount", "Currency", "Date, UTC", "Status"])
        assert.ok(await form.getByLabel(label).isDisabled(), label);
    await press(form, "Cancel");
    await newOrder({ "Order ID": "NEXT" });
    assert.ok(await form.getByLabel("Order ID").isEnabled());
    await release();
    await the.page.getByRole("button", { name: "WAY", exact: true }).waitFor();
    assert.equal(await form.getByLabel("Order ID").inputValue(), "NEXT"); // that is open still
    assert.equal((await stored("WAY")).total_amount, 1000);
});

test("an order that is looked at is shown as it is", async () => {
    await make("LIVE");
    await open("?order=LIVE");
    await dialog("LIVE").getByText("1,234.50 EUR").waitFor();
    await ask("PATCH", "/orders/LIVE", { total_amount: 7, status: "shipped" });
    await dialog("LIVE").getByText("0.07 EUR").waitFor();
    await dialog("LIVE").getByText("shipped").waitFor();
    await dialog("LIVE").getByText("It was changed just now.").waitFor();
    the.refusal = "status of 404";
    await ask("DELETE", "/orders/LIVE");
    await dialog("LIVE").getByText("There is no such order now.").waitFor();
    assert.ok(await dialog("LIVE").getByRole("button", { name: "Delete" }).isHidden());
});

test("an order that is looked at again can be changed again", async () => {
    await stopPolls();
    await make("AGAIN");
    await open();
    for (let i = 0; i < 2; i++) {
        await the.page.getByRole("button", { name: "AGAIN", exact: true }).click();
        await dialog("AGAIN").getByRole("button", { name: "Change" }).waitFor();
        await press(dialog("AGAIN"), "Close");
    }
});

test("a change sends what was changed, and nothing else", async () => {
    await make("EDIT");
    const form = await look("EDIT");
    assert.equal(await form.getByLabel("Amount").inputValue(), "1,234.50");
    assert.equal(await form.getByLabel("Order ID").getAttribute("readonly"), "");
    await form.getByLabel("Status").selectOption("delivered");
    const sent = the.page.waitForRequest((request) => request.method() === "PATCH");
    await press(form, "Save");
    assert.deepEqual((await sent).postDataJSON(), { status: "delivered" });
    assert.match((await sent).headers()["if-match"], /^"/);
    await dialog("EDIT").getByText("delivered").waitFor();
    assert.equal((await stored("EDIT")).order_date, "2026-01-15T10:30:00.250Z"); // finer than the form shows
});

// 2,000.00 EUR are no 200,000 JPY.
test("an amount goes with its currency", async () => {
    the.refusal = "status of 412";
    await make("MONEY");
    const form = await look("MONEY");
    await form.getByLabel("Amount").fill("2,000.00");
    await ask("PATCH", "/orders/MONEY", { total_amount: 5, currency: "JPY" });
    await press(form, "Save");
    await conflict().waitFor();
    assert.deepEqual(await rows("question-table"), [["Amount", "1,234.50 EUR", "5 JPY", "2,000.00 EUR"]]);
    await press(conflict(), "Save yours over it");
    await form.waitFor({ state: "hidden" });
    const { total_amount: amount, currency } = await stored("MONEY");
    assert.deepEqual([amount, currency], [200000, "EUR"]);
});

test("what is refused of a change is said at its field", async () => {
    the.refusal = "status of 422";
    await make("REFUSED");
    const form = await look("REFUSED");
    await form.getByLabel("Customer").fill("");
    await form.getByLabel("Amount").fill("1.5");
    await press(form, "Save");
    await form.getByText("An amount in EUR has exactly 2 decimals").waitFor();
    assert.equal(await form.getByLabel("Customer").getAttribute("aria-invalid"), "true");
    assert.equal((await stored("REFUSED")).total_amount, 123450);
});

for (const [answer, amount] of [["Save yours over it", 200], ["Keep what is stored", 777]]) {
    test(`of two changes both versions are shown: ${answer}`, async () => {
        the.refusal = "status of 412";
        const id = `CONFLICT-${amount}`, customer = "C-OTHER";
        await make(id);
        const form = await look(id);
        await form.getByLabel("Amount").fill("2.00");
        await ask("PATCH", `/orders/${id}`, { total_amount: 777, customer_id: customer });
        await press(form, "Save");
        await conflict().waitFor();
        assert.deepEqual(await rows("question-table"), [
            ["Customer", "C-1", customer, customer], ["Amount", "1,234.50 EUR", "7.77 EUR", "2.00 EUR"],
        ]);
        const { violations } = await new AxeBuilder({ page: the.page }).include("#question-dialog").analyze();
        assert.deepEqual(violations.map(({ id: rule }) => rule), []);
        await shot(id);
        await press(conflict(), answer);
        await form.waitFor({ state: "hidden" });
        const after = await stored(id);
        assert.deepEqual([after.total_amount, after.customer_id], [amount, customer]);
    });
}

test("a change whose answer was lost is no conflict with itself", async () => {
    the.refusal = /ERR_FAILED|status of 412/;
    await stopPolls();
    await make("LOST");
    const form = await look("LOST");
    await form.getByLabel("Amount").fill("2.00");
    let lost = 0;
    await the.page.route("**/orders/LOST", async (route) => {
        if (route.request().method() !== "PATCH" || lost++ > 0) return route.continue();
        await route.fetch();
        return route.abort();
    });
    await press(form, "Save");
    await form.getByText("this may have been done or not. Trying the same again does nothing twice, but may be refused").waitFor();
    assert.equal((await stored("LOST")).total_amount, 200);
    await press(form, "Save");
    await form.waitFor({ state: "hidden" });
    assert.equal(await conflict().count(), 0);
    assert.equal(lost, 2);
});

test("a cancelled order is one that somebody wanted cancelled", async () => {
    await make("CANCEL");
    await open("?order=CANCEL");
    await press(dialog("CANCEL"), "Cancel the order");
    await press(dialog("Cancel CANCEL?"), "Leave it");
    assert.equal((await stored("CANCEL")).status, "pending");
    await press(dialog("CANCEL"), "Cancel the order");
    await press(dialog("Cancel CANCEL?"), "Cancel the order");
    await dialog("CANCEL").getByText("cancelled").waitFor();
    assert.equal((await stored("CANCEL")).status, "cancelled");
    assert.ok(await dialog("CANCEL").getByRole("button", { name: "Cancel the order" }).isDisabled());
});

test("a deleted order is gone from the list, and nothing is looked at", async () => {
    await make("DELETE");
    await open("?order=DELETE");
    await press(dialog("DELETE"), "Delete");
    await press(dialog("Delete DELETE?"), "Delete the order");
    await dialog("DELETE").waitFor({ state: "hidden" });
    await the.page.getByRole("button", { name: "DELETE", exact: true }).waitFor({ state: "detached" });
    assert.ok(await isGone("DELETE"));
    assert.equal(new URL(the.page.url()).search, "");
});

test("what somebody else has changed is not deleted unseen", async () => {
    the.refusal = "status of 412";
    await stopPolls();
    await make("UNSEEN");
    await open("?order=UNSEEN");
    await ask("PATCH", "/orders/UNSEEN", { status: "shipped" });
    await press(dialog("UNSEEN"), "Delete");
    await press(dialog("Delete UNSEEN?"), "Delete the order");
    await conflict().waitFor();
    assert.deepEqual(await rows("question-table"), [["Status", "pending", "shipped"]]);
    await the.page.keyboard.press("Escape");
    await conflict().waitFor({ state: "hidden" });
    assert.equal((await stored("UNSEEN")).status, "shipped");
    await dialog("UNSEEN").getByText("shipped").waitFor();
    await press(dialog("UNSEEN"), "Delete");
    await press(dialog("Delete UNSEEN?"), "Delete the order");
    await dialog("UNSEEN").waitFor({ state: "hidden" });
    assert.ok(await isGone("UNSEEN"));
});
