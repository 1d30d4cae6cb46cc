// test_dashboard.mjs: the dashboard in a real browser: each figure on it against the service's own answers.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";

import { AxeBuilder } from "@axe-core/playwright";

import { launch, openPage } from "./browser.mjs";
import { key, startService } from "./service.mjs";

const decimals = { ISK: 2, EUR: 2, JPY: 0 };
const ORDERS = 30;

let service, browser, page, complaints;
let refusal; // what the browser itself complains of, at a time of its own, where a test wants to be refused

async function ask(method, path, body) {
    const answer = await fetch(service.url + path, {
        method,
        headers: { "X-API-Key": key },
        body: body && JSON.stringify(body),
    });
    assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
    return method === "DELETE" ? null : answer.json();
}

const day = (daysAgo) => new Date(Date.now() - daysAgo * 86400000).toISOString().slice(0, 10);

// Of three currencies, and of days of which some are months ago.
async function fill() {
    for (let i = 1; i <= ORDERS; i++) {
        await ask("POST", "/orders/", {
            order_id: `DASH-${i}`,
            customer_id: i % 2 ? "odd" : "even",
            order_date: day((i % 5) * 20),
            total_amount: 1000 * i + 1,
            currency: ["ISK", "EUR", "JPY"][i % 3],
            status: i % 4 ? "pending" : "shipped",
        });
    }
    await ask("POST", "/orders/", {
        order_id: "DASH-LARGE", customer_id: "odd", order_date: day(0), total_amount: Number.MAX_SAFE_INTEGER,
        currency: "EUR",
    });
    await ask("POST", "/orders/", {
        order_id: "<b>&DASH", customer_id: "<script>alert(1)</script>", order_date: day(0),
        total_amount: Number.MAX_SAFE_INTEGER, currency: "EUR",
    });
}

before(async () => {
    service = await startService({ ORDERS_RATES: "ISK:1,EUR:150.5,JPY:0.9" });
    browser = await launch();
    await fill();
});

after(async () => {
    await browser?.close();
    await service?.stop();
});

beforeEach(async () => {
    ({ page, complaints } = await openPage(browser, service));
    refusal = null;
});

afterEach(async () => {
    await page.context().close();
    assert.deepEqual(complaints.filter((complaint) => refusal === null || !complaint.includes(refusal)), []);
});

async function give(given) {
    await page.getByLabel("Key", { exact: true }).fill(given);
    await page.getByRole("button", { name: "Open" }).click();
}

async function open() {
    await page.goto(`${service.url}/dashboard`);
    await give(key);
    await page.getByText(/^Live/).waitFor();
}

async function find(id) {
    await page.getByLabel("Order ID").first().fill(id);
    await page.getByRole("button", { name: "Find" }).click();
}

// Has the first request that matches dealt with in a way of its own; others go through. (With `times`, Playwright would
// let go of what is held as soon as it is.)
async function first(pattern, deal) {
    const deals = [deal];
    await page.route(pattern, (route) => (deals.pop() ?? ((each) => each.continue()))(route));
}

const abort = (route) => route.abort();

// Has it wait until what this returns is called.
async function hold(pattern) {
    let release, gone;
    const released = new Promise((resolve) => { release = resolve; });
    const sent = new Promise((resolve) => { gone = resolve; });
    await first(pattern, async (route) => { await released; gone(route.continue()); });
    return () => { release(); return sent; };
}

// Before the page is opened: it asks when somebody does something, and at no other time.
const stopPolls = () => page.addInitScript(() => {
    const start = setTimeout;
    window.setTimeout = (run, ms) => (ms >= 1000 ? 0 : start(run, ms));
});

// The rows of a table, its cells as text.
const rows = (id) => page.locator(`#${id} tbody tr`).evaluateAll((found) =>
    found.map((row) => [...row.cells].map((cell) => cell.textContent)));

// As the page writes an amount; of what JSON's own reader would round, as text.
function money(amount, currency) {
    const digits = String(amount).padStart(decimals[currency] + 1, "0");
    const cut = digits.length - decimals[currency];
    const whole = digits.slice(0, cut).replace(/\B(?=(\d{3})+$)/g, ",");
    return `${whole}${cut < digits.length ? `.${digits.slice(cut)}` : ""} ${currency}`;
}

test("each figure is the summary's", async () => {
    const summary = await (await fetch(`${service.url}/orders/summary`, { headers: { "X-API-Key": key } })).text();
    const exact = JSON.parse(summary.replace(/:(\d+)/g, ':"$1"'));
    await open();
    assert.equal(await page.locator("#order-count").innerText(), exact.total_orders);

    const totals = await rows("totals");
    assert.deepEqual(totals.map(([currency, , revenue]) => [currency, revenue]),
        exact.total_revenue.map(({ currency, total }) => [currency, money(total, currency)]));
    assert.equal(totals.reduce((sum, [, orders]) => sum + Number(orders), 0), Number(exact.total_orders));
    for (const [currency, orders, , average] of totals) {
        const { total } = exact.total_revenue.find((each) => each.currency === currency);
        const half = BigInt(orders) / 2n;
        assert.equal(average, money((BigInt(total) + half) / BigInt(orders), currency));
    }
    for (const currency of Object.keys(decimals)) {
        await page.locator("#chart-currency").selectOption(currency);
        assert.deepEqual((await rows("days")).map(([date, , revenue]) => [date, revenue]),
            exact.revenue_per_day.filter((each) => each.currency === currency)
                .map(({ date, revenue }) => [date, money(revenue, currency)]));
    }
    await page.locator("#chart canvas").waitFor();
});

test("an estimate in one currency is marked as one", async () => {
    const { total_revenue: totals } = await ask("GET", "/orders/summary");
    const rates = { ISK: 1, EUR: 150.5, JPY: 0.9 };
    const sum = totals.reduce((all, { currency, total }) =>
        all + total / 10 ** decimals[currency] * rates[currency], 0);
    await open();
    const shown = await page.locator("#estimate").innerText();
    assert.match(shown, /estimated/);
    const [, figure] = /≈ ([\d,]+) ISK/.exec(shown);
    assert.ok(Math.abs(Number(figure.replaceAll(",", "")) - sum) <= sum * 1e-12 + 1);
});

test("an estimate that lacks a rate is none, and says which", async () => {
    await ask("POST", "/orders/", { order_id: "DASH-SEK", customer_id: "C", total_amount: 7, currency: "SEK" });
    try {
        await open();
        await page.getByText("No estimate: ORDERS_RATES has no rate for SEK").waitFor();
        assert.ok(await page.locator("#estimate").isHidden());
    } finally {
        await ask("DELETE", "/orders/DASH-SEK");
    }
});

// What the chart has where the pointer is: at the left end of the axis it is 0, at the right one 1.
async function pointAt(part) {
    const { x, y, width, height } = await page.locator("#chart .u-over").boundingBox();
    await page.mouse.move(x + width / 2, y + height / 2);
    await page.mouse.move(x + 1 + (width - 2) * part, y + height / 2);
    const [begin, revenue] = await page.locator("#chart .u-legend .u-value").allInnerTexts();
    const [step] = await page.locator("#chart .u-legend .u-label").allInnerTexts();
    const point = await page.locator("#chart .u-cursor-pt").boundingBox();
    return { step, begin, revenue, at: (point.x + point.width / 2 - x) / width };
}

const summaryHas = (text) => page.locator("#chart-summary", { hasText: text }).waitFor();

test("the chart is of the range that was chosen", async () => {
    await open();
    await page.locator("#range").selectOption("30");
    await summaryHas(`from ${day(20)} to`);
    assert.equal((await pointAt(0)).begin, day(29));
    assert.equal((await pointAt(1)).begin, day(0));

    // A single day is the middle of a week.
    await page.locator("#range").selectOption("custom");
    await page.locator("#first-day").fill(day(20));
    await page.locator("#last-day").fill(day(20));
    await summaryHas("1 day has");
    const { begin, at } = await pointAt(0.5);
    assert.equal(begin, day(20));
    assert.ok(Math.abs(at - 0.5) < 0.01, `it is at ${at}`);
    if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/one-day.png` });
});

for (const [date, step, begin] of [
    [day(1100), "Week", null], ["1990-07-16", "Month", "1990-07-01"], ["0025-06-01", "Year", "0025-01-01"],
]) {
    test(`a chart from ${date} on has a point for each ${step.toLowerCase()}`, async () => {
        await ask("POST", "/orders/", {
            order_id: "DASH-OLD", customer_id: "C", order_date: date, total_amount: 7, currency: "EUR",
        });
        try {
            await open();
            await summaryHas(`from ${date} to ${day(0)}`);
            await summaryHas(`The chart has a point for each ${step.toLowerCase()}.`);
            const point = await pointAt(0);
            assert.equal(point.step, step);
            assert.equal(point.revenue, "0.07");
            if (begin !== null) assert.equal(point.begin, begin);
            if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/${step}.png` });
        } finally {
            await ask("DELETE", "/orders/DASH-OLD");
        }
    });
}

test("a range of days has the figures of those days", async () => {
    await open();
    await page.locator("#range").selectOption("7");
    const expected = await ask("GET", `/statistics?first_day=${day(6)}`);
    await page.waitForFunction((count) => document.getElementById("order-count").textContent === count,
        String(expected.order_count));
    assert.equal((await rows("totals")).length, expected.currencies.length);
    await page.locator("#range").selectOption("custom");
    await page.locator("#first-day").fill(day(20));
    await page.locator("#last-day").fill(day(20));
    const one = await ask("GET", `/statistics?first_day=${day(20)}&last_day=${day(20)}`);
    await page.waitForFunction((count) => document.getElementById("order-count").textContent === count,
        String(one.order_count));
});

test("orders are paged, filtered, found and looked at", async () => {
    await open();
    const all = (await ask("GET", "/orders/?order_by=id+desc&limit=1000")).map((order) => order.order_id);
    assert.deepEqual((await rows("orders")).map(([id]) => id), all.slice(0, 20));
    await page.getByRole("button", { name: "Older" }).click();
    await page.getByRole("button", { name: all[20], exact: true }).waitFor();
    assert.deepEqual((await rows("orders")).map(([id]) => id), all.slice(20));
    assert.ok(await page.getByRole("button", { name: "Older" }).isDisabled());

    await page.getByLabel("Status").first().selectOption("shipped");
    await page.getByRole("button", { name: "Find" }).click();
    await page.waitForFunction(() => [...document.querySelectorAll("#orders tbody tr")]
        .every((row) => row.cells[4].textContent === "shipped"));
    assert.equal((await rows("orders")).length, Math.floor(ORDERS / 4));

    await page.getByRole("button", { name: "Clear" }).click();
    await find("<b>&DASH");
    await page.waitForFunction(() => document.querySelectorAll("#orders tbody tr").length === 1);
    await page.getByRole("button", { name: "<b>&DASH" }).click();
    const dialog = page.getByRole("dialog");
    assert.match(await dialog.innerText(), /<script>alert\(1\)<\/script>/);
    await dialog.getByRole("button", { name: "Close" }).click();

    refusal = "status of 404";
    await find("DASH-NONE");
    await page.getByText("There are none.").waitFor();
});

test("filters that nobody submitted are not applied", async () => {
    await open();
    await page.getByLabel("Status").first().selectOption("shipped");
    await page.getByLabel("Order ID").first().fill("DASH-1");
    await page.getByRole("button", { name: "Older" }).click();
    const [first] = await ask("GET", "/orders/?order_by=id+desc&skip=20&limit=1");
    await page.getByRole("button", { name: first.order_id, exact: true }).waitFor();
    assert.ok((await rows("orders")).some(([, , , , status]) => status === "pending"));
});

test("an id that is no path is not asked for as one", async () => {
    await open();
    await find("summary");
    await page.getByText("There are none.").waitFor();
    assert.deepEqual(await rows("orders"), []);

    await ask("POST", "/orders/", { order_id: "..", customer_id: "dots", total_amount: 7, currency: "JPY" });
    await find("..");
    await page.getByText("An order of this id is found in the list only.").waitFor();
    await page.getByRole("button", { name: "Clear" }).click();
    await page.getByRole("button", { name: "..", exact: true }).click();
    assert.match(await page.getByRole("dialog").innerText(), /customer id\s+dots/);
});

const countIsShown = async () =>
    page.locator("#order-count", { hasText: String((await ask("GET", "/statistics")).order_count) }).waitFor();

test("figures are shown when the orders come too late", async () => {
    await stopPolls();
    const release = await hold(/\/orders\/\?/);
    const figures = page.waitForResponse(/statistics/);
    await page.goto(`${service.url}/dashboard`);
    await give(key);
    await (await figures).finished();
    await page.getByRole("button", { name: "Find" }).click();
    await page.getByText(/^Live/).waitFor();
    await countIsShown();
    await release();
});

test("figures are shown when the orders do not come", async () => {
    await stopPolls();
    refusal = "ERR_FAILED";
    await first(/\/orders\/\?/, abort);
    const release = await hold(/\/statistics/);
    await page.goto(`${service.url}/dashboard`);
    await give(key);
    await page.getByText(/^Not live/).waitFor();
    await release();
    await countIsShown();
});

test("what has not changed is not sent again, and stays", async () => {
    await open();
    const unchanged = (path) => page.waitForResponse((answer) =>
        answer.url().includes(path) && answer.status() === 304);
    await Promise.all([unchanged("/statistics"), unchanged("/orders/")]);
    assert.equal((await rows("orders")).length, 20);
});

test("a new order appears, and what is refused is said at its field", async () => {
    await open();
    await page.getByRole("button", { name: "New order" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Customer").fill("C-1");
    for (const amount of ["12.345", "259,90", "1,23,456", "1234,567", "1,2345"]) {
        await dialog.getByLabel("Amount").fill(amount);
        await dialog.getByRole("button", { name: "Create" }).click();
        await dialog.getByText("A number with at most 2 decimals, such as 1,234.00").waitFor();
    }
    refusal = "status of 422";
    await dialog.getByLabel("Amount").fill("1,234.5");
    await dialog.getByRole("button", { name: "Create" }).click();
    await dialog.getByText("Field required").waitFor();
    assert.equal(await dialog.getByLabel("Order ID").getAttribute("aria-invalid"), "true");

    await dialog.getByLabel("Order ID").fill("DASH-NEW");
    await dialog.getByRole("button", { name: "Create" }).click();
    await page.getByRole("button", { name: "DASH-NEW" }).waitFor();
    assert.equal((await ask("GET", "/orders/DASH-NEW")).total_amount, 123450);
});

test("an order that somebody else creates appears by itself", async () => {
    await open();
    await ask("POST", "/orders/", { order_id: "DASH-ELSE", customer_id: "C", total_amount: 7, currency: "JPY" });
    await page.getByRole("button", { name: "DASH-ELSE" }).waitFor();
});

test("a wrong key is asked for again, and a right one is kept for the tab", async () => {
    await stopPolls();
    refusal = "status of 403";
    await page.goto(`${service.url}/dashboard`);
    await give("lykill með ð");
    await page.getByText("A key has ASCII letters, digits and signs only").waitFor();
    await give("wrong");
    await page.getByText("Invalid API key", { exact: true }).waitFor();
    await give(key);
    await page.getByText(/^Live/).waitFor(); // at once: there are no polls
    await page.reload();
    await page.getByText(/^Live/).waitFor();
});

test("the key cannot be left out", async () => {
    await page.goto(`${service.url}/dashboard`);
    for (let i = 0; i < 3; i++) {
        await page.getByRole("dialog").waitFor();
        await page.keyboard.press("Escape");
    }
    await give(key);
    await page.getByText(/^Live/).waitFor();
});

test("settings that do not come are asked for again", async () => {
    refusal = "ERR_FAILED";
    await first("**/settings.json", abort);
    await page.goto(`${service.url}/dashboard`);
    await give(key);
    await page.getByText(/^Not live/).waitFor();
    await page.getByText(/^Live/).waitFor();
});

test("a screen reader is told what changes, not each time that nothing does", async () => {
    await open();
    await page.evaluate(() => {
        window.told = [];
        const observer = new MutationObserver((mutations) =>
            told.push(...mutations.map(({ target }) => target.textContent)));
        for (const region of document.querySelectorAll("[role=status], [role=alert]"))
            observer.observe(region, { childList: true, characterData: true, subtree: true });
    });
    for (let i = 0; i < 2; i++) {
        const time = await page.locator("#as-of").innerText();
        await page.waitForFunction((before) => document.getElementById("as-of").textContent !== before, time);
    }
    assert.deepEqual(await page.evaluate(() => told), []);
});

for (const scheme of ["light", "dark"]) {
    for (const width of [390, 1440]) {
        test(`it can be used by everybody, ${scheme}, ${width} pixels wide`, async () => {
            await page.emulateMedia({ colorScheme: scheme });
            await page.setViewportSize({ width, height: 900 });
            await open();
            if (process.env.SCREENSHOTS)
                await page.screenshot({ path: `${process.env.SCREENSHOTS}/${scheme}-${width}.png`, fullPage: true });
            const beyond = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
            assert.ok(beyond <= 0, `the page is ${beyond} pixels too wide`);
            assert.deepEqual(await page.locator("#totals td, #orders .amount, #orders .status").evaluateAll((cells) =>
                cells.filter((cell) => cell.getBoundingClientRect().right > innerWidth ||
                    cell.scrollWidth > cell.clientWidth).map((cell) => cell.textContent)), []);
            for (const button of [null, "New order"]) {
                if (button !== null) await page.getByRole("button", { name: button }).click();
                const { violations } = await new AxeBuilder({ page }).analyze();
                assert.deepEqual(violations.filter(({ impact }) => ["serious", "critical"].includes(impact))
                    .map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]), []);
            }
        });
    }
}
