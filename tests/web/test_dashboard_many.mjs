// test_dashboard_many.mjs: the dashboard with as many orders as a shop has: 5,000 in six currencies over 400 days.
import assert from "node:assert/strict";
import { test } from "node:test";

import { AxeBuilder } from "@axe-core/playwright";

import { ask, day, looks, open, prepare, resize, rows, shot, stopPolls, the } from "./dashboard.mjs";

const ORDERS = 5000, DAYS = 400, DRAWN_MS = 100, WAIT_MS = 1000;
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
    await looks("many");
    // No column is cut, with the comparison as without; a row whose cells are stacked has all of them, too.
    await the.page.getByText("The same as a table").click();
    for (const days of ["30", ""]) {
        await the.page.locator("#range").selectOption(days);
        await the.page.waitForFunction((isCompared) =>
            document.getElementById("totals").classList.contains("compared") === isCompared, days !== "");
        for (const width of [320, 390, 620, 900, 1024, 1280, 1440]) {
            await resize(width);
            assert.deepEqual(await the.page.locator(".wide:visible").evaluateAll((frames) =>
                frames.filter((frame) => frame.scrollWidth > frame.clientWidth)
                    .map((frame) => `${frame.ariaLabel}: ${frame.scrollWidth} px in ${frame.clientWidth}`)), [], `${width}`);
            const isStacked = await the.page.locator("#totals").evaluate((table) => table.classList.contains("stacked"));
            if (width >= 1440 || (days !== "" && width >= 1024)) assert.ok(!isStacked, `the totals, at ${width} px`);
            await shot(`many-${days || "all"}-${width}`, { fullPage: true });
        }
    }
    for (const colorScheme of ["light", "dark"]) {
        await the.page.emulateMedia({ colorScheme });
        const { violations } = await new AxeBuilder({ page: the.page }).analyze();
        assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]), []);
    }
});

test("the days of the axis have room between them on a phone", async () => {
    await resize(390);
    await the.page.addInitScript(() => {
        window.marks = new Map(); // where each day begins and ends, as drawn last
        const { fillText } = CanvasRenderingContext2D.prototype;
        CanvasRenderingContext2D.prototype.fillText = function (text, x, ...rest) {
            const half = this.measureText(text).width / 2;
            if (/^\d{4}-\d\d-\d\d$/.test(text)) window.marks.set(text, [x - half, x + half]);
            fillText.call(this, text, x, ...rest);
        };
    });
    await open();
    const marks = await the.page.evaluate(() => [...window.marks.values()].sort(([one], [other]) => one - other));
    assert.ok(marks.length > 1);
    for (let i = 1; i < marks.length; i++) assert.ok(marks[i][0] - marks[i - 1][1] >= 8, JSON.stringify(marks));
});

const chartChoice = (i) => (i % 2 ? ["chart-step", ["day", "week", "month", ""][(i >> 1) % 4]]
    : ["chart-currency", currencies[(i >> 1) % 6]]);
const sortChoice = (i) => ["sort", ["order_date", "total_amount desc", "id", "id desc"][i % 4]];

// Of 40 choices, from the event on until what follows from it was painted: the task after the next frame comes after
// its paint. Of what is asked for first, until that has changed the list. In real time, which has the network and the
// service and whatever else runs on the machine, and in time of the page's thread, which is the page's alone.
async function drawingTimes(choose, changes) {
    const session = await the.page.context().newCDPSession(the.page);
    await session.send("Performance.enable", { timeDomain: "threadTicks" });
    const spent = async () => (await session.send("Performance.getMetrics")).metrics
        .find(({ name }) => name === "TaskDuration").value * 1000;
    const real = [], own = [];
    for (let i = 0; i < 40; i++) {
        const before = await spent();
        real.push(await the.page.evaluate(async ([[id, value], changed]) => {
            const begun = performance.now();
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
            return performance.now() - begun;
        }, [choose(i), changes]));
        own.push(await spent() - before);
    }
    return [real, own].map((times) => times.sort((one, other) => one - other));
}

for (const [what, ...how] of [["the chart", chartChoice], ["the orders", sortChoice, "#orders tbody"]]) {
    test(`what is chosen of ${what} is drawn within 100 ms, 95 times of 100`, async () => {
        await stopPolls();
        await open();
        const [real, own] = (await drawingTimes(...how)).map((times) =>
            [0.5, 0.95].map((part) => times[Math.ceil(part * times.length) - 1]));
        const show = ([p50, p95]) => `p50 ${p50.toFixed(0)} ms, p95 ${p95.toFixed(0)} ms`;
        console.log(`${what}, from input to drawn: ${show(real)}; of the page's thread: ${show(own)}`);
        assert.ok(own[0] > 0 && own[1] <= DRAWN_MS, `of the page's thread: ${show(own)}`);
        assert.ok(real[0] <= WAIT_MS, show(real)); // of a machine that may be busy
    });
}
