// test_docs.mjs: /docs and /redoc in a real browser, as a front-end author comes to them.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";

import { launch, openPage } from "./browser.mjs";
import { key, startService } from "./service.mjs";

let service, browser, page, complaints;

before(async () => {
    service = await startService();
    browser = await launch();
});

after(async () => {
    await browser?.close();
    await service?.stop();
});

beforeEach(async () => {
    ({ page, complaints } = await openPage(browser, service));
});

afterEach(async () => {
    await page.context().close();
    assert.deepEqual(complaints, []);
});

// Fills in an operation of Swagger UI, executes it, and returns the answer's status and body.
async function execute(id, fill) {
    const operation = page.locator(`[id$="-${id}"].opblock`);
    await operation.locator(".opblock-summary-control").click();
    await fill?.(operation);
    await operation.getByRole("button", { name: "Execute" }).click();
    const answer = operation.locator(".live-responses-table .response").first();
    const status = await answer.locator(".response-col_status").innerText();
    const body = await answer.locator(".response-col_description .highlight-code code").first().innerText();
    return { status: status.trim().split("\n")[0], body };
}

test("/docs: authorize, create an order, read it back, see the summary", async () => {
    await page.goto(`${service.url}/docs`);
    await page.getByRole("heading", { name: /Order Service/ }).waitFor();

    await page.getByRole("button", { name: "Authorize" }).click();
    const dialog = page.locator(".auth-container", { has: page.locator("#api_key_value") }); // or a token
    await dialog.locator("input").fill(key);
    await dialog.getByRole("button", { name: "Apply credentials" }).click();
    await page.getByRole("button", { name: "Close" }).first().click(); // each way has one

    const order = { order_id: "DOCS-1", customer_id: "C-1", total_amount: 4200, currency: "EUR" };
    const made = await execute("createOrder", (operation) =>
        operation.locator("textarea.body-param__text").fill(JSON.stringify(order)));
    assert.equal(made.status, "201");
    assert.match(made.body, /"order_id": "DOCS-1"/);

    const read = await execute("getOrder", (operation) =>
        operation.locator('[data-param-name="order_id"] input').fill("DOCS-1"));
    assert.equal(read.status, "200");
    assert.deepEqual(JSON.parse(read.body), JSON.parse(made.body));

    const summary = await execute("getOrderSummary");
    assert.equal(summary.status, "200");
    assert.equal(JSON.parse(summary.body).total_orders, 1);
    assert.deepEqual(JSON.parse(summary.body).total_revenue, [{ currency: "EUR", total: 4200 }]);
});

test("/docs: everything can be unfolded", async () => {
    await page.goto(`${service.url}/docs`);
    await page.getByRole("heading", { name: /Order Service/ }).waitFor();
    const click = (buttons) => buttons.forEach((button) => button.click());
    const operations = page.locator(".opblock");
    await operations.locator(".opblock-summary-control").evaluateAll(click);
    await operations.last().locator(".responses-wrapper").waitFor();
    await operations.getByRole("tab", { name: "Schema" }).evaluateAll(click);
    await page.locator(".models").getByRole("button", { name: "Expand all" }).evaluateAll(click);
    await page.locator(".models").getByText("The caller's name for the customer.").first().waitFor();
});

test("/docs/oauth2-redirect hands Swagger UI what a provider answered, and closes", async () => {
    await page.goto(`${service.url}/docs`);
    await page.getByRole("heading", { name: /Order Service/ }).waitFor();
    const told = await page.evaluate(() => new Promise((resolve) => {
        window.swaggerUIRedirectOauth2 = {
            state: "s-1",
            redirectUrl: "/docs/oauth2-redirect",
            auth: { name: "provider", schema: new Map([["flow", "implicit"]]) },
            callback: ({ token, isValid }) => resolve({ token, isValid }),
            errCb: resolve,
        };
        window.open("/docs/oauth2-redirect#access_token=a-token&state=s-1");
    }));
    assert.deepEqual(told, { token: { access_token: "a-token", state: "s-1" }, isValid: true });
    for (const one of page.context().pages().filter((one) => one !== page && !one.isClosed()))
        await one.waitForEvent("close");
});

test("/redoc: every operation can be read, and searched for", async () => {
    const api = await (await fetch(`${service.url}/openapi.json`)).json();
    await page.goto(`${service.url}/redoc`);
    await page.getByRole("heading", { name: /Order Service/ }).waitFor();
    for (const operations of Object.values(api.paths)) {
        for (const operation of Object.values(operations))
            await page.getByRole("heading", { name: operation.summary }).waitFor();
    }
    await page.getByPlaceholder("Search...").fill("summary");
    await page.getByRole("search").getByText("Summarize all orders").waitFor();
});

test("pages come compressed, and are not sent twice", async () => {
    const answers = [];
    page.on("response", (response) => answers.push(response));
    await page.goto(`${service.url}/docs`);
    await page.getByRole("heading", { name: /Order Service/ }).waitFor();
    const bundle = answers.find((one) => one.url().endsWith("/swagger-ui-bundle.js"));
    assert.equal(await bundle.headerValue("content-encoding"), "gzip");

    const again = await fetch(bundle.url(), {
        headers: { "Accept-Encoding": "gzip", "If-None-Match": await bundle.headerValue("etag") },
    });
    assert.equal(again.status, 304);
});

test("the licences of packages are beside them", async () => {
    const bundles = ["docs/swagger-ui-bundle.js", "redoc/redoc.standalone.js"];
    const licences = ["docs/swagger-ui.LICENSE.txt", "docs/swagger-ui.NOTICE.txt", "redoc/redoc.LICENSE.txt",
        "dashboard/uPlot.LICENSE.txt"];
    for (const bundle of bundles) {
        const text = await (await fetch(`${service.url}/${bundle}`)).text();
        const [, name] = text.match(/For license information please see (\S+)/);
        licences.push(`${bundle.split("/")[0]}/${name}`);
    }
    for (const licence of licences) {
        const reply = await fetch(`${service.url}/${licence}`);
        assert.equal(reply.status, 200, licence);
        assert.equal(reply.headers.get("Content-Type"), "text/plain; charset=utf-8");
        assert.match(await reply.text(), /Copyright|Licen[cs]e/);
    }
});
