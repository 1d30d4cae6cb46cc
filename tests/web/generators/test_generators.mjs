// test_generators.mjs: clients that generators make of the API's description: each is made and compiled as its user would,
// and does with a service what it is for.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { promisify } from "node:util";

import { key, startService } from "./service.mjs";

const timeout = 240_000; // for each step, on a busy machine
let service;

// Runs a program of a package.
async function run(program, ...args) {
    const options = { timeout, env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: "0" } };
    return promisify(execFile)(`node_modules/.bin/${program}`, args, options).catch((error) => {
        throw new Error(`${program}: ${error.stdout}\n${error.stderr}`, { cause: error });
    });
}

// Runs lines of a module.
async function runModule(...lines) {
    return promisify(execFile)(process.execPath, ["--input-type=module", "-e", lines.join("\n")], { timeout });
}

const makers = {
    openapi_fetch: () => run("openapi-typescript", "openapi.json", "-o", "made/openapi-typescript.ts"),
    orval: () => runModule(
        'import orval from "orval";',
        "await orval.generate({",
        '    input: { target: "openapi.json" },',
        `    output: { target: "made/orval.ts", client: "fetch", baseUrl: "${service.url}" },`,
        "});",
    ),
    hey_api: () => runModule(
        'import { createClient } from "@hey-api/openapi-ts";',
        "await createClient({",
        '    input: "openapi.json",',
        '    output: { path: "made/hey-api", importFileExtension: ".js" },',
        '    logs: { level: "silent", file: false },',
        "});",
    ),
    zodios: () => run("openapi-zod-client", "openapi.json", "-o", "made/zodios.ts"),
};

before(async () => {
    service = await startService();
    rmSync("made", { recursive: true, force: true });
    rmSync("built", { recursive: true, force: true });
    mkdirSync("made");
    writeFileSync("openapi.json", await (await fetch(`${service.url}/openapi.json`)).text());
    await Promise.all(Object.values(makers).map((make) => make()));
    // One that had to be told a status would not compile.
    await run("tsc");
}, { timeout: 5 * timeout });

after(() => service?.stop());

for (const name of Object.keys(makers)) {
    test(`${name}: an order is created without a status, listed, changed, refused and deleted`, async () => {
        const { visit } = await import(`./built/${name}.js`);
        const { created, listed, patched, refused, deleted } = await visit(service.url, key, `MADE-${name}`);
        assert.equal(created.order_id, `MADE-${name}`);
        assert.equal(created.status, "pending");
        assert.ok(listed.includes(created.order_id));
        assert.equal(patched.status, "shipped");
        assert.equal(patched.total_amount, created.total_amount);
        assert.equal(patched.order_date, created.order_date);
        assert.deepEqual(refused, { status: 400, detail: "Order ID already exists" });
        assert.equal(deleted, 204);
    });
}
