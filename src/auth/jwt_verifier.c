/* jwt_verifier.c: from the memory, or else step by step. */
#include "auth/jwt_verifier.h"

#include "auth/jwt_claims.h"
#include "auth/token_memory.h"
#include "base/time.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum counted { REMEMBERED, VERIFIED, REFUSED, COUNTED };

struct jwt_verifier {
    struct arena arena; /* owns the issuers' strings */
    struct jwt_issuers issuers;
    struct issuer_keys *keys[JWT_ISSUERS_MOST]; /* owned, of each issuer */
    struct token_memory *memory;                /* owned */
    struct log *log;
    struct metric *counts[COUNTED];
};

/* --- one token --- */

static enum auth_outcome check_claims(const struct jwt_issuer *issuer, const struct jwt *jwt, int64_t now_s,
                                      struct verified_token *token)
{
    json_t *claims = jwt_read_claims(jwt);
    if (claims == NULL)
        return AUTH_TOKEN_MALFORMED;
    enum auth_outcome outcome = jwt_claims_check_issuer(issuer, claims);
    if (outcome == AUTH_KNOWN)
        outcome =
            jwt_claims_check(issuer, claims, jwt->is_access_token, now_s, &token->principal, &token->end_s);
    json_decref(claims);
    return outcome;
}

static enum auth_outcome try_key(const struct jwk *jwk, const struct jwt_issuer *issuer,
                                 const struct jwt *jwt, int64_t now_s, struct verified_token *token)
{
    if (jwk_algorithm(jwk) != jwt->algorithm)
        return AUTH_TOKEN_ALGORITHM;
    return jwk_verify(jwk, jwt) ? check_claims(issuer, jwt, now_s, token) : AUTH_TOKEN_SIGNATURE;
}

static enum auth_outcome try_issuer(struct jwt_verifier *verifier, size_t which, const struct jwt *jwt,
                                    int64_t now_s, struct verified_token *token)
{
    struct jwks *jwks = issuer_keys_hold(verifier->keys[which], &token->epoch);
    if (jwks == NULL)
        return AUTH_TOKEN_KEYS_DUE;
    const struct jwk *jwk = jwks_find(jwks, jwt->kid);
    token->issuer = which;
    const enum auth_outcome outcome =
        jwk != NULL ? try_key(jwk, &verifier->issuers.list[which], jwt, now_s, token) : AUTH_TOKEN_KEY;
    jwks_release(jwks);
    return outcome;
}

/* Whether another issuer may have a key of the same name, or the same key: one with many tenants does. */
static bool may_be_of_another(enum auth_outcome outcome)
{
    return outcome == AUTH_TOKEN_KEY || outcome == AUTH_TOKEN_KEYS_DUE || outcome == AUTH_TOKEN_ALGORITHM ||
           outcome == AUTH_TOKEN_SIGNATURE || outcome == AUTH_TOKEN_ISSUER;
}

/* The outcome that says the most: the later in the order of the steps. */
static enum auth_outcome try_all(struct jwt_verifier *verifier, const struct jwt *jwt, int64_t now_s,
                                 struct verified_token *token)
{
    bool unknown_to[JWT_ISSUERS_MOST];
    enum auth_outcome found = AUTH_TOKEN_KEY;
    for (size_t i = 0; i < verifier->issuers.n; i++) {
        const enum auth_outcome outcome = try_issuer(verifier, i, jwt, now_s, token);
        if (!may_be_of_another(outcome))
            return outcome;
        unknown_to[i] = outcome == AUTH_TOKEN_KEY;
        if (outcome > found)
            found = outcome;
    }
    /* Whatever another says, which may be out of reach. */
    for (size_t i = 0; i < verifier->issuers.n; i++) {
        if (unknown_to[i])
            issuer_keys_want(verifier->keys[i]);
    }
    return found;
}

static enum auth_outcome jwt_verify(struct jwt_verifier *verifier, const char *text, size_t length,
                                    int64_t now_s, struct verified_token *token)
{
    struct jwt jwt;
    enum auth_outcome outcome = jwt_read(&jwt, text, length);
    if (outcome != AUTH_KNOWN)
        return outcome;
    outcome = try_all(verifier, &jwt, now_s, token);
    jwt_free(&jwt);
    return outcome;
}

/* --- the source --- */

static bool remembers(struct jwt_verifier *verifier, const struct digest *digest, int64_t now_s,
                      struct verified_token *token)
{
    return token_memory_find(verifier->memory, digest, now_s, token) &&
           token->epoch == issuer_keys_epoch(verifier->keys[token->issuer]);
}

static enum auth_outcome note_refusal(struct jwt_verifier *verifier, enum auth_outcome outcome)
{
    metric_add(verifier->counts[REFUSED], 1);
    if (log_enabled(verifier->log, LOG_LEVEL_DEBUG))
        log_line(verifier->log, LOG_LEVEL_DEBUG, "token refused", LOG_STR("reason", auth_reason(outcome)));
    return outcome;
}

static enum auth_outcome jwt_verifier_check(void *arg, const char *secret, struct principal *principal)
{
    struct jwt_verifier *verifier = arg;
    struct verified_token token = {0};
    struct digest digest;
    if (!jwt_has_form(secret))
        return AUTH_MISSING;
    const size_t length = strlen(secret);
    const int64_t now_s = time_now().seconds;
    if (length > JWT_MAX_BYTES)
        return note_refusal(verifier, AUTH_TOKEN_MALFORMED);
    digest_of(secret, length, &digest);
    if (remembers(verifier, &digest, now_s, &token)) {
        metric_add(verifier->counts[REMEMBERED], 1);
        *principal = token.principal;
        return AUTH_KNOWN;
    }
    const enum auth_outcome outcome = jwt_verify(verifier, secret, length, now_s, &token);
    if (outcome != AUTH_KNOWN)
        return note_refusal(verifier, outcome);
    token_memory_put(verifier->memory, &digest, now_s, &token);
    metric_add(verifier->counts[VERIFIED], 1);
    *principal = token.principal;
    return AUTH_KNOWN;
}

struct auth_source jwt_verifier_source(struct jwt_verifier *verifier)
{
    return (struct auth_source){jwt_verifier_check, verifier};
}

const char *jwt_verifier_first_issuer(const struct jwt_verifier *verifier)
{
    return verifier->issuers.list[0].issuer;
}

/* --- start and end --- */

static void add_metrics(struct jwt_verifier *verifier, struct metrics *metrics)
{
    static const struct metric_family family = {
        "orders_jwt_tokens_total", "Tokens that were presented", METRIC_COUNTER, {"outcome"}};
    static const char *const names[COUNTED] = {"remembered", "verified", "refused"};
    for (size_t i = 0; i < COUNTED; i++)
        verifier->counts[i] = metrics_add(metrics, &family, &names[i]);
}

static bool start_keys(struct jwt_verifier *verifier, const struct jwt_verifier_options *options, char *error,
                       size_t error_size)
{
    for (size_t i = 0; i < verifier->issuers.n; i++) {
        char why[512];
        const struct issuer_keys_options keys = {&verifier->issuers.list[i], options->log, options->metrics,
                                                 options->times};
        verifier->keys[i] = issuer_keys_start(&keys, why, sizeof why);
        if (verifier->keys[i] == NULL) {
            snprintf(error, error_size, "%s: %s", options->path, why);
            return false;
        }
    }
    return true;
}

static bool read_issuers(struct jwt_verifier *verifier, const struct jwt_verifier_options *options,
                         char *error, size_t error_size)
{
    if (jwt_issuers_read(&verifier->issuers, options->path, &verifier->arena, error, error_size))
        return true;
    errno = EINVAL;
    return false;
}

struct jwt_verifier *jwt_verifier_start(const struct jwt_verifier_options *options, char *error,
                                        size_t error_size)
{
    struct jwt_verifier *verifier = calloc(1, sizeof *verifier);
    snprintf(error, error_size, "out of memory");
    errno = ENOMEM;
    if (verifier == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(verifier);
        return NULL;
    }
    arena_init(&verifier->arena);
    verifier->log = options->log;
    verifier->memory = token_memory_new();
    add_metrics(verifier, options->metrics);
    if (verifier->memory != NULL && read_issuers(verifier, options, error, error_size) &&
        start_keys(verifier, options, error, error_size))
        return verifier;
    const int why = errno;
    jwt_verifier_free(verifier);
    errno = why;
    return NULL;
}

void jwt_verifier_stop(struct jwt_verifier *verifier)
{
    for (size_t i = 0; verifier != NULL && i < verifier->issuers.n; i++) {
        if (verifier->keys[i] != NULL)
            issuer_keys_stop(verifier->keys[i]);
    }
}

void jwt_verifier_free(struct jwt_verifier *verifier)
{
    if (verifier == NULL)
        return;
    for (size_t i = 0; i < verifier->issuers.n; i++)
        issuer_keys_free(verifier->keys[i]);
    token_memory_free(verifier->memory);
    arena_free(&verifier->arena);
    free(verifier);
    curl_global_cleanup();
}
