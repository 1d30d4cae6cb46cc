// test_openapi.mjs: that the description of the API is a good one, and that the service is as it says: whatever it
// answers, and where its rules begin and end.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { after, before, test } from "node:test";

import Ajv from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

import { key, startService } from "./service.mjs";

let service, api, ajv;

before(async () => {
    service = await startService();
    api = await (await fetch(`${service.url}/openapi.json`)).json();
    ajv = new Ajv({ allErrors: true, strict: false });
    addFormats(ajv);
    ajv.addSchema(api, "api");
});

after(() => service.stop());

// What is referred to, where a value is a reference.
function resolve(value) {
    if (value.$ref === undefined)
        return value;
    return value.$ref.slice(2).split("/").reduce((at, name) => at[name], api);
}

// Schemas refer to each other from the document's root, so they are compiled as parts of it.
function complaints(schema, value) {
    const wrapped = JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"api#/'));
    const validate = ajv.compile(wrapped);
    return validate(value) ? [] : validate.errors;
}

const seen = new Set();

// Sends a request of an operation, and holds the answer against what the description has of it.
async function call(method, path, status, { id = "A-1", query = "", headers = {}, body, withKey = true } = {}) {
    const operation = api.paths[path][method];
    const secured = operation.security.length > 0 && withKey;
    const what = `${method} ${path} ${status}`;
    const reply = await fetch(service.url + path.replace("{order_id}", encodeURIComponent(id)) + query, {
        method: method.toUpperCase(),
        headers: { ...(secured && { "X-API-Key": key }), ...headers },
        body: typeof body === "object" ? JSON.stringify(body) : body,
    });
    const text = await reply.text();
    assert.equal(reply.status, status, `${what}: ${reply.status} ${text}`);

    const described = resolve(operation.responses[status] ?? operation.responses.default);
    seen.add(`${what.toLowerCase()}`);
    for (const name of ["ETag", "Retry-After", "Allow", "Idempotency-Replayed", "X-Request-ID", "Link", "X-Total-Count"]) {
        const value = reply.headers.get(name);
        if (value === null)
            continue;
        assert.ok(described.headers[name], `${what}: ${name} is not described`);
        const schema = resolve(described.headers[name]).schema;
        assert.deepEqual(complaints(schema, schema.type === "integer" ? Number(value) : value), [], `${what}: ${name}`);
    }
    const type = reply.headers.get("Content-Type")?.split(";")[0];
    if (described.content === undefined) {
        assert.equal(text, "", what);
        return { reply };
    }
    assert.ok(described.content[type], `${what}: ${type}`);
    const json = type === "application/json" ? JSON.parse(text) : text;
    assert.deepEqual(complaints(described.content[type].schema, json), [], `${what}: ${text}`);
    return { reply, json };
}

const bodyOf = (path, method) => api.paths[path][method].requestBody.content["application/json"];

function newOrder(fields = {}) {
    const order = { ...bodyOf("/orders", "post").example, order_id: `A-${seen.size}-${Math.random()}` };
    return { ...order, ...fields };
}

test("a linter has nothing to say", () => {
    writeFileSync("described.json", JSON.stringify(api));
    const args = ["lint", "--extends", "recommended-strict", "--format", "json", "described.json"];
    const env = { ...process.env, REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" };
    let output;
    try {
        output = execFileSync("node_modules/.bin/redocly", args, { env, stdio: ["ignore", "pipe", "pipe"] });
    } catch (error) {
        output = error.stdout;
    }
    const found = JSON.parse(output).problems.map((one) => `${one.ruleId}: ${one.message} ${one.location[0].pointer}`);
    assert.deepEqual(found, []);
});

test("the examples keep to the schemas, and can be sent", async () => {
    for (const [path, operations] of Object.entries(api.paths)) {
        for (const [method, operation] of Object.entries(operations)) {
            const contents = [operation.requestBody, ...Object.values(operation.responses).map(resolve)]
                .map((one) => one?.content?.["application/json"])
                .filter((one) => one?.example !== undefined);
            for (const content of contents)
                assert.deepEqual(complaints(content.schema, content.example), [], `${method} ${path}`);
        }
    }
    const order = bodyOf("/orders", "post").example;
    const { json } = await call("post", "/orders", 201, { body: order });
    assert.deepEqual({ ...json, ...order }, json);
    await call("patch", "/orders/{order_id}", 200, { id: order.order_id, body: bodyOf("/orders/{order_id}", "patch").example });
});

test("every answer is one that is described", async () => {
    const one = "/orders/{order_id}";
    const order = newOrder({ order_id: "A-1" });
    const { reply: made } = await call("post", "/orders", 201, { body: order, headers: { "Idempotency-Key": "k-1" } });
    const { reply: again } = await call("post", "/orders", 201, { body: order, headers: { "Idempotency-Key": "k-1" } });
    assert.equal(again.headers.get("Idempotency-Replayed"), "true");
    await call("post", "/orders", 422, { body: newOrder(), headers: { "Idempotency-Key": "k-1" } });
    await call("post", "/orders", 400, { body: order });
    await call("post", "/orders", 422, { body: {} });
    await call("post", "/orders", 422, { body: "{" });
    await call("post", "/orders", 422, { body: "[1]" });
    await call("post", "/orders", 422, { body: newOrder({ total_amount: 1e300, currency: 1, status: [], order_date: {} }) });
    await call("post", "/orders", 422, { body: "" });
    await call("post", "/orders", 413, { body: "x".repeat(1 << 20) + "x" });
    await call("post", "/orders", 415, { body: newOrder(), headers: { "Content-Encoding": "gzip" } });

    for (const path of ["/", "/healthz", "/readyz", "/metrics", "/openapi.json", "/orders", "/orders/summary", "/statistics", "/whoami", one]) {
        const { reply } = await call("get", path, 200);
        await call("get", path, 400, { headers: { "Idempotency-Key": "no blanks" } });
        const etag = reply.headers.get("ETag");
        assert.equal(etag !== null, api.paths[path].get.responses["304"] !== undefined, path);
        if (etag === null)
            continue;
        await call("get", path, 304, { headers: { "If-None-Match": etag } });
        await call("get", path, 412, { headers: { "If-Match": '"other"' } });
    }
    await call("get", "/orders", 422, { query: "?limit=-1&skip=x&status=lost&order_by=amount" });
    await call("get", "/statistics", 422, { query: "?first_day=yesterday" });
    await call("get", "/orders", 200, { query: "?limit=0" });
    await call("get", one, 404, { id: "nothing" });

    const etag = made.headers.get("ETag");
    await call("patch", one, 412, { body: {}, headers: { "If-Match": '"other"' } });
    await call("patch", one, 200, { body: { status: "shipped" }, headers: { "If-Match": etag } });
    await call("patch", one, 404, { id: "nothing", body: {} });
    await call("patch", one, 422, { body: { status: null, total_amount: 1.5 } });
    await call("patch", one, 413, { body: "x".repeat(1 << 20) + "x" });
    await call("patch", one, 415, { body: {}, headers: { "Content-Encoding": "br" } });
    await call("patch", one, 200, { body: { status: "pending" }, headers: { "Idempotency-Key": "k-2" } });
    await call("patch", one, 422, { body: { status: "shipped" }, headers: { "Idempotency-Key": "k-2" } });
    await call("delete", one, 412, { headers: { "If-Match": etag } });
    await call("delete", one, 422, { headers: { "Idempotency-Key": "k-2" } });
    await call("delete", one, 204);
    await call("delete", one, 404);
    for (const [method, path] of [["post", "/orders"], ["patch", one], ["delete", one]])
        await call(method, path, 400, { body: method === "delete" ? undefined : {}, headers: { "If-None-Match": "*" } });

    for (const [path, operations] of Object.entries(api.paths)) {
        for (const [method, operation] of Object.entries(operations)) {
            if (operation.security.length > 0) {
                await call(method, path, 401, { withKey: false });
                await call(method, path, 403, { withKey: false, headers: { "X-API-Key": "other" } });
            }
            // It takes a limit to see a 429, and a database out of reach to see a 503, whose bodies are that of the others.
            for (const status of Object.keys(operation.responses).filter((name) => !["default", "429", "503"].includes(name)))
                assert.ok(seen.has(`${method} ${path} ${status}`), `${method} ${path} never answered ${status}`);
        }
    }
});

test("methods that a path lacks are answered as described", async () => {
    const reply = await fetch(`${service.url}/orders`, { method: "PUT", headers: { "X-API-Key": key } });
    const described = resolve(api.paths["/orders"].get.responses.default);
    assert.equal(reply.status, 405);
    assert.ok(described.headers.Allow);
    assert.deepEqual(complaints(described.content["application/json"].schema, await reply.json()), []);
});

test("what is left out of a new order is as described", async () => {
    const { schema, example } = bodyOf("/orders", "post");
    const { required, properties } = resolve(schema);
    const body = Object.fromEntries(required.map((name) => [name, example[name]]));
    const { json } = await call("post", "/orders", 201, { body: { ...body, order_id: "defaults" } });
    // In words: of a field with a `default` code is made that cannot leave it out.
    const optional = Object.entries(properties).filter(([name]) => !required.includes(name));
    assert.deepEqual(optional.map(([name]) => name), ["status", "order_date"]);
    for (const [name, property] of optional) {
        const [, meaning] = /When it is left out: `?(.*?)`?\.$/.exec(property.description);
        assert.equal(property.default, undefined);
        if (meaning === "the present")
            assert.ok(Math.abs(Date.parse(json[name]) - Date.now()) < 60_000, json[name]);
        else
            assert.equal(json[name], meaning);
    }
    for (const name of required) {
        const { [name]: left, ...rest } = { ...body, order_id: "required" };
        const { json } = await call("post", "/orders", 422, { body: rest });
        assert.deepEqual(json.detail.map((one) => [one.type, one.loc]), [["missing", ["body", name]]], String(left));
    }
});

test("what is left out of a change stays as it is, as described", async () => {
    const path = "/orders/{order_id}";
    const { json: order } = await call("post", "/orders", 201, { body: newOrder({ order_id: "left", status: "shipped" }) });
    const { properties } = resolve(bodyOf(path, "patch").schema);
    for (const { description } of Object.values(properties))
        assert.match(description, / When it is left out: as it is\.$/);
    const { json } = await call("patch", path, 200, { id: "left", body: { total_amount: 1 } });
    for (const name of Object.keys(properties))
        assert.equal(json[name], name === "total_amount" ? 1 : order[name]);
});

// Values just within what a schema lets through, and just without.
function boundaries(schema) {
    const within = [], without = [];
    const text = (length) => "x".repeat(length);
    if (schema.enum !== undefined) {
        within.push(...schema.enum);
        without.push("XXX", `${schema.enum[0]}X`, "");
    } else if (schema.format === "date-time") {
        within.push("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z");
        without.push("2025-02-30T00:00:00Z", "yesterday", "");
    } else if (schema.type === "string") {
        within.push(text(schema.minLength), text(schema.maxLength), "þ".repeat(schema.maxLength), "a b");
        without.push(text(schema.minLength - 1), text(schema.maxLength + 1), "a\u0007b", " ");
        if (schema.not !== undefined)
            without.push(schema.not.const);
    } else {
        within.push(schema.minimum, schema.maximum);
        without.push(schema.minimum - 1, schema.maximum + 1, schema.minimum + 0.5);
    }
    return { within, without };
}

test("the rules of a body begin and end where they are said to", async () => {
    const targets = [["post", "/orders", 201, {}], ["patch", "/orders/{order_id}", 200, { id: "bounds" }]];
    await call("post", "/orders", 201, { body: newOrder({ order_id: "bounds" }) });
    for (const [method, path, status, options] of targets) {
        for (const [name, schema] of Object.entries(resolve(bodyOf(path, method).schema).properties)) {
            const { within, without } = boundaries(schema);
            const body = (value) => (method === "post" ? newOrder({ [name]: value }) : { [name]: value });
            for (const value of within) {
                assert.deepEqual(complaints(schema, value), [], `${name}: ${value}`);
                const { json } = await call(method, path, status, { ...options, body: body(value) });
                if (schema.format !== "date-time")
                    assert.equal(json[name], value);
            }
            for (const value of without) {
                assert.notDeepEqual(complaints(schema, value), [], `${name}: ${value}`);
                const { json } = await call(method, path, 422, { ...options, body: body(value) });
                assert.deepEqual(json.detail.map((one) => one.loc), [["body", name]], `${name}: ${value}`);
            }
        }
    }
});

test("the rules of a query begin and end where they are said to", async () => {
    const boundaries = (schema) => {
        if (schema.enum !== undefined) return [schema.enum, ["XXX"]];
        if (schema.type === "boolean") return [[true, false], ["maybe"]];
        if (schema.format === "date-time") return [["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"], ["yesterday"]];
        if (schema.maxLength !== undefined) return [["x", "x".repeat(schema.maxLength)], ["x".repeat(schema.maxLength + 1)]];
        if (schema.type === "string") return [["x"], []];
        return [[schema.minimum, schema.maximum ?? Number.MAX_SAFE_INTEGER],
            [schema.minimum - 1, (schema.maximum ?? 2 ** 70) + 1, "x"]];
    };
    let tried = 0;
    for (const { name, in: where, schema } of api.paths["/orders"].get.parameters.map(resolve)) {
        if (where !== "query" || name === "page_token") // which only the service knows
            continue;
        tried++;
        const [one, several] = schema.anyOf ?? [schema];
        const [within, without] = boundaries(one);
        if (several !== undefined) {
            within.push(within.join());
            without.push([...within, "XXX"].join());
        }
        for (const value of within)
            await call("get", "/orders", 200, { query: `?${name}=${value}` });
        for (const value of without) {
            const { json } = await call("get", "/orders", 422, { query: `?${name}=${value}` });
            assert.deepEqual(json.detail[0].loc.slice(0, 2), ["query", name]);
        }
    }
    assert.equal(tried, 12);
});

test("the link of a page leads to the next, and to the end", async () => {
    for (let i = 0; i < 3; i++)
        await call("post", "/orders", 201, { body: newOrder({ customer_id: "walk" }) });
    const walked = [];
    for (let query = "?customer_id=walk&limit=1&count=true"; query !== null;) {
        const { reply, json } = await call("get", "/orders", 200, { query });
        assert.equal(reply.headers.get("X-Total-Count"), "3");
        walked.push(...json.map((order) => order.id));
        const target = /^<([^>]+)>; rel="next"$/.exec(reply.headers.get("Link") ?? "")?.[1];
        query = target === undefined ? null : new URL(target, reply.url).search;
    }
    assert.equal(new Set(walked).size, 3);
    await call("get", "/orders", 422, { query: "?page_token=x" });
});

test("headers may be as long as they are said to be", async () => {
    for (const { name, schema } of ["IdempotencyKey", "RequestId"].map((one) => api.components.parameters[one])) {
        for (const length of [1, 128, 129]) {
            const value = "k".repeat(length);
            const taken = complaints(schema, value).length === 0;
            assert.equal(taken, length <= 128);
            const { reply } = await call("post", "/orders", name === "X-Request-ID" || taken ? 201 : 400,
                { body: newOrder({ order_id: `${name}-${length}` }), headers: { [name]: value } });
            if (name === "X-Request-ID")
                assert.equal(reply.headers.get(name) === value, taken);
        }
    }
});
