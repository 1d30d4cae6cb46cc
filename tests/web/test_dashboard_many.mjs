// test_dashboard_many.mjs: the dashboard with as many orders as a shop has: 5,000 in six currencies over 400 days.
import assert from "node:assert/strict";
import { test } from "node:test";

import { ask, day, open, prepare, rows, shot, stopPolls, the } from "./dashboard.mjs";

const ORDERS = 5000, DAYS = 400, DRAWN_MS = 100;
const currencies = ["EUR", "GBP", "ISK", "JPY", "SEK", "USD"];
const statuses = ["pending", "confirmed", "processing", "shipped", "delivered", "completed", "cancelled"];

prepare(async () => {
    let made = 0;
    const make = async () => {
        while (made < ORDERS) {
            const i = made++;
            await ask("POST", "/orders/", {
                order_id: `MANY-${i}`, customer_id: `C-${i % 97}`, order_date: day((i * 7) % DAYS),
                total_amount: (i * 7919) % 500000 + 100, currency: currencies[i % 6], status: statuses[(i * 5) % 7],
            });
        }
    };
    await Promise.all(Array.from({ length: 16 }, make));
});

test("400 days are readable: few enough points, and all orders in them", async () => {
    await open();
    const [{ order_count: orders }] = (await ask("GET", "/statistics")).currencies;
    await the.page.locator("#chart-currency").selectOption("EUR");
    const weeks = await rows("days");
    assert.ok(weeks.length >= DAYS / 7 && weeks.length <= DAYS / 7 + 2, `${weeks.length} weeks`);
    assert.equal(weeks.reduce((sum, [, count]) => sum + Number(count), 0), orders);
    assert.equal(await the.page.locator("#pending-count").innerText(), String(Math.ceil(ORDERS / 7)));
    for (const width of [390, 1440]) {
        await the.page.setViewportSize({ width, height: 900 });
        await shot(`many-${width}`, { fullPage: true });
    }
});

const chartChoice = (i) => (i % 2 ? ["chart-step", ["day", "week", "month", ""][(i >> 1) % 4]]
    : ["chart-currency", currencies[(i >> 1) % 6]]);
const sortChoice = (i) => ["sort", ["order_date", "total_amount desc", "id", "id desc"][i % 4]];

// Of 40 choices, from the event on until what follows from it was painted: the task after the next frame comes after
// its paint. Of what is asked for first, until that has changed the list. In time of the page's thread, as what else
// runs on the machine is not the page's.
async function drawingTimes(choose, changes) {
    const session = await the.page.context().newCDPSession(the.page);
    await session.send("Performance.enable", { timeDomain: "threadTicks" });
    const spent = async () => (await session.send("Performance.getMetrics")).metrics
        .find(({ name }) => name === "TaskDuration").value * 1000;
    const times = [];
    for (let i = 0; i < 40; i++) {
        const before = await spent();
        await the.page.evaluate(async ([[id, value], changed]) => {
            const element = document.getElementById(id);
            element.value = value;
            const change = new Promise((resolve) => {
                if (changed === undefined) resolve();
                else new MutationObserver(resolve).observe(document.querySelector(changed), { childList: true });
            });
            element.dispatchEvent(new Event("change"));
            await change;
            await new Promise((resolve) => requestAnimationFrame(() => {
                const { port1, port2 } = new MessageChannel();
                port1.onmessage = resolve;
                port2.postMessage(null);
            }));
        }, [choose(i), changes]);
        times.push(await spent() - before);
    }
    return times.sort((one, other) => one - other);
}

for (const [what, ...how] of [["the chart", chartChoice], ["the orders", sortChoice, "#orders tbody"]]) {
    test(`what is chosen of ${what} is drawn within 100 ms, 95 times of 100`, async () => {
        await stopPolls();
        await open();
        const times = await drawingTimes(...how);
        const [p50, p95] = [0.5, 0.95].map((part) => times[Math.ceil(part * times.length) - 1]);
        console.log(`${what}, from input to drawn: p50 ${p50.toFixed(0)} ms, p95 ${p95.toFixed(0)} ms`);
        assert.ok(p50 > 0 && p95 <= DRAWN_MS, `p95 is ${p95} ms`);
    });
}
