// test_dashboard_orders.mjs: the dashboard's list of orders in a real browser: found by filters, sorted, walked, saved.
import assert from "node:assert/strict";
import { test } from "node:test";

import {
    ask, day, fill, find, hold, listed, open, prepare, reload, resize, rows, saved, shot, stopPolls, the,
} from "./dashboard.mjs";

prepare(fill);

const list = async (query) => (await ask("GET", `/orders/?limit=1000&${query}`)).map((order) => order.order_id);
const press = (name) => the.page.getByRole("button", { name, exact: true }).click();
const check = (status) => the.page.getByRole("group", { name: /^Status/ }).getByLabel(status, { exact: true }).check();

test("orders are walked through, forth and back", async () => {
    await open();
    const all = await list("order_by=id+desc");
    await listed(all.slice(0, 20));
    assert.ok(await the.page.getByRole("button", { name: "Previous" }).isDisabled());
    await press("Next");
    await listed(all.slice(20));
    assert.ok(await the.page.getByRole("button", { name: "Next" }).isDisabled());
    await press("Previous");
    await listed(all.slice(0, 20));
    await the.page.goBack();
    await listed(all.slice(20));
});

test("a page of the list is in the address, from which there is a way back to the first", async () => {
    await open();
    const all = await list("order_by=id+desc");
    await press("Next");
    await listed(all.slice(20));
    const { search } = new URL(the.page.url());
    await reload();
    await listed(all.slice(20));
    await press("Previous");
    await listed(all.slice(0, 20));

    await the.page.evaluate(() => sessionStorage.clear());
    await open(search); // as somebody else does
    await listed(all.slice(20));
    await press("Previous");
    await listed(all.slice(0, 20));
});

test("a page stays what it is while orders come", async () => {
    await open();
    const all = await list("order_by=id+desc");
    await press("Next");
    await listed(all.slice(20));
    await ask("POST", "/orders/", { order_id: "DASH-CAME", customer_id: "C", total_amount: 7, currency: "JPY" });
    try {
        const asked = the.page.waitForResponse(/page_token=/);
        assert.equal((await asked).status(), 304);
        await listed(all.slice(20));
    } finally {
        await ask("DELETE", "/orders/DASH-CAME");
    }
});

test("orders are found by what they are, and all filters hold at once", async () => {
    await open();
    await find("dash-1");
    await listed(await list("order_by=id+desc&search=dash-1"));
    await find("EVEN");
    await listed(await list("order_by=id+desc&customer_id=even"));
    await check("shipped");
    await press("Find");
    await listed(await list("order_by=id+desc&customer_id=even&status=shipped"));
    await press("Clear");
    await check("shipped");
    await check("pending");
    await the.page.getByLabel("Paid in").selectOption("JPY");
    await the.page.getByLabel("Dated from").fill(day(60));
    await the.page.getByLabel("Dated to").fill(day(20));
    await press("Find");
    const expected = (await ask("GET", "/orders/?limit=1000&order_by=id+desc")).filter((order) =>
        order.currency === "JPY" && order.order_date >= day(60) && order.order_date < day(19));
    assert.ok(expected.length > 3);
    await listed(expected.map((order) => order.order_id));
    for (const width of [390, 1440]) {
        await resize(width);
        await shot(`filters-${width}`, { fullPage: true });
    }
    await find("nothing of this name");
    await the.page.getByText("There are none.").waitFor();
    await press("Clear");
    await listed((await list("order_by=id+desc")).slice(0, 20));
});

test("orders are sorted as chosen, at once", async () => {
    await open();
    for (const order of ["id", "order_date desc", "order_date", "total_amount desc", "total_amount", "id desc"]) {
        await the.page.getByLabel("Sorted by").selectOption(order);
        await listed((await list(new URLSearchParams({ order_by: order }))).slice(0, 20));
    }
});

test("filters that nobody submitted are not applied", async () => {
    await open();
    await check("shipped");
    await the.page.getByLabel("Search").fill("DASH-1");
    await the.page.getByLabel("Sorted by").selectOption("id");
    await listed((await list("order_by=id")).slice(0, 20));
});

test("what is looked at is in the address: it survives a reload, and can be gone back from", async () => {
    await open();
    await the.page.locator("#range").selectOption("custom");
    await the.page.locator("#first-day").fill(day(40));
    await check("pending");
    await check("shipped");
    await the.page.getByLabel("Dated from").fill(day(90));
    await the.page.getByLabel("Paid in").selectOption("EUR");
    await find("odd");
    await the.page.getByLabel("Sorted by").selectOption("order_date");
    await the.page.getByRole("button", { name: "DASH-25", exact: true }).click();
    await the.page.getByRole("dialog", { name: "DASH-25" }).waitFor();
    const look = async () => ({
        count: await the.page.locator("#order-count").innerText(), orders: await rows("orders"),
        range: await the.page.locator("#range").inputValue(), first: await the.page.locator("#first-day").inputValue(),
        statuses: await the.page.locator("#filter-statuses :checked").evaluateAll((boxes) => boxes.map((box) => box.value)),
        fields: await Promise.all(["search", "since", "until", "paid-in", "sort"].map((id) =>
            the.page.locator(`#${id}`).inputValue())),
        detail: await the.page.locator("#detail-dialog").innerText(),
    });
    const { order_count: count } = await ask("GET", `/statistics?first_day=${day(40)}`);
    await the.page.locator("#order-count", { hasText: String(count) }).waitFor();
    await the.page.getByRole("button", { name: "Change" }).waitFor();
    const before = await look();
    assert.deepEqual(before.statuses, ["pending", "shipped"]);
    await reload();
    await the.page.getByRole("button", { name: "Change" }).waitFor();
    assert.deepEqual(await look(), before);

    await the.page.goBack();
    await the.page.getByRole("dialog", { name: "DASH-25" }).waitFor({ state: "hidden" });
    await the.page.goBack();
    await the.page.goBack();
    await listed((await list("order_by=id+desc")).slice(0, 20));
    assert.equal(await the.page.locator("#search").inputValue(), "");
    assert.equal(await the.page.locator("#filter-statuses :checked").count(), 0);
});

// Or the list, and what is saved of it, would have more than was asked for.
for (const [query, unread] of [
    ["status=Shipped", "status=Shipped"],
    ["status=shipped,lost&sort=id", "status=shipped,lost"],
    ["status=pending,", "status=pending,"],
    ["since=2026-02-30&until=2026-1-1", "since=2026-02-30, until=2026-1-1"],
    ["since=2026-01-01&since=2026-02-01", "since=2026-01-01,2026-02-01"],
    ["paid_in=isk&sort=amount", "paid_in=isk, sort=amount"],
    [`paid_in=${"x".repeat(1000)}`, `paid_in=${"x".repeat(40)}`],
]) {
    test(`a filter in the address that is none is told, and nothing is listed: ${query.slice(0, 60)}`, async () => {
        await open(`?${query}`);
        await the.page.getByText(`The address has ${unread}, which is no choice here: choose anew`).waitFor();
        assert.deepEqual(await rows("orders"), []);
        assert.equal(await the.page.locator("#since").getAttribute("aria-invalid"), String(unread.includes("since")));
        assert.ok(await the.page.getByRole("button", { name: "Save all found as CSV" }).isDisabled());
        assert.notEqual(await the.page.locator("#order-count").innerText(), "–");
        await press("Clear");
        if (query.includes("sort=amount")) await the.page.getByLabel("Sorted by").selectOption("id desc");
        await listed((await list(`order_by=${query.includes("sort=id") ? "id" : "id+desc"}`)).slice(0, 20));
        assert.equal(await the.page.locator("#filters-error").innerText(), "");
    });
}

test("several statuses of an address are all of them, as of the service's", async () => {
    await open("?status=shipped&status=cancelled");
    await listed(await list("order_by=id+desc&status=shipped"));
    assert.deepEqual(await the.page.locator("#filter-statuses :checked").evaluateAll((boxes) =>
        boxes.map((box) => box.value)), ["shipped", "cancelled"]);
});

test("a currency and a step of the chart that there are not are the page's own", async () => {
    await open("?order=&by=hour&currency=XXX");
    await listed((await list("order_by=id+desc")).slice(0, 20));
    assert.notEqual(await the.page.locator("#chart-currency").inputValue(), "");
    assert.equal(await the.page.locator("#chart-step").inputValue(), "");
});

test("a year of two digits is not taken for one of the first century", async () => {
    await open();
    await the.page.locator("#since").pressSequentially("110126");
    await press("Find");
    const told = (day) => the.page.locator("#filters-error", {
        hasText: `${day} is in the year 26: write the year with four digits`,
    }).waitFor();
    await told("0026-11-01");
    assert.deepEqual(await rows("orders"), []);
    assert.equal(await the.page.locator("#since").getAttribute("aria-invalid"), "true");
    await reload();
    await told("0026-11-01");
    await press("Clear");
    await listed((await list("order_by=id+desc")).slice(0, 20));
    await the.page.goto(`${the.service.url}/dashboard?until=0026-11-30`);
    await told("0026-11-30");
});

// Whose next one is none.
test("the last day that there is can be the last of a list", async () => {
    await ask("POST", "/orders/", {
        order_id: "DASH-LAST", customer_id: "C", order_date: "9999-12-31T23:59:59Z", total_amount: 7, currency: "JPY",
    });
    try {
        await open("?since=9999-12-31&until=9999-12-31");
        await listed(["DASH-LAST"]);
    } finally {
        await ask("DELETE", "/orders/DASH-LAST");
    }
});

test("a page that is none is said to be none, and the figures are shown", async () => {
    the.refusal = "status of 422";
    await open("?page=nonsense");
    await the.page.getByText("Page token must be of a list with the same filters and order").waitFor();
    assert.deepEqual(await rows("orders"), []);
    assert.notEqual(await the.page.locator("#order-count").innerText(), "–");
    await press("Clear");
    await listed((await list("order_by=id+desc")).slice(0, 20));
});

test("a refusal that comes after something else was asked for drops nothing", async () => {
    the.refusal = "status of 422";
    await stopPolls();
    await open("?page=nonsense");
    const releaseOld = await hold(/page_token=nonsense/);
    const asked = the.page.waitForRequest(/page_token=nonsense/);
    await the.page.evaluate(() => document.dispatchEvent(new Event("visibilitychange"))); // it asks again
    await asked;
    const releaseNew = await hold(/limit=20$/);
    const askedAnew = the.page.waitForRequest(/limit=20$/);
    await press("Clear");
    await askedAnew;
    const refused = the.page.waitForResponse(/page_token=nonsense/);
    await releaseOld();
    await (await refused).finished();
    await the.page.evaluate(() => new Promise((resolve) => setTimeout(resolve))); // it knows of it
    await releaseNew();
    await listed((await list("order_by=id+desc")).slice(0, 20));
});

// By a clock of which the first list takes a second, and nothing else any time.
test("a list is polled for a tenth of the time at most, and asked for at once by who does something", async () => {
    let asked = 0;
    await stopPolls();
    await the.page.addInitScript(() => { window.now = 0; performance.now = () => window.now; });
    await the.page.route(/limit=20$/, async (route) => {
        if (asked++ === 0) await the.page.evaluate(() => { window.now = 1000; });
        await route.continue();
    });
    await open();
    const counts = [];
    for (const [now, act] of [[9999, () => window.poll()], [10000, () => window.poll()],
        [10000, () => document.dispatchEvent(new Event("visibilitychange"))]]) {
        await the.page.evaluate((at) => { window.now = at; window.poll.isOld = true; }, now);
        await the.page.evaluate(act);
        await the.page.waitForFunction(() => !window.poll.isOld); // what was asked for has come
        counts.push(asked);
    }
    assert.deepEqual(counts, [1, 2, 3]);
});

test("days the wrong way round are said to be", async () => {
    await open(`?since=${day(1)}&until=${day(2)}`);
    await the.page.getByText(`The first day, ${day(1)}, is after the last, ${day(2)}`).waitFor();
    assert.equal(await the.page.getByLabel("Dated to").getAttribute("aria-invalid"), "true");
    assert.deepEqual(await rows("orders"), []);
});

test("an order whose id is no path can be looked at", async () => {
    await ask("POST", "/orders/", { order_id: "..", customer_id: "dots", total_amount: 7, currency: "JPY" });
    await open();
    await press("..");
    assert.match(await the.page.getByRole("dialog").innerText(), /Customer\s+dots/);
});

test("what orders hold is shown as text", async () => {
    await open();
    await find("<b>&DASH");
    await listed(["<b>&DASH"]);
    await press("<b>&DASH");
    assert.match(await the.page.getByRole("dialog").innerText(), /<script>alert\(1\)<\/script>/);
});

// As of a service that has looked at as many orders as it does at a time: their answers are in place of its own.
test("a page with less than there is room for leads on", async () => {
    await open();
    await the.page.route(/search=rare/, (route) => {
        const isFirst = !route.request().url().includes("page_token");
        return route.fulfill({ json: [], headers: isFirst ? { Link: '</orders/?page_token=on>; rel="next"' } : {} });
    });
    await find("rare");
    await the.page.getByText("None among the orders that were looked at so far: Next goes on.").waitFor();
    await press("Next");
    await the.page.getByText("There are none.").waitFor();
});

// A spreadsheet would run the customer's name.
// What is listed is not what the form says until then, and nobody must take it for that.
test("filters that are not applied yet are said so, and nothing is saved by others", async () => {
    await open("?status=shipped,pending");
    const note = the.page.locator("#filters-note"), yet = "Not applied yet: press Find.";
    assert.equal(await note.innerText(), "");
    await the.page.getByLabel("Search").fill("DASH-2");
    await the.page.getByLabel("Dated from").fill("2025-05-03");
    assert.equal(await note.innerText(), `Days from Saturday 3 May 2025. ${yet}`);
    await press("Save all found as CSV");
    await the.page.getByText("Nothing was saved: press Find first").waitFor();
    await the.page.getByLabel("Sorted by").selectOption("id");
    assert.ok((await note.innerText()).includes(yet));
    await press("Find");
    assert.equal(await note.innerText(), "Days from Saturday 3 May 2025.");
    await saved("Save all found as CSV");
    await the.page.getByText(/^Saved \d+ orders\.$/).waitFor();
    await the.page.getByLabel("Dated to").pressSequentially("05"); // a month alone
    await press("Save all found as CSV");
    await the.page.getByText("Nothing was saved: press Find first").waitFor();
    await press("Clear");
    await the.page.waitForFunction(() => document.getElementById("filters-note").textContent === "");
});

test("all that the filters leave is saved as CSV, from the first page on", async () => {
    await ask("POST", "/orders/", {
        order_id: "DASH-\"CSV\",", customer_id: "=HYPERLINK(1)", order_date: day(0), total_amount: 123456,
        currency: "EUR",
    });
    try {
        await open("?search=%3DHYPER");
        await listed(['DASH-"CSV",']);
        const [name, text] = await saved("Save all found as CSV");
        assert.equal(name, `orders-${day(0)}.csv`);
        assert.equal(text, "\uFEFForder_id,customer_id,order_date,total_amount,currency,status\r\n" +
            `"DASH-""CSV"",",'=HYPERLINK(1),${day(0)}T00:00:00Z,1234.56,EUR,pending\r\n`);
        await the.page.getByText("Saved 1 order.").waitFor();
    } finally {
        await ask("DELETE", `/orders/${encodeURIComponent('DASH-"CSV",')}`);
    }
    await the.page.goto(`${the.service.url}/dashboard?status=pending&sort=total_amount`);
    const all = await list("status=pending&order_by=total_amount");
    assert.ok(all.length > 20);
    await listed(all.slice(0, 20));
    await press("Next");
    await listed(all.slice(20));
    const [, text] = await saved("Save all found as CSV");
    assert.deepEqual(text.split("\r\n").slice(1, -1).map((line) => line.split(",")[0]), all);
});
