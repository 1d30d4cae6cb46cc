// dashboard.mjs: the dashboard in a real browser, for the suites that try it.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach } from "node:test";

import { launch, openPage } from "./browser.mjs";
import { key, startService } from "./service.mjs";

export const decimals = { ISK: 2, EUR: 2, JPY: 0, SEK: 2 };
export const rates = { ISK: 1, EUR: 150.5, JPY: 0.9 };

// What a suite has: `service`, and for each test a `page`, whose `complaints` (browser.mjs) fail it, but for those
// that have `refusal`, where a test wants to be refused.
export const the = { service: null, page: null, complaints: [], refusal: null };

export async function ask(method, path, body, headers = {}) {
    const answer = await fetch(the.service.url + path, {
        method,
        headers: { "X-API-Key": key, ...headers },
        body: body && JSON.stringify(body),
    });
    assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
    return method === "DELETE" ? null : answer.json();
}

export const day = (daysAgo) => new Date(Date.now() - daysAgo * 86400000).toISOString().slice(0, 10);

export const ORDERS = 30;

// Of three currencies, and of days of which some are months ago.
export async function fill() {
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
        currency: "ISK",
    });
    await ask("POST", "/orders/", {
        order_id: "<b>&DASH", customer_id: "<script>alert(1)</script>", order_date: day(0),
        total_amount: Number.MAX_SAFE_INTEGER, currency: "ISK",
    });
}

// A service and a browser for all tests of the suite, with what `fill` makes.
export function prepare(fill) {
    let browser;

    before(async () => {
        const list = Object.entries(rates).map(([code, rate]) => `${code}:${rate}`);
        the.service = await startService({ ORDERS_RATES: list.join(",") });
        browser = await launch();
        await fill();
    });

    after(async () => {
        await browser?.close();
        await the.service?.stop();
    });

    beforeEach(async () => {
        Object.assign(the, await openPage(browser, the.service), { refusal: null });
    });

    afterEach(async () => {
        await the.page.context().close();
        assert.deepEqual(the.complaints.filter((complaint) =>
            the.refusal === null || !complaint.match(the.refusal)), []);
    });
}

export async function give(given) {
    await the.page.getByLabel("Key", { exact: true }).fill(given);
    await the.page.getByRole("button", { name: "Open" }).click();
}

export const isLive = () => the.page.getByText(/^Live/).waitFor();

export async function open(query = "") {
    await the.page.goto(`${the.service.url}/dashboard${query}`);
    await give(key);
    await isLive();
}

export async function reload() {
    await the.page.reload();
    await isLive();
}

export async function find(text) {
    await the.page.getByLabel("Search").fill(text);
    await the.page.getByRole("button", { name: "Find" }).click();
}

// Until the list shows these orders, in their order.
export const listed = (ids) => the.page.waitForFunction((expected) =>
    [...document.querySelectorAll("#orders .order")].map((cell) => cell.textContent).join() === expected, ids.join());

// The rows of a table, its cells as text.
export const rows = (id) => the.page.locator(`#${id} tbody tr`).evaluateAll((found) =>
    found.map((row) => [...row.cells].map((cell) => cell.textContent)));

// As the page writes an amount; of what JSON's own reader would round, as text.
export function money(amount, currency) {
    const digits = String(amount).padStart(decimals[currency] + 1, "0");
    const cut = digits.length - decimals[currency];
    const whole = digits.slice(0, cut).replace(/\B(?=(\d{3})+$)/g, ",");
    return `${whole}${cut < digits.length ? `.${digits.slice(cut)}` : ""} ${currency}`;
}

// Has the first request that matches dealt with in a way of its own; others go through. (With `times`, Playwright would
// let go of what is held as soon as it is.)
export async function first(pattern, deal) {
    const deals = [deal];
    await the.page.route(pattern, (route) => (deals.pop() ?? ((each) => each.continue()))(route));
}

export const abort = (route) => route.abort();

// Has it wait until what this returns is called.
export async function hold(pattern) {
    let release, gone;
    const released = new Promise((resolve) => { release = resolve; });
    const sent = new Promise((resolve) => { gone = resolve; });
    await first(pattern, async (route) => { await released; gone(route.continue()); });
    return () => { release(); return sent; };
}

// Before the page is opened: it asks when somebody does something, or calls window.poll(), and at no other time.
export const stopPolls = () => the.page.addInitScript(() => {
    const start = setTimeout;
    window.setTimeout = (run, ms, ...given) => {
        if (!(ms >= 1000)) return start(run, ms, ...given);
        window.poll = () => run(...given);
        return 0;
    };
});

// What a button has the browser save: the file's name, and its text.
export async function saved(button) {
    const download = the.page.waitForEvent("download");
    await the.page.getByRole("button", { name: button }).click();
    const file = await download;
    const chunks = [];
    for await (const chunk of await file.createReadStream()) chunks.push(chunk);
    return [file.suggestedFilename(), Buffer.concat(chunks).toString()];
}

// A window of that width, once the page has fitted itself to it: it is told of its size in the frame after.
export async function resize(width) {
    await the.page.setViewportSize({ width, height: 900 });
    await the.page.waitForFunction((set) => innerWidth === set, width);
    await the.page.evaluate(() => new Promise((drawn) => {
        requestAnimationFrame(() => requestAnimationFrame(drawn));
    }));
}

// On a phone and at a desk, by day and by night: as wide as there is room for.
export async function looks(name) {
    for (const width of [390, 1440]) {
        for (const colorScheme of ["light", "dark"]) {
            await resize(width);
            await the.page.emulateMedia({ colorScheme });
            await shot(`${name}-${width}-${colorScheme}`, { fullPage: true });
            const wide = await the.page.evaluate(() => document.documentElement.scrollWidth);
            assert.ok(wide <= width, `${wide} px of ${width}`);
        }
    }
}

export const shot = async (name, options) => {
    if (process.env.SCREENSHOTS) await the.page.screenshot({ path: `${process.env.SCREENSHOTS}/${name}.png`, ...options });
};
