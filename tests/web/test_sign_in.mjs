// test_sign_in.mjs: signing in at the dashboard, in a real browser, at a real OpenID provider.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";

import { AxeBuilder } from "@axe-core/playwright";

import { launch, openPage } from "./browser.mjs";
import { makeKey, page as client, startProvider } from "./provider.mjs";
import { key, startService } from "./service.mjs";

const keys = [makeKey("ES256", "a")];
const fonts = "https://fonts.googleapis.com"; // which the provider's own pages ask for

let provider, reading, writing, browser, page, complaints, folder;

before(async () => {
    browser = await launch();
    provider = await startProvider(keys);
    folder = mkdtempSync(join(tmpdir(), "sign-in-"));
    const ORDERS_JWT_ISSUERS = join(folder, "issuers");
    writeFileSync(ORDERS_JWT_ISSUERS, `[issuer test]
issuer = ${provider.issuer}
audience = orders
role-claim = scope
reader = orders.read
writer = orders.write
`);
    const settings = { ORDERS_JWT_ISSUERS, ORDERS_OIDC_CLIENT: client };
    reading = await startService({ ...settings, ORDERS_OIDC_SCOPE: "openid orders.read" });
    writing = await startService({ ...settings, ORDERS_OIDC_SCOPE: "openid orders.read orders.write" });
    provider.rotate(keys, [reading, writing].map((service) => `${service.url}/dashboard`));
});

after(async () => {
    await browser?.close();
    await reading?.stop();
    await writing?.stop();
    await provider?.stop();
    rmSync(folder, { recursive: true });
});

beforeEach(async () => {
    ({ page, complaints } = await openPage(browser, reading));
    await page.route(`${fonts}/**`, (route) => route.fulfill({ contentType: "text/css", body: "" }));
});

// The provider is asked, and its own pages are its own.
afterEach(async () => {
    await page.context().close();
    assert.deepEqual(complaints.filter((complaint) => ![provider.issuer, fonts].some((one) => complaint.includes(one))), []);
});

async function signIn(service, query = "") {
    await page.goto(`${service.url}/dashboard${query}`);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.locator("input[name=login]").fill("alice");
    await page.locator("input[name=password]").fill("any");
    await page.getByRole("button", { name: /sign-?in/i }).click();
    await page.getByRole("button", { name: /continue/i }).click();
}

const newOrder = () => page.getByRole("button", { name: "New order" });

test("who reads sees no form", async () => {
    await signIn(reading, "?days=30");
    await page.getByText(/^Live/).waitFor();
    assert.equal(page.url(), `${reading.url}/dashboard?days=30`); // what was looked at, without the code
    assert.equal(await page.locator("#range").inputValue(), "30");
    assert.equal(await newOrder().isVisible(), false);
    await fetch(`${reading.url}/orders/`, {
        method: "POST", headers: { "X-API-Key": key },
        body: JSON.stringify({ order_id: "READ", customer_id: "c", total_amount: 1, currency: "ISK" }),
    });
    await page.getByRole("button", { name: "READ" }).click();
    await page.locator("#detail-actions:not([hidden])").waitFor({ state: "attached" }); // there were some for a writer
    assert.equal(await page.getByRole("button", { name: "Change" }).isVisible(), false);
    const kept = await page.evaluate(() => JSON.stringify([{ ...sessionStorage }, { ...localStorage }, document.cookie]));
    assert.equal(kept, '[{},{},""]'); // the token is in memory alone
});

test("who writes does, and makes an order", async () => {
    complaints.splice(0);
    await signIn(writing);
    await page.getByText(/^Live/).waitFor();
    await newOrder().click();
    const form = page.getByRole("dialog", { name: "New order" });
    await form.getByLabel("Order ID").fill("BY-ALICE");
    await form.getByLabel("Customer").fill("c");
    await form.getByLabel("Amount").fill("12.00");
    await page.getByRole("button", { name: "Create" }).click();
    await page.getByRole("button", { name: "BY-ALICE" }).waitFor();
    complaints.splice(0, complaints.length, ...complaints.filter((complaint) => !complaint.includes(writing.url)));
});

test("who signs out is asked to sign in", async () => {
    await signIn(reading);
    await page.getByText(/^Live/).waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("button", { name: "Sign in" }).waitFor();
    const { violations } = await new AxeBuilder({ page }).analyze();
    assert.deepEqual(violations, []);
});

// Begins a sign-in, and comes back from the provider's page with `come(asked)`, of what it was asked for; returns what the
// token endpoint was sent.
async function comeBack(come) {
    const sent = [];
    await page.route(`${provider.issuer}/token`, (route) => {
        sent.push(new URLSearchParams(route.request().postData()));
        return route.fulfill({ json: { id_token: `e30.${btoa("{}")}.` } }); // of nobody
    });
    await page.route(/[/]auth[?]/, (route) => route.fulfill({ contentType: "text/html", body: "<p>The provider's page" }));
    await page.goto(`${reading.url}/dashboard`);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("The provider's page").waitFor();
    await page.goto(`${reading.url}/dashboard?${new URLSearchParams(come(new URL(page.url()).searchParams))}`);
    return sent;
}

const failed = (why) => page.getByText(`The sign-in failed: ${why}`).first().waitFor();

// That those below are refused by what they try, and not by how.
test("a code that this tab asked for is sent to the provider with its verifier", async () => {
    let asked;
    const sent = await comeBack((query) => { asked = query; return { code: "given", state: query.get("state") }; });
    await failed("its answer is for another one");
    assert.deepEqual(sent.map((body) => body.get("code")), ["given"]);
    const challenge = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(sent[0].get("code_verifier")));
    assert.equal(asked.get("code_challenge"), Buffer.from(challenge).toString("base64url"));
});

for (const [what, come] of [
    ["a code of another state", () => ({ code: "stolen", state: "other" })],
    ["a code without a state of its own", () => ({ code: "stolen", state: "" })],
    ["a code of another issuer", (asked) => ({ code: "stolen", state: asked.get("state"), iss: "https://evil.example" })],
]) {
    test(`${what} is not taken while a sign-in is under way`, async () => {
        const sent = await comeBack(come);
        await failed("this page did not ask for it");
        assert.deepEqual(sent, []);
        assert.equal(await page.evaluate(() => sessionStorage.length), 0); // nor is another for the same one
    });
}

test("a code is not taken in a tab that asked for none", async () => {
    let asked = 0;
    await page.route(`${provider.issuer}/token`, (route) => { asked++; return route.abort(); });
    await page.goto(`${reading.url}/dashboard?code=stolen&state=other`);
    await failed("this page did not ask for it");
    assert.equal(asked, 0);
});

test("an ID token that is for another sign-in is not taken", async () => {
    await page.route(`${provider.issuer}/token`, async (route) => {
        const response = await route.fetch();
        const json = await response.json();
        const [header, claims, signature] = json.id_token.split(".");
        const changed = { ...JSON.parse(Buffer.from(claims, "base64url")), nonce: "another" };
        json.id_token = [header, Buffer.from(JSON.stringify(changed)).toString("base64url"), signature].join(".");
        return route.fulfill({ response, json });
    });
    await signIn(reading);
    await page.getByText("The sign-in failed: its answer is for another one").first().waitFor();
    assert.equal(await page.getByText(/^Live/).isVisible(), false);
});

test("the page may ask the issuer, and nobody else", async () => {
    const policy = (await fetch(`${reading.url}/dashboard`)).headers.get("Content-Security-Policy");
    assert.match(policy, new RegExp(`connect-src 'self' ${provider.issuer};`));
    const docs = (await fetch(`${reading.url}/docs`)).headers.get("Content-Security-Policy");
    assert.match(docs, /connect-src 'self';/);
});
