// test_oidc.mjs: tokens of a real OpenID provider, which rotates its keys while calls run.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { makeKey, page, startProvider } from "./provider.mjs";
import { startService } from "./service.mjs";

const redirectUri = "http://127.0.0.1/nowhere";
const first = ["RS256", "PS256", "ES256"].map((alg) => makeKey(alg, `first-${alg}`));

let provider, service, folder;

before(async () => {
    provider = await startProvider(first, [redirectUri]);
    folder = mkdtempSync(join(tmpdir(), "tokens-"));
    const issuers = join(folder, "issuers");
    // The page's own tokens are for the page: were it an audience, its ID tokens would still be none of ours.
    writeFileSync(issuers, `[issuer test]
issuer = ${provider.issuer}
audience = orders, ${page}
role-claim = scope
reader = orders.read
writer = orders.write
`);
    service = await startService({ ORDERS_JWT_ISSUERS: issuers });
});

after(async () => {
    await service?.stop();
    await provider?.stop();
    rmSync(folder, { recursive: true });
});

async function call(token, method = "GET", body = undefined) {
    const path = method === "GET" ? "/orders/?limit=1" : "/orders/";
    const answer = await fetch(service.url + path, {
        method, headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
        body: body && JSON.stringify(body),
    });
    return { status: answer.status, detail: (await answer.json()).detail };
}

// Calls until it gets this status, for what happens on another thread.
async function awaitStatus(token, status, seconds = 30) {
    const end = Date.now() + seconds * 1000;
    let answer = await call(token);
    while (answer.status !== status && Date.now() < end) {
        await sleep(100);
        answer = await call(token);
    }
    assert.equal(answer.status, status, answer.detail);
}

const order = (id) => ({ order_id: id, customer_id: "c", total_amount: 1, currency: "ISK" });

test("a service with each algorithm", async () => {
    await awaitStatus(await provider.clientToken("orders.read"), 200); // its keys may not be here yet
    for (const alg of ["RS256", "PS256", "ES256"]) {
        const token = await provider.clientToken("orders.read orders.write", alg);
        const header = JSON.parse(Buffer.from(token.split(".")[0], "base64url"));
        assert.deepEqual([header.alg, header.typ, header.kid], [alg, "at+jwt", `first-${alg}`]);
        assert.equal((await call(token)).status, 200);
        assert.equal((await call(token, "POST", order(`T-${alg}`))).status, 201);
    }
});

test("its scope says what it may", async () => {
    const reader = await provider.clientToken("orders.read");
    assert.equal((await call(reader)).status, 200);
    assert.deepEqual(await call(reader, "POST", order("T-READER")),
        { status: 403, detail: "orders.v1.OrderService/CreateOrder needs role writer" });
});

// --- authorization code, as a browser does it ---

function makeBrowser() {
    const cookies = new Map();
    return async function visit(url, form) {
        for (;;) {
            const answer = await fetch(url, {
                method: form ? "POST" : "GET", redirect: "manual", body: form && new URLSearchParams(form),
                headers: { Cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; ") },
            });
            for (const cookie of answer.headers.getSetCookie()) {
                const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie);
                if (value === "") cookies.delete(name);
                else cookies.set(name, value);
            }
            const location = answer.headers.get("Location");
            if (location === null) return { url, text: await answer.text() };
            url = new URL(location, url).href;
            if (url.startsWith(redirectUri)) return { url };
            form = undefined;
        }
    };
}

async function signIn(scope) {
    const visit = makeBrowser();
    const verifier = randomBytes(32).toString("base64url");
    const query = new URLSearchParams({
        client_id: page, response_type: "code", redirect_uri: redirectUri, scope, nonce: "of-the-test",
        code_challenge: createHash("sha256").update(verifier).digest("base64url"), code_challenge_method: "S256",
    });
    let at = await visit(`${provider.issuer}/auth?${query}`);
    at = await visit(/action="([^"]+)"/.exec(at.text)[1], { prompt: "login", login: "alice", password: "any" });
    at = await visit(/action="([^"]+)"/.exec(at.text)[1], { prompt: "consent" });
    const answer = await fetch(`${provider.issuer}/token`, {
        method: "POST",
        body: new URLSearchParams({
            grant_type: "authorization_code", code: new URL(at.url).searchParams.get("code"), client_id: page,
            redirect_uri: redirectUri, code_verifier: verifier,
        }),
    });
    return answer.json();
}

test("a person by authorization code", async () => {
    const tokens = await signIn("openid orders.read");
    assert.equal((await call(tokens.access_token)).status, 200);
    assert.equal((await call(tokens.access_token, "POST", order("T-ALICE"))).status, 403);
    assert.deepEqual(await call(tokens.id_token), { status: 401, detail: "The token is no access token" });
});

// --- rotation ---

test("keys that are rotated while calls run", async () => {
    const old = await provider.clientToken("orders.read");
    await awaitStatus(old, 200);
    const refused = [];
    let calls = 0, goesOn = true;
    const callers = Array.from({ length: 4 }, async () => {
        while (goesOn) {
            const answer = await call(old);
            calls++;
            if (answer.status !== 200) refused.push(answer);
        }
    });
    try {
        const second = makeKey("ES256", "second");
        provider.rotate([second, ...first], [redirectUri]);
        const token = await provider.clientToken("orders.read");
        assert.equal(JSON.parse(Buffer.from(token.split(".")[0], "base64url")).kid, "second");
        await awaitStatus(token, 200);
        const before = calls;
        while (calls < before + 100) await sleep(10);
        assert.deepEqual(refused, []); // by the old key, which is still there

        // The old ones are withdrawn. Whatever asks for the keys, the next time is a minute later at the latest.
        provider.rotate([second], [redirectUri]);
        goesOn = false;
        await Promise.all(callers);
        const fetches = provider.fetches;
        for (let i = 0; i < 20; i++)
            assert.equal((await call(`${btoa('{"alg":"ES256","kid":"x"}').replace(/=/g, "")}.e30.AAAA`)).status, 401);
        assert.ok(provider.fetches <= fetches + 1);
        await awaitStatus(old, 401, 120);
        assert.equal((await call(token)).status, 200);
    } finally {
        goesOn = false;
    }
});
