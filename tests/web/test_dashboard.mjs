// test_dashboard.mjs: the dashboard in a real browser: its list of orders, who asks, and that it stays up to date.
import assert from "node:assert/strict";
import { test } from "node:test";

import { AxeBuilder } from "@axe-core/playwright";

import {
    abort, ask, day, fill, first, give, hold, isLive, open, prepare, resize, rows, shot, stopPolls, the,
} from "./dashboard.mjs";
import { key } from "./service.mjs";

prepare(fill);

const countIsShown = async () =>
    the.page.locator("#order-count", { hasText: String((await ask("GET", "/statistics")).order_count) }).waitFor();

test("figures are shown when the orders come too late", async () => {
    await stopPolls();
    const release = await hold(/order_by=/);
    const figures = the.page.waitForResponse(/statistics/);
    await the.page.goto(`${the.service.url}/dashboard`);
    await give(key);
    await (await figures).finished();
    await the.page.getByRole("button", { name: "Find" }).click();
    await the.page.getByText(/^Live/).waitFor();
    await countIsShown();
    await release();
});

test("figures are shown when the orders do not come", async () => {
    await stopPolls();
    the.refusal = "ERR_FAILED";
    await first(/order_by=/, abort);
    const release = await hold(/\/statistics/);
    await the.page.goto(`${the.service.url}/dashboard`);
    await give(key);
    await the.page.getByText(/^Not live/).waitFor();
    await release();
    await countIsShown();
});

test("what has not changed is not sent again, and stays", async () => {
    await open();
    const unchanged = (path) => the.page.waitForResponse((answer) =>
        answer.url().includes(path) && answer.status() === 304);
    await Promise.all([unchanged("/statistics"), unchanged("/orders/")]);
    assert.equal((await rows("orders")).length, 20);
});

test("an order that somebody else creates appears by itself", async () => {
    await open();
    await ask("POST", "/orders/", { order_id: "DASH-ELSE", customer_id: "C", total_amount: 7, currency: "JPY" });
    await the.page.getByRole("button", { name: "DASH-ELSE" }).waitFor();
});

test("a wrong key is asked for again, and a right one is kept for the tab", async () => {
    await stopPolls();
    the.refusal = "status of 403";
    await the.page.goto(`${the.service.url}/dashboard`);
    await give("lykill með ð");
    await the.page.getByText("A key has ASCII letters, digits and signs only").waitFor();
    await give("wrong");
    await the.page.getByText("Invalid API key", { exact: true }).waitFor();
    await give(key);
    await the.page.getByText(/^Live/).waitFor(); // at once: there are no polls
    await the.page.reload();
    await the.page.getByText(/^Live/).waitFor();
});

test("the key cannot be left out", async () => {
    await the.page.goto(`${the.service.url}/dashboard`);
    for (let i = 0; i < 3; i++) {
        await the.page.getByRole("dialog").waitFor();
        await the.page.keyboard.press("Escape");
    }
    await give(key);
    await the.page.getByText(/^Live/).waitFor();
});

test("settings that do not come are asked for again", async () => {
    the.refusal = "ERR_FAILED";
    await first("**/settings.json", abort);
    await the.page.goto(`${the.service.url}/dashboard`);
    await give(key);
    await the.page.getByText(/^Not live/).waitFor();
    await the.page.getByText(/^Live/).waitFor();
});

test("a screen reader is told what changes, not each time that nothing does", async () => {
    await open();
    await the.page.evaluate(() => {
        window.told = [];
        const observer = new MutationObserver((mutations) =>
            told.push(...mutations.map(({ target }) => target.textContent)));
        for (const region of document.querySelectorAll("[role=status], [role=alert]"))
            observer.observe(region, { childList: true, characterData: true, subtree: true });
    });
    for (let i = 0; i < 2; i++) {
        const time = await the.page.locator("#as-of").innerText();
        await the.page.waitForFunction((before) => document.getElementById("as-of").textContent !== before, time);
    }
    assert.deepEqual(await the.page.evaluate(() => told), []);
});

test("a status is a badge with its name, of a colour of its own", async () => {
    await open();
    const badges = await the.page.locator("#statuses .badge").evaluateAll((found) =>
        found.map((badge) => [badge.textContent, getComputedStyle(badge).backgroundColor]));
    assert.equal(badges.length, 7);
    assert.equal(new Set(badges.map(([, colour]) => colour)).size, 7);
    const listed = await the.page.locator("#orders .status").evaluateAll((found) =>
        found.map((cell) => [cell.textContent, getComputedStyle(cell.firstChild).backgroundColor]));
    for (const [status, colour] of listed) assert.equal(colour, new Map(badges).get(status));
});

test("times say that they are UTC", async () => {
    await open();
    await the.page.getByText(/^as of \d\d:\d\d:\d\d UTC$/).waitFor();
    await the.page.getByRole("columnheader", { name: "Date, UTC" }).waitFor();
    await the.page.getByRole("button", { name: "DASH-30", exact: true }).click();
    assert.match(await the.page.getByRole("dialog").innerText(), new RegExp(`Date\\s+${day(0)} 00:00:00 UTC`));
});

test("a banner says when it is not live, and of when the figures are", async () => {
    await open();
    const banner = the.page.getByRole("alert").filter({ hasText: "Not live" });
    assert.equal(await banner.count(), 0);
    the.refusal = "ERR_FAILED";
    await the.page.route(/statistics/, abort);
    await banner.waitFor();
    assert.match(await banner.innerText(),
        /^Not live: The service is out of reach. What is shown is of \d\d:\d\d:\d\d UTC.$/);
    await the.page.unroute(/statistics/);
    await isLive();
    assert.equal(await banner.count(), 0);
});

for (const scheme of ["light", "dark"]) {
    for (const width of [390, 1440]) {
        test(`it can be used by everybody, ${scheme}, ${width} pixels wide`, async () => {
            const { page } = the;
            const clean = async (part) => {
                const beyond = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
                assert.ok(beyond <= 0, `the page is ${beyond} pixels too wide`);
                const { violations } = await new AxeBuilder({ page }).include(part).analyze();
                assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]), []);
            };
            await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
            await resize(width);
            await open("?days=30");
            await shot(`${scheme}-${width}`, { fullPage: true });
            assert.deepEqual(await page.locator("#totals td, #orders td").evaluateAll((cells) =>
                cells.filter((cell) => cell.getBoundingClientRect().right > innerWidth ||
                    cell.scrollWidth > cell.clientWidth).map((cell) => cell.textContent)), []);
            await clean("body");
            await page.getByRole("button", { name: "New order" }).click();
            await clean("#order-dialog");
            // It has room for the whole of a time, which no width but its own tells.
            const time = page.locator("#order-dialog [name=order_date]");
            await time.fill("2025-12-21T22:44:55");
            await shot(`form-${scheme}-${width}`);
            const [given, wanted] = await time.evaluate((input) => {
                const { width: given } = input.getBoundingClientRect();
                const copy = input.cloneNode();
                copy.style.cssText = "position: absolute; max-width: none; width: max-content";
                input.after(copy);
                const { width: wanted } = copy.getBoundingClientRect();
                copy.remove();
                return [given, wanted];
            });
            assert.ok(wanted > 100 && given >= wanted, `${given} px of ${wanted}`);
            await page.locator("#order-cancel").click();
            await page.getByRole("button", { name: "DASH-30", exact: true }).click();
            await page.getByRole("button", { name: "Delete" }).waitFor();
            await clean("#detail-dialog");
            await page.getByRole("button", { name: "Delete" }).click();
            await clean("#question-dialog");
        });
    }
}
