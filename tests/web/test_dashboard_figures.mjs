// test_dashboard_figures.mjs: each figure of the dashboard against the service's own answers.
import assert from "node:assert/strict";
import { test } from "node:test";

import {
    ask, day, decimals, fill, money, open, prepare, rates, reload, resize, rows, saved, shot, the,
} from "./dashboard.mjs";
import { key } from "./service.mjs";

prepare(fill);

test("each figure is the summary's", async () => {
    const summary = await (await fetch(`${the.service.url}/orders/summary`, { headers: { "X-API-Key": key } })).text();
    const exact = JSON.parse(summary.replace(/:(\d+)/g, ':"$1"'));
    await open();
    assert.equal(await the.page.locator("#order-count").innerText(), exact.total_orders);

    const totals = await rows("totals");
    assert.deepEqual(totals.map(([currency, , revenue]) => [currency, revenue]),
        exact.total_revenue.map(({ currency, total }) => [currency, money(total, currency)]));
    assert.equal(totals.reduce((sum, [, orders]) => sum + Number(orders), 0), Number(exact.total_orders));
    for (const [currency, orders, , average] of totals) {
        const { total } = exact.total_revenue.find((each) => each.currency === currency);
        const half = BigInt(orders) / 2n;
        assert.equal(average, money((BigInt(total) + half) / BigInt(orders), currency));
    }
    for (const currency of Object.keys(rates)) {
        await the.page.locator("#chart-currency").selectOption(currency);
        assert.deepEqual((await rows("days")).map(([date, , revenue]) => [date, revenue]),
            exact.revenue_per_day.filter((each) => each.currency === currency)
                .map(({ date, revenue }) => [date, money(revenue, currency)]));
    }
    await the.page.locator("#chart canvas").waitFor();
});

test("an estimate in one currency is marked as one", async () => {
    const { total_revenue: totals } = await ask("GET", "/orders/summary");
    const rates = { ISK: 1, EUR: 150.5, JPY: 0.9 };
    const sum = totals.reduce((all, { currency, total }) =>
        all + total / 10 ** decimals[currency] * rates[currency], 0);
    await open();
    const shown = await the.page.locator("#estimate").innerText();
    assert.match(shown, /estimated/);
    const [, figure] = /≈ ([\d,]+) ISK/.exec(shown);
    assert.ok(Math.abs(Number(figure.replaceAll(",", "")) - sum) <= sum * 1e-12 + 1);
});

test("a currency without a rate is left out of the estimate, which says so", async () => {
    await open();
    const before = await the.page.locator("#estimate-total").innerText();
    await ask("POST", "/orders/", { order_id: "DASH-SEK", customer_id: "C", total_amount: 7, currency: "SEK" });
    try {
        await the.page.getByText("The estimate is without SEK: there is no exchange rate.").waitFor();
        assert.equal(await the.page.locator("#estimate-total").innerText(), before);
        assert.match(await the.page.locator("#shares li", { hasText: "SEK" }).innerText(), /no exchange rate/);
        assert.doesNotMatch(await the.page.locator("main").innerText(), /ORDERS_RATES/);
    } finally {
        await ask("DELETE", "/orders/DASH-SEK");
    }
});

test("each currency has its share and its estimate", async () => {
    const { currencies } = await ask("GET", "/statistics");
    const worth = Object.fromEntries(currencies.map(({ currency, revenue }) =>
        [currency, revenue / 10 ** decimals[currency] * rates[currency]]));
    const whole = Object.values(worth).reduce((sum, part) => sum + part);
    await open();
    const shown = await the.page.locator("#shares li").allInnerTexts();
    assert.equal(shown.length, currencies.length);
    for (const [i, { currency }] of currencies.entries()) {
        const [, share, estimate] = new RegExp(`^${currency}\\s+([\\d.]+) %\\s+≈ ([\\d,]+) ISK$`).exec(shown[i]);
        assert.equal(share, (100 * worth[currency] / whole).toFixed(1));
        assert.ok(Math.abs(Number(estimate.replaceAll(",", "")) - worth[currency]) <= worth[currency] * 1e-12 + 1);
    }
});

// Which is not the first by its code.
test("it opens on the biggest currency, and stays on the one that was chosen", async () => {
    await open();
    assert.equal(await the.page.locator("#chart-currency").inputValue(), "ISK");
    await the.page.locator("#chart-currency").selectOption("JPY");
    await reload();
    assert.equal(await the.page.locator("#chart-currency").inputValue(), "JPY");
});

// What the chart has where the pointer is: at the left end of the axis it is 0, at the right one 1.
async function pointAt(part) {
    await the.page.locator("#chart .u-over").scrollIntoViewIfNeeded();
    const { x, y, width, height } = await the.page.locator("#chart .u-over").boundingBox();
    await the.page.mouse.move(x + width / 2, y + height / 2);
    await the.page.mouse.move(x + 1 + (width - 2) * part, y + height / 2);
    const [begin, revenue] = await the.page.locator("#chart .u-legend .u-value").allInnerTexts();
    const [step] = await the.page.locator("#chart .u-legend .u-label").allInnerTexts();
    const point = await the.page.locator("#chart .u-cursor-pt").boundingBox();
    return { step, begin, revenue, at: (point.x + point.width / 2 - x) / width };
}

const summaryHas = (text) => the.page.locator("#chart-summary", { hasText: text }).waitFor();

test("the chart is of the range that was chosen", async () => {
    await open();
    await the.page.locator("#range").selectOption("30");
    await summaryHas(`from ${day(20)} to`);
    assert.equal((await pointAt(0)).begin, day(29));
    assert.equal((await pointAt(1)).begin, day(0));

    // A single day is the middle of a week.
    await the.page.locator("#range").selectOption("custom");
    await the.page.locator("#first-day").fill(day(20));
    await the.page.locator("#last-day").fill(day(20));
    await summaryHas("1 day has");
    const { begin, at } = await pointAt(0.5);
    assert.equal(begin, day(20));
    assert.ok(Math.abs(at - 0.5) < 0.01, `it is at ${at}`);
    await shot("one-day");
});

// What is written on the canvas, and how far it goes.
const watchCanvas = () => the.page.addInitScript(() => {
    window.written = [];
    const { fillText } = CanvasRenderingContext2D.prototype;
    CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
        const { width } = this.measureText(text);
        const left = { center: x - width / 2, right: x - width, end: x - width }[this.textAlign] ?? x;
        written.push({ text, left, right: left + width, canvas: this.canvas.width });
        return fillText.call(this, text, x, y);
    };
});

for (const width of [390, 1440]) {
    test(`no date of the axis is cut off, ${width} pixels wide`, async () => {
        await watchCanvas();
        await resize(width);
        for (const days of [7, 30, 90]) {
            await open(`?days=${days}`);
            const written = await the.page.evaluate(() => written);
            assert.ok(written.some(({ text }) => text === day(days - 1)), `${day(days - 1)} is not on the axis`);
            assert.deepEqual(written.filter(({ left, right, canvas }) => left < 0 || right > canvas), []);
            await the.page.evaluate(() => sessionStorage.clear());
        }
    });
}

for (const [date, step, begin] of [
    [day(1100), "Week", null], ["2015-07-16", "Month", "2015-07-01"], ["0025-06-01", "Year", "0025-01-01"],
]) {
    test(`a chart from ${date} on has a point for each ${step.toLowerCase()}`, async () => {
        await ask("POST", "/orders/", {
            order_id: "DASH-OLD", customer_id: "C", order_date: date, total_amount: 7, currency: "EUR",
        });
        try {
            await open("?currency=EUR");
            await summaryHas(`from ${date} to ${day(0)}`);
            await summaryHas(`The chart has a point for each ${step.toLowerCase()}.`);
            const point = await pointAt(0);
            assert.equal(point.step, step);
            assert.equal(point.revenue, "0.07");
            if (begin !== null) assert.equal(point.begin, begin);
            await shot(step);
        } finally {
            await ask("DELETE", "/orders/DASH-OLD");
        }
    });
}

test("a range of days has the figures of those days", async () => {
    await open();
    await the.page.locator("#range").selectOption("7");
    const expected = await ask("GET", `/statistics?first_day=${day(6)}`);
    await the.page.waitForFunction((count) => document.getElementById("order-count").textContent === count,
        String(expected.order_count));
    assert.equal((await rows("totals")).length, expected.currencies.length);
    await the.page.locator("#range").selectOption("custom");
    await the.page.locator("#first-day").fill(day(20));
    await the.page.locator("#last-day").fill(day(20));
    const one = await ask("GET", `/statistics?first_day=${day(20)}&last_day=${day(20)}`);
    await the.page.waitForFunction((count) => document.getElementById("order-count").textContent === count,
        String(one.order_count));
});

test("revenue is by day, week or month as chosen, in the chart, the table and the file", async () => {
    await ask("PATCH", "/orders/DASH-2", { status: "cancelled" });
    const { days } = await ask("GET", "/statistics");
    const begins = {
        day: (date) => date,
        week: (date) => {
            const at = new Date(date);
            at.setUTCDate(at.getUTCDate() - (at.getUTCDay() + 6) % 7);
            return at.toISOString().slice(0, 10);
        },
        month: (date) => `${date.slice(0, 7)}-01`,
    };
    await open("?currency=JPY");
    for (const [by, begin] of Object.entries(begins)) {
        const expected = new Map();
        for (const each of days.filter(({ currency }) => currency === "JPY")) {
            const figures = [each.order_count, each.revenue, each.cancelled_count, each.cancelled_revenue];
            const sums = expected.get(begin(each.date)) ?? [0, 0, 0, 0];
            expected.set(begin(each.date), sums.map((sum, i) => sum + figures[i]));
        }
        assert.ok([...expected.values()].some(([, , cancelled]) => cancelled > 0));
        await the.page.locator("#chart-step").selectOption(by);
        assert.deepEqual(await rows("days"), [...expected].map(([date, [count, sum, cancelled, lost]]) =>
            [date, String(count), money(sum, "JPY"), String(cancelled), money(lost, "JPY")]));
        assert.equal((await pointAt(1)).step.toLowerCase(), by);
        const [name, text] = await saved("Save as CSV");
        assert.equal(name, `revenue-JPY-by-${by}.csv`);
        const lines = [...expected].map(([date, [count, sum, cancelled, lost]]) =>
            `${date},${count},${sum},JPY,${cancelled},${lost}\r\n`);
        const titles = `${by},orders,revenue,currency,cancelled_orders,cancelled_revenue`;
        assert.equal(text, `\uFEFF${titles}\r\n${lines.join("")}`);
    }
    await reload();
    assert.equal(await the.page.locator("#chart-step").inputValue(), "month");
    await ask("PATCH", "/orders/DASH-2", { status: "pending" });
});

// Of a Wednesday to a Wednesday: neither week is whole, and the last month is not.
test("a week or month that the range cuts is named by its first day in it, and said to be cut", async () => {
    const amounts = { "2025-01-01": 1, "2025-01-15": 129980, "2025-01-19": 2, "2025-01-20": 4, "2025-02-26": 8,
        "2025-02-27": 16 };
    for (const [date, amount] of Object.entries(amounts)) {
        await ask("POST", "/orders/", {
            order_id: `DASH-${date}`, customer_id: "C", order_date: date, total_amount: amount, currency: "SEK",
        });
    }
    const query = "?days=custom&from=2025-01-15&to=2025-02-26&currency=SEK";
    const expected = {
        week: [["2025-02-24", "0.08 SEK"], ["2025-01-20", "0.04 SEK"], ["2025-01-15", "1,299.82 SEK"]],
        month: [["2025-02-01", "0.08 SEK"], ["2025-01-15", "1,299.86 SEK"]],
    };
    try {
        await open(query);
        for (const [by, sums] of Object.entries(expected)) {
            await the.page.locator("#chart-step").selectOption(by);
            await summaryHas(`The chart has a point for each ${by}: the first is from 2025-01-15 on only, and the last ` +
                "is until 2025-02-26 only.");
            assert.deepEqual((await rows("days")).map(([date, , revenue]) => [date, revenue]), sums);
            const [, text] = await saved("Save as CSV");
            assert.deepEqual(text.split("\r\n").slice(1, -1).map((line) => line.split(",")[0]), sums.map(([date]) => date));
            assert.deepEqual(["2025-01-15", sums.at(-1)[1]], await pointAt(0).then((point) =>
                [point.begin, `${point.revenue} SEK`]));
            assert.equal((await pointAt(1)).begin, sums[0][0]);
            await shot(`cut-${by}`);
        }
        await the.page.locator("#chart-step").selectOption("day");
        await the.page.locator("#chart-summary", { hasNotText: "only" }).waitFor();
        // Whole weeks, and of what has no bounds whole months.
        await the.page.locator("#chart-step").selectOption("week");
        await the.page.locator("#first-day").fill("2025-01-13");
        await the.page.locator("#last-day").fill("2025-03-02");
        await summaryHas(/The chart has a point for each week\.$/);
        assert.deepEqual((await rows("days")).map(([date]) => date), ["2025-02-24", "2025-01-20", "2025-01-13"]);
        await the.page.locator("#range").selectOption("");
        await the.page.locator("#chart-step").selectOption("month");
        await summaryHas(/The chart has a point for each month\.$/);
        assert.deepEqual((await rows("days")).map(([date]) => date), ["2025-02-01", "2025-01-01"]);
    } finally {
        for (const date of Object.keys(amounts)) await ask("DELETE", `/orders/DASH-${date}`);
    }
});

test("a range is compared with as many days before it", async () => {
    await ask("POST", "/orders/", {
        order_id: "DASH-BEFORE", customer_id: "C", order_date: day(25), total_amount: 7, currency: "JPY",
    });
    try {
        await open(`?days=custom&from=${day(20)}&to=${day(11)}`);
        const before = await ask("GET", `/statistics?first_day=${day(30)}&last_day=${day(21)}`);
        const now = await ask("GET", `/statistics?first_day=${day(20)}&last_day=${day(11)}`);
        assert.equal(before.order_count, 1);
        const more = 100 * (now.order_count - 1);
        await the.page.getByText(`The 10 days before, ${day(30)} to ${day(21)}, had 1 order: +${more}.0 %.`).waitFor();
        const revenue = now.currencies.find(({ currency }) => currency === "JPY").revenue;
        const changes = Object.fromEntries((await rows("totals")).map((cells) => [cells[0], cells[6]]));
        const part = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
        assert.equal(changes.JPY, `+${part.format(100 * (revenue - 7) / 7)} %`);
        assert.equal(changes.EUR, "new");
        await the.page.locator("#range").selectOption("");
        await the.page.waitForFunction(() => document.getElementById("comparison").textContent === "");
    } finally {
        await ask("DELETE", "/orders/DASH-BEFORE");
    }
});

test("days in the wrong order are named as such, and have no figures", async () => {
    await open(`?days=custom&from=${day(1)}&to=${day(20)}`);
    await the.page.getByText(`The first day, ${day(1)}, is after the last, ${day(20)}`).waitFor();
    assert.equal(await the.page.locator("#last-day").getAttribute("aria-invalid"), "true");
    assert.equal(await the.page.locator("#order-count").innerText(), "–");
    assert.ok(!await the.page.getByText("There are no orders on these days.").first().isVisible());
    await the.page.locator("#first-day").fill(day(20));
    await the.page.locator("#range-error:empty").waitFor({ state: "attached" });
    await the.page.locator("#order-count", { hasText: /^\d+$/ }).waitFor();
});

for (const [query, unread] of [
    ["days=31", "days=31"],
    ["days=7&days=30", "days=7,30"],
    ["days=custom&from=2026-02-30", "from=2026-02-30"],
    ["days=custom&to=2026-1-1", "to=2026-1-1"],
    ["from=2026-11-01&to=2026-11-30", "from=2026-11-01, to=2026-11-30"], // which are of no range
]) {
    test(`days in the address that are none are told, and have no figures: ${query}`, async () => {
        await open(`?${query}`);
        await the.page.getByText(`The address has ${unread}, which is no choice here: choose anew`).waitFor();
        assert.equal(await the.page.locator("#order-count").innerText(), "–");
        await the.page.locator("#range").selectOption("90");
        const { order_count: count } = await ask("GET", `/statistics?first_day=${day(89)}`);
        await the.page.locator("#order-count", { hasText: String(count) }).waitFor();
        assert.equal(await the.page.locator("#range-error").innerText(), "");
    });
}

test("a year of two digits is not taken for one of the first century", async () => {
    await open();
    await the.page.locator("#range").selectOption("custom");
    await the.page.locator("#last-day").fill(day(0));
    await the.page.locator("#first-day").pressSequentially("110126");
    await the.page.locator("#first-day").blur();
    await the.page.getByText("0026-11-01 is in the year 26: write the year with four digits").waitFor();
    assert.equal(await the.page.locator("#order-count").innerText(), "–");
    assert.equal(await the.page.locator("#first-day").getAttribute("aria-invalid"), "true");
    await the.page.locator("#first-day").fill(day(20));
    await the.page.locator("#order-count", { hasText: /^\d+$/ }).waitFor();
});

test("days without orders have no chart", async () => {
    await open("?days=custom&from=1999-01-01&to=1999-12-31");
    await the.page.locator("#chart-summary", { hasText: "There are no orders on these days." }).waitFor();
    assert.equal(await the.page.locator("#chart canvas").count(), 0);
    assert.ok(await the.page.locator("#chart-body").isHidden());
});

const counts = async () => Object.fromEntries((await the.page.locator("#statuses button").allTextContents())
    .map((text) => [text.replace(/\d.*/, ""), Number(/[\d,]+$/.exec(text)[0].replace(",", ""))]));

test("each status has its count, follows it, and leads to its orders", async () => {
    await open();
    const expected = {};
    for (const { status } of await ask("GET", "/orders/?limit=1000")) expected[status] = (expected[status] ?? 0) + 1;
    const shown = await counts();
    assert.equal(Object.keys(shown).length, 7);
    assert.deepEqual(Object.fromEntries(Object.entries(shown).filter(([, count]) => count > 0)), expected);
    assert.equal(await the.page.locator("#pending-count").innerText(), String(expected.pending));
    const { order_count: today } = await ask("GET", `/statistics?first_day=${day(0)}&last_day=${day(0)}`);
    assert.equal(await the.page.locator("#today-count").innerText(), String(today));

    for (const status of ["cancelled", "pending"]) {
        await ask("PATCH", "/orders/DASH-1", { status });
        const isCancelled = Number(status === "cancelled");
        await the.page.locator("#pending-count", { hasText: String(expected.pending - isCancelled) }).waitFor();
        assert.equal((await counts()).cancelled, isCancelled);
    }
    await the.page.locator("#statuses").getByRole("button", { name: "shipped" }).click();
    await the.page.waitForFunction(() => [...document.querySelectorAll("#orders .status")]
        .every((cell) => cell.textContent === "shipped"));
    assert.equal((await rows("orders")).length, expected.shipped);
});

test("what was cancelled stands apart, and stays in the totals", async () => {
    const order = { customer_id: "C", order_date: day(40), total_amount: 129980, currency: "SEK" };
    const ids = ["DASH-KEPT", "DASH-GONE", "DASH-TODAY"];
    await ask("POST", "/orders/", { ...order, order_id: ids[0] });
    await ask("POST", "/orders/", { ...order, order_id: ids[1], total_amount: 20, status: "cancelled" });
    await ask("POST", "/orders/", { ...order, order_id: ids[2], order_date: day(0), status: "cancelled" });
    try {
        await open(`?days=custom&from=${day(45)}&to=${day(35)}&currency=SEK`);
        await the.page.getByText(
            "Every order counts, cancelled ones too. 1 of these is cancelled, with 0.20 SEK of the revenue.").waitFor();
        const row = (await rows("totals")).find(([currency]) => currency === "SEK");
        assert.deepEqual(row.slice(1, 6), ["2", "1,300.00 SEK", "650.00 SEK", "1", "0.20 SEK"]);
        assert.deepEqual(await rows("days"), [[day(40), "2", "1,300.00 SEK", "1", "0.20 SEK"]]);
        await the.page.locator("#today-revenue", { hasText: /^Today's revenue: .*1,299\.80 SEK; 1 of today's orders is cancelled$/ }).waitFor();
        await shot("cancelled", { fullPage: true });

        await ask("PATCH", `/orders/${ids[0]}`, { status: "cancelled" });
        await the.page.getByText("2 of these are cancelled, with 1,300.00 SEK of the revenue.").waitFor();
        await ask("PATCH", `/orders/${ids[0]}`, { status: "pending" });
        await ask("PATCH", `/orders/${ids[1]}`, { status: "pending" });
        await the.page.getByText("None of these is cancelled.").waitFor();
    } finally {
        for (const id of ids) await ask("DELETE", `/orders/${id}`);
    }
});

// Who looks on does not keep the database busy.
test("orders are counted by status for a tenth of the time at most", async () => {
    const counted = [];
    await the.page.route("**/statistics?by_status=true", async (route) => {
        counted.push(performance.now());
        await new Promise((resolve) => { setTimeout(resolve, 400); });
        await route.continue();
    });
    await open();
    const answer = the.page.waitForResponse(/first_day/);
    await the.page.locator("#range").selectOption("7"); // asks for all that is shown
    await answer;
    assert.equal(counted.length, 1);
});
