// provider.mjs: a real OpenID provider for a suite: keys of its own that can be rotated, a client that is a service, and
// one that is a page.
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";

import Provider from "oidc-provider";

export const service = { id: "erp", secret: "not-a-secret-but-of-a-test" };
export const page = "dashboard";

// A private key as a JWK, of one of the algorithms.
export function makeKey(alg, kid) {
    const pair = alg === "ES256" ? generateKeyPairSync("ec", { namedCurve: "P-256" })
        : generateKeyPairSync("rsa", { modulusLength: 2048 });
    return { ...pair.privateKey.export({ format: "jwk" }), alg, kid, use: "sig" };
}

// A resource is "urn:orders:ALGORITHM": access tokens for it are signed so.
const resourceOf = (alg) => `urn:orders:${alg}`;

function configure(keys, redirectUris) {
    return {
        jwks: { keys },
        clients: [
            {
                client_id: service.id, client_secret: service.secret, grant_types: ["client_credentials"],
                redirect_uris: [], response_types: [],
            },
            {
                client_id: page, token_endpoint_auth_method: "none", grant_types: ["authorization_code"],
                redirect_uris: redirectUris, response_types: ["code"], id_token_signed_response_alg: "ES256",
            },
        ],
        features: {
            clientCredentials: { enabled: true },
            devInteractions: { enabled: true },
            resourceIndicators: {
                enabled: true,
                defaultResource: () => resourceOf("ES256"),
                useGrantedResource: () => true,
                getResourceServerInfo: (_, resource) => ({
                    audience: "orders", scope: "orders.read orders.write", accessTokenFormat: "jwt",
                    accessTokenTTL: 600, jwt: { sign: { alg: resource.split(":").at(-1) } },
                }),
            },
        },
        scopes: ["openid", "orders.read", "orders.write"],
        clientBasedCORS: () => true,
        findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
        cookies: { keys: ["of a test"] },
    };
}

// Starts it on a port of its own.
export async function startProvider(keys, redirectUris = ["http://127.0.0.1/nowhere"]) {
    let answer;
    const server = createServer((request, response) => answer(request, response));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const issuer = `http://127.0.0.1:${server.address().port}`;
    const provider = {
        issuer,
        fetches: 0, // of its keys
        // From now on these are its keys, of which the first of an algorithm signs.
        rotate(next, uris = redirectUris) {
            const handle = new Provider(issuer, configure(next, uris)).callback();
            answer = (request, response) => {
                if (request.url === "/jwks") provider.fetches++;
                return handle(request, response);
            };
        },
        async stop() {
            server.closeAllConnections();
            server.close();
            await once(server, "close");
        },
        // A token by client credentials (RFC 6749, 4.4).
        async clientToken(scope, alg = "ES256") {
            const answered = await fetch(`${issuer}/token`, {
                method: "POST",
                headers: { Authorization: `Basic ${btoa(`${service.id}:${service.secret}`)}` },
                body: new URLSearchParams({ grant_type: "client_credentials", scope, resource: resourceOf(alg) }),
            });
            const json = await answered.json();
            if (!answered.ok) throw new Error(JSON.stringify(json));
            return json.access_token;
        },
    };
    provider.rotate(keys);
    return provider;
}
