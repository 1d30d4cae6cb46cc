// signin.js: signing in at the OpenID provider of the settings: authorization code (RFC 6749, 4.1) with PKCE (RFC 7636).
//
// The browser leaves for the provider's page and comes back with a code, which is worth nothing without the verifier that
// this tab kept; and whatever comes back that this tab did not ask for is not taken.

const PENDING = "orders.sign-in"; // what was asked for: state, nonce, verifier; and the query that the page had
const redirectUri = `${location.origin}/dashboard`;

const encode = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/[+]/g, "-").replace(/[/]/g, "_").replace(/=/g, "");
const decode = (text) => {
  const bytes = Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes));
};
const random = () => encode(crypto.getRandomValues(new Uint8Array(32)));

async function ask(url, options) {
  const answer = await fetch(url, { ...options, credentials: "omit", cache: "no-store", redirect: "error" });
  const json = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(`The sign-in failed: ${json.error_description ?? json.error ?? answer.status}`);
  return json;
}

async function discover({ issuer }) {
  const metadata = await ask(`${issuer.replace(/[/]$/, "")}/.well-known/openid-configuration`);
  if (metadata.issuer !== issuer) throw new Error("The sign-in failed: its provider is another");
  return metadata;
}

// Leaves the page for the provider's.
export async function beginSignIn(provider) {
  if (!globalThis.isSecureContext) throw new Error("To sign in, open this page by https");
  const metadata = await discover(provider);
  const pending = { state: random(), nonce: random(), verifier: random(), search: location.search };
  const challenge = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(pending.verifier));
  sessionStorage.setItem(PENDING, JSON.stringify(pending));
  const url = new URL(metadata.authorization_endpoint);
  const query = {
    response_type: "code", client_id: provider.client, redirect_uri: redirectUri, scope: provider.scope,
    state: pending.state, nonce: pending.nonce,
    code_challenge: encode(challenge), code_challenge_method: "S256",
  };
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  if (!["https:", "http:"].includes(url.protocol)) throw new Error("The sign-in failed: its provider is no web page");
  location.assign(url);
}

// What the ID token, which came from the provider itself, has to say (OpenID Connect Core, 3.1.3.7).
function checkIdToken(idToken, provider, nonce) {
  const claims = decode(String(idToken).split(".")[1] ?? "");
  const audience = [claims.aud].flat();
  if (claims.iss !== provider.issuer || !audience.includes(provider.client) || claims.nonce !== nonce)
    throw new Error("The sign-in failed: its answer is for another one");
}

// Where this page was come back to: the access token. Null: it was not.
export async function finishSignIn(provider) {
  const query = new URLSearchParams(location.search);
  const pending = JSON.parse(sessionStorage.getItem(PENDING));
  if (!query.has("state")) return null;
  sessionStorage.removeItem(PENDING); // for one time
  history.replaceState(null, "", redirectUri + (pending?.search ?? ""));
  if (pending === null || query.get("state") !== pending.state || (query.get("iss") ?? provider.issuer) !== provider.issuer)
    throw new Error("The sign-in failed: this page did not ask for it");
  if (!query.has("code")) throw new Error(`The sign-in failed: ${query.get("error_description") ?? query.get("error")}`);
  const metadata = await discover(provider);
  const tokens = await ask(metadata.token_endpoint, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "authorization_code", code: query.get("code"), client_id: provider.client, redirect_uri: redirectUri,
      code_verifier: pending.verifier,
    }),
  });
  checkIdToken(tokens.id_token, provider, pending.nonce);
  return tokens.access_token;
}
