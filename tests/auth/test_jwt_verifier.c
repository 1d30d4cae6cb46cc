/* test_jwt_verifier.c: which tokens are taken, and whom they prove. */
#include "auth/jwt_verifier.h"

#include "auth/jwt_claims.h"
#include "base/time.h"
#include "metric_value.h"
#include "signer.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TIMEOUT 120

enum { TEXT = 4096 };

static char folder[] = "/tmp/verifier-XXXXXX";
static EVP_PKEY *rsa, *ec, *other;
static struct metrics *metrics;
static struct jwt_verifier *verifier;
static struct authenticator authenticator;

/* As fast as a test wants it. */
static const struct issuer_keys_times times = {.least = 20, .most = 20, .preset = 20, .retry = 20, .gap = 20};

static void write_file(const char *name, const char *text)
{
    char path[64], whole[64];
    snprintf(path, sizeof path, "%s/%s.new", folder, name);
    snprintf(whole, sizeof whole, "%s/%s", folder, name);
    FILE *file = fopen(path, "we");
    fputs(text, file);
    fclose(file);
    cr_assert_eq(rename(path, whole), 0);
}

static void write_keys(const char *name, size_t n, char *members[])
{
    char *set = signer_set(n, members);
    write_file(name, set);
    free(set);
}

static void start(const char *issuers)
{
    char path[64], error[512];
    write_file("issuers", issuers);
    snprintf(path, sizeof path, "%s/issuers", folder);
    const struct jwt_verifier_options options = {.path = path, .metrics = metrics, .times = &times};
    verifier = jwt_verifier_start(&options, error, sizeof error);
    cr_assert_not_null(verifier, "%s", error);
    authenticator = (struct authenticator){0};
    authenticator_add(&authenticator, jwt_verifier_source(verifier));
}

static const char issuer_a[] = "[issuer example]\n"
                               "issuer = https://id.example.com\n"
                               "audience = orders, orders-api\n"
                               "jwks = keys\n"
                               "role-claim = scope\n"
                               "reader = orders.read\n"
                               "writer = orders.write\n"
                               "admin = orders.admin\n";

static void set_up(void)
{
    cr_assert_not_null(mkdtemp(folder));
    rsa = signer_rsa(2048);
    ec = signer_ec("P-256");
    other = signer_ec("P-256");
    metrics = metrics_new();
    char *members[] = {
        signer_jwk(rsa, "\"kid\":\"rs\""),
        signer_jwk(rsa, "\"kid\":\"ps\",\"alg\":\"PS256\""),
        signer_jwk(ec, "\"kid\":\"es\""),
        signer_jwk(ec, ""),
        signer_jwk(ec, "\"kid\":\"two\""),
        signer_jwk(other, "\"kid\":\"two\""),
        strdup("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"ed\","
               "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"),
    };
    write_keys("keys", sizeof members / sizeof *members, members);
}

static void tear_down(void)
{
    jwt_verifier_free(verifier);
    metrics_free(metrics);
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(ec);
    EVP_PKEY_free(other);
    static const char *const names[] = {"issuers", "keys", "keys-b"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[64];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    rmdir(folder);
}

TestSuite(jwt_verifier, .init = set_up, .fini = tear_down, .timeout = TIMEOUT);

static struct auth_result present(const char *token)
{
    struct auth_result result;
    char authorization[2 * JWT_MAX_BYTES + 64];
    snprintf(authorization, sizeof authorization, "Bearer %s", token);
    authenticator_check(&authenticator, &(struct auth_presented){.authorization = authorization}, &result);
    return result;
}

static struct auth_result present_signed(EVP_PKEY *key, const char *algorithm, const char *header,
                                         const char *claims)
{
    char *token = signer_sign(key, algorithm, header, claims);
    const struct auth_result result = present(token);
    free(token);
    return result;
}

/* "@+60" and "@-60" become a time from now. */
static const char *at_now(const char *text)
{
    static char out[TEXT];
    char *end = out;
    for (; *text != '\0'; text++) {
        char *rest;
        if (*text != '@') {
            *end++ = *text;
            continue;
        }
        const long offset = strtol(text + 1, &rest, 10);
        end += sprintf(end, "%lld", (long long)time_now().seconds + offset);
        text = rest - 1;
    }
    *end = '\0';
    return out;
}

/* What every token here has, but for what a case changes. */
#define REST "\"iss\":\"https://id.example.com\",\"sub\":\"alice\",\"scope\":\"orders.read\""
#define GOOD "{" REST ",\"aud\":\"orders\",\"exp\":@+300}"

Test(jwt_verifier, each_algorithm)
{
    static const struct {
        const char *header, *algorithm;
    } cases[] = {
        {"{\"alg\":\"RS256\",\"kid\":\"rs\"}", "RS256"},
        {"{\"alg\":\"PS256\",\"kid\":\"ps\"}", "PS256"},
        {"{\"alg\":\"ES256\",\"kid\":\"es\"}", "ES256"},
        {"{\"alg\":\"ES256\"}", "ES256"}, /* one key has no name */
        {"{\"alg\":\"ES256\",\"kid\":\"es\",\"typ\":\"JWT\"}", "ES256"},
        {"{\"alg\":\"ES256\",\"kid\":\"es\",\"typ\":\"at+jwt\"}", "ES256"},
        {"{\"alg\":\"ES256\",\"kid\":\"es\",\"typ\":\"application/AT+JWT\"}", "ES256"},
        {"{\"alg\":\"ES256\",\"kid\":\"es\",\"jku\":\"https://evil.example/keys\"}", "ES256"}, /* not asked */
    };
    start(issuer_a);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        EVP_PKEY *key = *cases[i].algorithm == 'E' ? ec : rsa;
        const struct auth_result result =
            present_signed(key, cases[i].algorithm, cases[i].header, at_now(GOOD));
        cr_expect_eq(result.outcome, AUTH_KNOWN, "%s: %s", cases[i].header, auth_reason(result.outcome));
        cr_expect_str_eq(result.principal.name, "example:alice");
        cr_expect_eq(result.principal.role, ROLE_READER);
        cr_expect_not(result.principal.is_listed);
    }
}

Test(jwt_verifier, headers_that_are_refused)
{
    const struct {
        EVP_PKEY *key;
        const char *algorithm, *header;
        enum auth_outcome outcome;
    } cases[] = {
        {ec, "none", "{\"alg\":\"none\",\"kid\":\"es\"}", AUTH_TOKEN_ALGORITHM},
        {ec, "none", "{\"alg\":\"None\",\"kid\":\"es\"}", AUTH_TOKEN_ALGORITHM},
        {ec, "none", "{\"alg\":\"none\"}", AUTH_TOKEN_ALGORITHM},
        {ec, "none", "{\"alg\":\"ES256\",\"kid\":\"es\"}", AUTH_TOKEN_SIGNATURE},
        {rsa, "HS256", "{\"alg\":\"HS256\",\"kid\":\"rs\"}", AUTH_TOKEN_ALGORITHM},
        {rsa, "HS256", "{\"alg\":\"RS256\",\"kid\":\"rs\"}", AUTH_TOKEN_SIGNATURE},
        {rsa, "PS256", "{\"alg\":\"PS256\",\"kid\":\"rs\"}", AUTH_TOKEN_ALGORITHM},
        {rsa, "RS256", "{\"alg\":\"RS256\",\"kid\":\"ps\"}", AUTH_TOKEN_ALGORITHM},
        {rsa, "RS256", "{\"alg\":\"ES256\",\"kid\":\"rs\"}", AUTH_TOKEN_ALGORITHM},
        {rsa, "PS256", "{\"alg\":\"RS256\",\"kid\":\"rs\"}", AUTH_TOKEN_SIGNATURE},
        {ec, "ES256", "{\"alg\":\"RS256\",\"kid\":\"es\"}", AUTH_TOKEN_ALGORITHM},
        {rsa, "RS256", "{\"alg\":\"RS512\",\"kid\":\"rs\"}", AUTH_TOKEN_ALGORITHM},
        {ec, "ES256", "{\"alg\":\"es256\",\"kid\":\"es\"}", AUTH_TOKEN_ALGORITHM},
        {ec, "ES256", "{\"alg\":[\"ES256\"],\"kid\":\"es\"}", AUTH_TOKEN_MALFORMED},
        {ec, "ES256", "{\"kid\":\"es\"}", AUTH_TOKEN_MALFORMED},
        {other, "ES256", "{\"alg\":\"ES256\",\"kid\":\"es\"}", AUTH_TOKEN_SIGNATURE},
        {other, "ES256", "{\"alg\":\"ES256\"}", AUTH_TOKEN_SIGNATURE},
        {ec, "ES256", "{\"alg\":\"ES256\",\"kid\":\"new\"}", AUTH_TOKEN_KEY},
        {ec, "ES256", "{\"alg\":\"ES256\",\"kid\":\"\"}", AUTH_TOKEN_KEY},
        {ec, "ES256", "{\"alg\":\"ES256\",\"kid\":\"two\"}", AUTH_TOKEN_KEY}, /* two keys have that name */
        {ec, "ES256", "{\"alg\":\"ES256\",\"kid\":\"ed\"}", AUTH_TOKEN_KEY},  /* an Ed25519 key has it */
        {ec, "ES256", "{\"alg\":\"ES256\",\"kid\":null}", AUTH_TOKEN_MALFORMED},
        {ec, "ES256", "{\"alg\":\"ES256\",\"kid\":1}", AUTH_TOKEN_MALFORMED},
        {ec, "ES256", "{\"alg\":\"ES256\",\"kid\":\"es\",\"kid\":\"es\"}", AUTH_TOKEN_MALFORMED},
        {ec, "ES256", "{\"alg\":\"none\",\"kid\":\"es\",\"alg\":\"ES256\"}", AUTH_TOKEN_MALFORMED},
        {ec, "ES256", "{\"alg\":\"ES256\",\"kid\":\"es\",\"crit\":[\"exp\"],\"exp\":1}",
         AUTH_TOKEN_MALFORMED},
        {ec, "ES256", "{\"alg\":\"ES256\",\"kid\":\"es\",\"crit\":[\"b64\"],\"b64\":false}",
         AUTH_TOKEN_MALFORMED},
        {ec, "ES256", "{\"alg\":\"ES256\",\"kid\":\"es\",\"crit\":[]}", AUTH_TOKEN_MALFORMED},
        {ec, "ES256", "{\"alg\":\"ES256\",\"kid\":\"es\",\"typ\":\"logout+jwt\"}", AUTH_TOKEN_TYPE},
        {ec, "ES256", "{\"alg\":\"ES256\",\"kid\":\"es\",\"typ\":\"dpop+jwt\"}", AUTH_TOKEN_TYPE},
        {ec, "ES256", "{\"alg\":\"ES256\",\"kid\":\"es\",\"typ\":1}", AUTH_TOKEN_MALFORMED},
        {ec, "ES256", "[\"ES256\"]", AUTH_TOKEN_MALFORMED},
        {ec, "ES256", "{\"alg\":\"ES256\",\"kid\":\"es\"} x", AUTH_TOKEN_MALFORMED},
        {ec, "ES256", "{\"alg\":\"ES256\",\"kid\":\"es\\u0000\"}", AUTH_TOKEN_MALFORMED},
    };
    start(issuer_a);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct auth_result result =
            present_signed(cases[i].key, cases[i].algorithm, cases[i].header, at_now(GOOD));
        cr_expect_eq(result.outcome, cases[i].outcome, "%s: %s", cases[i].header,
                     auth_reason(result.outcome));
        cr_expect_str_eq(result.principal.name, "");
        cr_expect_eq(result.principal.role, ROLE_NONE);
    }
}

#define TIMED(claims) "{" REST ",\"aud\":\"orders\"," claims "}"
#define FOR(audience) "{" REST ",\"exp\":@+300" audience "}"
#define OF(claims)    "{\"aud\":\"orders\",\"exp\":@+300," claims "}"

/* What else they must be is in test_jwt_claims.c. */
Test(jwt_verifier, claims)
{
    static const struct {
        const char *claims;
        enum auth_outcome outcome;
    } cases[] = {
        {GOOD, AUTH_KNOWN},
        {"[]", AUTH_TOKEN_MALFORMED},
        {"", AUTH_TOKEN_MALFORMED},
        {"\"x\"", AUTH_TOKEN_MALFORMED},
        {"{" REST ",\"aud\":\"orders\",\"exp\":@-300,\"exp\":@+300}", AUTH_TOKEN_MALFORMED},
        {"{" REST ",\"sub\":\"root\",\"aud\":\"orders\",\"exp\":@+300}", AUTH_TOKEN_MALFORMED},
        {TIMED("\"exp\":9223372036854775808"), AUTH_TOKEN_MALFORMED},
        {TIMED("\"exp\":1e999"), AUTH_TOKEN_MALFORMED},
        {TIMED("\"exp\":@+300,\"x\":\"a\\u0000b\""), AUTH_TOKEN_MALFORMED},
        {TIMED("\"exp\":@+300,\"iss\":\"https://id.example.com\""), AUTH_TOKEN_MALFORMED},
        {TIMED("\"exp\":@-60"), AUTH_TOKEN_EXPIRED},
        {TIMED("\"exp\":\"@+300\""), AUTH_TOKEN_CLAIMS},
        {TIMED("\"exp\":@+300,\"nbf\":@+70"), AUTH_TOKEN_EARLY},
        {FOR(",\"aud\":\"x\""), AUTH_TOKEN_AUDIENCE},
        {FOR(",\"aud\":{\"orders\":true}"), AUTH_TOKEN_CLAIMS},
        {FOR(",\"aud\":\"orders\",\"nonce\":\"n\""), AUTH_TOKEN_TYPE},
        {"{\"iss\":\"https://evil.example\",\"sub\":\"alice\",\"aud\":\"orders\",\"exp\":@+300}",
         AUTH_TOKEN_ISSUER},
    };
    start(issuer_a);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct auth_result result =
            present_signed(ec, "ES256", "{\"alg\":\"ES256\",\"kid\":\"es\"}", at_now(cases[i].claims));
        cr_expect_eq(result.outcome, cases[i].outcome, "%s: %s", cases[i].claims,
                     auth_reason(result.outcome));
    }
}

/* A type of its own is the issuer's word that it is an access token, whatever else is in it. */
Test(jwt_verifier, the_type_of_an_access_token)
{
    static const char bare[] = "{\"alg\":\"ES256\",\"kid\":\"es\"}";
    static const char plain[] = "{\"alg\":\"ES256\",\"kid\":\"es\",\"typ\":\"JWT\"}";
    static const char typed[] = "{\"alg\":\"ES256\",\"kid\":\"es\",\"typ\":\"at+jwt\"}";
    static const char nonce[] = FOR(",\"aud\":\"orders\",\"nonce\":\"n\"");
    char strict[TEXT];
    snprintf(strict, sizeof strict, "%stoken-type = at+jwt\n", issuer_a);
    start(issuer_a);
    cr_expect_eq(present_signed(ec, "ES256", typed, at_now(nonce)).outcome, AUTH_KNOWN);
    jwt_verifier_free(verifier);
    start(strict);
    cr_expect_eq(present_signed(ec, "ES256", typed, at_now(GOOD)).outcome, AUTH_KNOWN);
    cr_expect_eq(present_signed(ec, "ES256", plain, at_now(GOOD)).outcome, AUTH_TOKEN_TYPE);
    cr_expect_eq(present_signed(ec, "ES256", bare, at_now(GOOD)).outcome, AUTH_TOKEN_TYPE);
}

/* Every bit of a token counts. */
Test(jwt_verifier, what_was_changed_is_refused)
{
    start(issuer_a);
    char *token = signer_sign(ec, "ES256", "{\"alg\":\"ES256\",\"kid\":\"es\"}", at_now(GOOD));
    cr_assert_eq(present(token).outcome, AUTH_KNOWN);
    for (char *at = token; *at != '\0'; at++) {
        const char was = *at;
        *at = was == 'A' ? 'B' : 'A';
        cr_expect_neq(present(token).outcome, AUTH_KNOWN, "%td", at - token);
        *at = was;
    }
    char longer[TEXT]; /* a signature has its key's length */
    snprintf(longer, sizeof longer, "%sAA", token);
    cr_expect_eq(present(longer).outcome, AUTH_TOKEN_SIGNATURE);
    snprintf(longer, sizeof longer, "%s=", token);
    cr_expect_eq(present(longer).outcome, AUTH_TOKEN_MALFORMED);
    snprintf(longer, sizeof longer, "%s ", token);
    cr_expect_eq(present(longer).outcome, AUTH_TOKEN_MALFORMED);
    free(token);
}

Test(jwt_verifier, one_that_is_oversized)
{
    char claims[JWT_MAX_BYTES], padding[JWT_MAX_BYTES];
    start(issuer_a);
    memset(padding, 'x', sizeof padding);
    snprintf(claims, sizeof claims, at_now("{" REST ",\"aud\":\"orders\",\"exp\":@+300,\"x\":\"%.*s\"}"),
             5000, padding);
    cr_expect_eq(present_signed(ec, "ES256", "{\"alg\":\"ES256\"}", claims).outcome, AUTH_KNOWN);
    snprintf(claims, sizeof claims, at_now("{" REST ",\"aud\":\"orders\",\"exp\":@+300,\"x\":\"%.*s\"}"),
             7000, padding);
    cr_expect_eq(present_signed(ec, "ES256", "{\"alg\":\"ES256\"}", claims).outcome, AUTH_TOKEN_MALFORMED);
}

/* --- several issuers --- */

/* The second has the same key, as tenants of one provider have, and a key of the same name as the first's. */
Test(jwt_verifier, of_which_issuer)
{
    char issuers[TEXT];
    char *members[] = {signer_jwk(ec, "\"kid\":\"es\""), signer_jwk(other, "\"kid\":\"rs\"")};
    write_keys("keys-b", 2, members);
    snprintf(issuers, sizeof issuers,
             "%s[issuer b]\nissuer = https://b.example\naudience = orders\njwks = keys-b\n"
             "role-claim = scope\nadmin = orders.read\n",
             issuer_a);
    start(issuers);
    static const char of_b[] = "{\"iss\":\"https://b.example\",\"sub\":\"alice\",\"aud\":\"orders\","
                               "\"exp\":@+300,\"scope\":\"orders.read\"}";
    static const char es[] = "{\"alg\":\"ES256\",\"kid\":\"es\"}",
                      rs[] = "{\"alg\":\"ES256\",\"kid\":\"rs\"}";
    struct auth_result result = present_signed(ec, "ES256", es, at_now(GOOD));
    cr_expect_str_eq(result.principal.name, "example:alice");
    cr_expect_eq(result.principal.role, ROLE_READER);
    result = present_signed(ec, "ES256", es, at_now(of_b));
    cr_expect_str_eq(result.principal.name, "b:alice");
    cr_expect_eq(result.principal.role, ROLE_ADMIN);
    result = present_signed(other, "ES256", rs, at_now(of_b));
    cr_expect_str_eq(result.principal.name, "b:alice");
    /* b's key does not speak for the first. */
    cr_expect_eq(present_signed(other, "ES256", rs, at_now(GOOD)).outcome, AUTH_TOKEN_ISSUER);
}

/* --- what is remembered --- */

static double count_tokens(const char *outcome)
{
    return metric_value(metrics, "orders_jwt_tokens_total", 0, outcome);
}

Test(jwt_verifier, a_token_is_checked_once)
{
    start(issuer_a);
    char *token = signer_sign(ec, "ES256", "{\"alg\":\"ES256\",\"kid\":\"es\"}", at_now(GOOD));
    for (int i = 0; i < 10; i++) {
        const struct auth_result result = present(token);
        cr_assert_eq(result.outcome, AUTH_KNOWN);
        cr_assert_str_eq(result.principal.name, "example:alice");
        cr_assert_eq(result.principal.role, ROLE_READER);
    }
    cr_expect_eq(count_tokens("verified"), 1);
    cr_expect_eq(count_tokens("remembered"), 9);
    cr_expect_eq(present("a.b.c").outcome, AUTH_TOKEN_MALFORMED);
    cr_expect_eq(count_tokens("refused"), 1);
    free(token);
}

/* Its end is in the past, and the leeway a second from over. */
Test(jwt_verifier, what_is_remembered_ends)
{
    start(issuer_a);
    char *token =
        signer_sign(ec, "ES256", "{\"alg\":\"ES256\",\"kid\":\"es\"}", at_now(TIMED("\"exp\":@-58")));
    cr_assert_eq(present(token).outcome, AUTH_KNOWN);
    const uint64_t limit_ns = time_monotonic_ns() + 10 * (uint64_t)NS_PER_S;
    enum auth_outcome outcome = AUTH_KNOWN;
    while (outcome == AUTH_KNOWN && time_monotonic_ns() < limit_ns) {
        usleep(10000);
        outcome = present(token).outcome;
    }
    cr_assert_eq(outcome, AUTH_TOKEN_EXPIRED);
    free(token);
}

/* Waits for the thread that reads the file. */
static enum auth_outcome await_outcome(const char *token, enum auth_outcome wanted)
{
    const uint64_t limit_ns = time_monotonic_ns() + 30 * (uint64_t)NS_PER_S;
    enum auth_outcome outcome = present(token).outcome;
    while (outcome != wanted && time_monotonic_ns() < limit_ns) {
        usleep(5000);
        outcome = present(token).outcome;
    }
    return outcome;
}

Test(jwt_verifier, a_key_that_is_withdrawn_takes_its_tokens_along)
{
    start(issuer_a);
    char *token = signer_sign(ec, "ES256", "{\"alg\":\"ES256\",\"kid\":\"es\"}", at_now(GOOD));
    char *stays = signer_sign(rsa, "RS256", "{\"alg\":\"RS256\",\"kid\":\"rs\"}", at_now(GOOD));
    char *comes = signer_sign(other, "ES256", "{\"alg\":\"ES256\",\"kid\":\"es\"}", at_now(GOOD));
    cr_assert_eq(present(token).outcome, AUTH_KNOWN);
    cr_assert_eq(present(stays).outcome, AUTH_KNOWN);
    cr_assert_eq(present(comes).outcome, AUTH_TOKEN_SIGNATURE);
    char *members[] = {signer_jwk(rsa, "\"kid\":\"rs\""), signer_jwk(other, "\"kid\":\"es\"")};
    write_keys("keys", 2, members);
    cr_expect_eq(await_outcome(token, AUTH_TOKEN_SIGNATURE), AUTH_TOKEN_SIGNATURE);
    cr_expect_eq(present(stays).outcome, AUTH_KNOWN);
    cr_expect_eq(present(comes).outcome, AUTH_KNOWN);
    write_file("keys", "{\"keys\":["); /* half written: what was there stays */
    usleep(100000);
    cr_expect_eq(present(comes).outcome, AUTH_KNOWN);
    free(token);
    free(stays);
    free(comes);
}

/* --- threads --- */

enum { THREADS = 4, ROTATIONS = 20 };

static atomic_bool goes_on = true;

/* Two tokens, of which one's key comes and goes: it is known or not, and the other always is. */
static void *check_on(void *arg)
{
    char *const *tokens = arg;
    size_t wrong = 0;
    while (atomic_load(&goes_on)) {
        const struct auth_result comes_and_goes = present(tokens[0]), stays = present(tokens[1]);
        wrong += stays.outcome != AUTH_KNOWN;
        wrong += comes_and_goes.outcome != AUTH_KNOWN && comes_and_goes.outcome != AUTH_TOKEN_KEY;
    }
    return (void *)wrong;
}

Test(jwt_verifier, checked_by_many_while_keys_are_rotated)
{
    static const char of_other[] = "{\"alg\":\"ES256\",\"kid\":\"other\"}";
    pthread_t threads[THREADS];
    char *jwks[] = {signer_jwk(rsa, "\"kid\":\"rs\""), signer_jwk(other, "\"kid\":\"other\"")};
    char *tokens[] = {signer_sign(other, "ES256", of_other, at_now(GOOD)), NULL};
    tokens[1] = signer_sign(rsa, "RS256", "{\"alg\":\"RS256\",\"kid\":\"rs\"}", at_now(GOOD));
    start(issuer_a);
    for (size_t i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, check_on, tokens), 0);
    for (size_t i = 0; i < ROTATIONS; i++) {
        char *now[] = {strdup(jwks[0]), strdup(jwks[1])};
        write_keys("keys", 2, now);
        cr_expect_eq(await_outcome(tokens[0], AUTH_KNOWN), AUTH_KNOWN);
        char *later[] = {strdup(jwks[0])};
        write_keys("keys", 1, later);
        cr_expect_eq(await_outcome(tokens[0], AUTH_TOKEN_KEY), AUTH_TOKEN_KEY);
    }
    atomic_store(&goes_on, false);
    for (size_t i = 0; i < THREADS; i++) {
        void *wrong;
        pthread_join(threads[i], &wrong);
        cr_expect_null(wrong);
    }
    free(jwks[0]);
    free(jwks[1]);
    free(tokens[0]);
    free(tokens[1]);
}

/* A file of keys that is not there or is none is a setting that is wrong. */
Test(jwt_verifier, a_file_of_keys_that_is_none)
{
    char path[64], error[512];
    snprintf(path, sizeof path, "%s/issuers", folder);
    const struct jwt_verifier_options options = {.path = path, .metrics = metrics, .times = &times};
    write_file("issuers", issuer_a);
    write_file("keys", "{}");
    cr_expect_null(jwt_verifier_start(&options, error, sizeof error));
    cr_expect_not_null(strstr(error, "[issuer example]: jwks: "), "%s", error);
    cr_expect_not_null(strstr(error, "no JWK Set"), "%s", error);
    char keys[64];
    snprintf(keys, sizeof keys, "%s/keys", folder);
    unlink(keys);
    cr_expect_null(jwt_verifier_start(&options, error, sizeof error));
    cr_expect_not_null(strstr(error, "No such file"), "%s", error);
    cr_assert_eq(mkfifo(keys, 0600), 0); /* to open it would wait for ever */
    cr_expect_null(jwt_verifier_start(&options, error, sizeof error));
}
