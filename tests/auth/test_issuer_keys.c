/* test_issuer_keys.c: how keys are fetched, and when. */
#include "auth/issuer_keys.h"

#include "base/time.h"
#include "metric_value.h"
#include "provider.h"
#include "signer.h"

#include <criterion/criterion.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TIMEOUT 120
#define OK      "HTTP/1.1 200 OK\r\nContent-Type: application/json"

enum { LONG_MS = 3600000, SHORT_MS = 20 };

static const char metadata_path[] = "/.well-known/openid-configuration";

/* Only what is asked for, and only at once. */
static const struct issuer_keys_times once = {
    .least = LONG_MS, .most = LONG_MS, .preset = LONG_MS, .retry = LONG_MS, .gap = SHORT_MS};
static const struct issuer_keys_times often = {
    .least = SHORT_MS, .most = LONG_MS, .preset = SHORT_MS, .retry = SHORT_MS, .gap = LONG_MS};

static struct provider provider;
static struct metrics *metrics;
static struct issuer_keys *keys;
static struct jwt_issuer issuer;
static char url[128], origin[64];
static char *one, *two; /* sets of keys "a", and "b" */

static char *make_set(const char *members)
{
    EVP_PKEY *key = signer_ec("P-256");
    char *jwk = signer_jwk(key, members);
    EVP_PKEY_free(key);
    return signer_set(1, &jwk);
}

static void set_up(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
    provider_start(&provider);
    snprintf(origin, sizeof origin, "http://127.0.0.1:%u", provider.port);
    snprintf(url, sizeof url, "%s/jwks", origin);
    issuer = (struct jwt_issuer){.name = "a", .issuer = origin, .jwks = url};
    metrics = metrics_new();
    one = make_set("\"kid\":\"a\"");
    two = make_set("\"kid\":\"b\"");
}

static void tear_down(void)
{
    issuer_keys_free(keys);
    provider_stop(&provider);
    metrics_free(metrics);
    free(one);
    free(two);
    curl_global_cleanup();
}

TestSuite(issuer_keys, .init = set_up, .fini = tear_down, .timeout = TIMEOUT);

static void start(const struct issuer_keys_times *times)
{
    char error[512];
    const struct issuer_keys_options options = {&issuer, NULL, metrics, times};
    keys = issuer_keys_start(&options, error, sizeof error);
    cr_assert_not_null(keys, "%s", error);
}

static bool has_key(const char *kid)
{
    uint64_t epoch;
    struct jwks *jwks = issuer_keys_hold(keys, &epoch);
    const bool has = jwks != NULL && jwks_find(jwks, kid) != NULL;
    jwks_release(jwks);
    return has;
}

static bool await_key(const char *kid)
{
    const uint64_t limit_ns = time_monotonic_ns() + 30 * (uint64_t)NS_PER_S;
    while (!has_key(kid) && time_monotonic_ns() < limit_ns)
        usleep(2000);
    return has_key(kid);
}

static double metric(const char *name, const char *outcome)
{
    return metric_value(metrics, name, 1, outcome);
}

static void await_outcome(const char *outcome)
{
    const uint64_t limit_ns = time_monotonic_ns() + 30 * (uint64_t)NS_PER_S;
    while (metric("orders_jwt_fetches_total", outcome) < 1 && time_monotonic_ns() < limit_ns)
        usleep(2000);
    cr_assert_geq(metric("orders_jwt_fetches_total", outcome), 1, "%s", outcome);
}

Test(issuer_keys, they_are_there_before_anybody_asks)
{
    provider_say(&provider, "/jwks", OK, one);
    start(&once);
    cr_assert(await_key("a"));
    cr_expect_eq(metric("orders_jwt_keys", NULL), 1);
    cr_expect_eq(metric("orders_jwt_fetches_total", "ok"), 1);
    cr_expect_float_eq(metric("orders_jwt_keys_fetch_time_seconds", NULL), (double)time_now().seconds, 30);
}

Test(issuer_keys, where_the_issuer_says_they_are)
{
    char metadata[256];
    snprintf(metadata, sizeof metadata, "{\"issuer\":\"%s\",\"jwks_uri\":\"%s\"}", origin, url);
    issuer.jwks = NULL;
    provider_say(&provider, metadata_path, OK, metadata);
    provider_say(&provider, "/jwks", OK, one);
    start(&once);
    cr_assert(await_key("a"));
}

/* One that speaks for another, or sends us to where anybody can answer, or nowhere. */
Test(issuer_keys, metadata_that_is_not_believed)
{
    char metadata[5][256];
    snprintf(metadata[0], 256, "{\"issuer\":\"%s/\",\"jwks_uri\":\"%s\"}", origin, url);
    snprintf(metadata[1], 256, "{\"issuer\":\"%s\",\"jwks_uri\":\"http://jwks.example/\"}", origin);
    snprintf(metadata[2], 256, "{\"issuer\":\"%s\",\"jwks_uri\":\"file:///etc/passwd\"}", origin);
    snprintf(metadata[3], 256, "{\"issuer\":\"%s\"}", origin);
    snprintf(metadata[4], 256, "[]");
    issuer.jwks = NULL;
    provider_say(&provider, "/jwks", OK, one);
    start(&often);
    for (size_t i = 0; i < 5; i++) {
        const unsigned before = provider_asked(&provider, metadata_path);
        provider_say(&provider, metadata_path, OK, metadata[i]);
        provider_await(&provider, metadata_path, before + 3);
        cr_expect_not(has_key("a"), "%s", metadata[i]);
    }
    await_outcome("invalid");
    cr_expect_eq(provider_asked(&provider, "/jwks"), 0);
}

Test(issuer_keys, what_is_no_answer)
{
    static char large[JWKS_MAX_BYTES + 2];
    char redirect[256];
    memset(large, ' ', sizeof large - 1);
    snprintf(redirect, sizeof redirect, "HTTP/1.1 302 Found\r\nLocation: %s/elsewhere", origin);
    const struct {
        const char *head, *body, *outcome;
    } cases[] = {
        {NULL, NULL, "unreachable"}, {"HTTP/1.1 500 Oops", "{}", "refused"},
        {redirect, "", "refused"},   {OK, "", "invalid"},
        {OK, "<html>", "invalid"},   {OK, "{\"keys\":1}", "invalid"},
        {OK, large, "unreachable"}, /* the transfer is broken off */
    };
    provider_say(&provider, "/elsewhere", OK, one);
    provider_say(&provider, "/jwks", OK, two);
    start(&often);
    cr_assert(await_key("b"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const double before = metric("orders_jwt_fetches_total", cases[i].outcome);
        provider_say(&provider, "/jwks", cases[i].head, cases[i].body);
        provider_await(&provider, "/jwks", provider_asked(&provider, "/jwks") + 3);
        cr_expect_gt(metric("orders_jwt_fetches_total", cases[i].outcome), before, "%zu", i);
        cr_expect(has_key("b"), "%zu", i); /* what was there stays */
    }
    cr_expect_eq(provider_asked(&provider, "/elsewhere"), 0);
}

Test(issuer_keys, they_stay_while_the_issuer_is_away)
{
    uint64_t epoch, later;
    provider_say(&provider, "/jwks", OK, one);
    start(&often);
    cr_assert(await_key("a"));
    jwks_release(issuer_keys_hold(keys, &epoch));
    provider_say(&provider, "/jwks", NULL, NULL);
    provider_await(&provider, "/jwks", provider_asked(&provider, "/jwks") + 3);
    cr_expect(has_key("a"));
    cr_expect_eq(issuer_keys_epoch(keys), epoch);
    provider_say(&provider, "/jwks", OK, two);
    cr_assert(await_key("b"));
    cr_expect_not(has_key("a"));
    jwks_release(issuer_keys_hold(keys, &later));
    cr_expect_neq(later, epoch);
}

Test(issuer_keys, an_unknown_key_has_them_fetched_at_once)
{
    provider_say(&provider, "/jwks", OK, one);
    start(&once);
    cr_assert(await_key("a"));
    provider_say(&provider, "/jwks", OK, two);
    issuer_keys_want(keys);
    cr_assert(await_key("b"));
}

/* However often somebody asks, and whatever comes of it. */
Test(issuer_keys, but_not_again_within_a_while)
{
    static const struct issuer_keys_times rare = {
        .least = LONG_MS, .most = LONG_MS, .preset = LONG_MS, .retry = LONG_MS, .gap = LONG_MS};
    provider_say(&provider, "/jwks", OK, one);
    start(&rare);
    cr_assert(await_key("a"));
    issuer_keys_want(keys);
    provider_await(&provider, "/jwks", 2);
    for (int i = 0; i < 100; i++) {
        issuer_keys_want(keys);
        usleep(1000);
    }
    cr_expect_eq(provider_asked(&provider, "/jwks"), 2);
    cr_expect_eq(issuer_keys_times.gap, 60000);
}

/* Wanted again, they are fetched when the while is over, without being asked for once more. */
Test(issuer_keys, what_was_wanted_meanwhile_comes_later)
{
    static const struct issuer_keys_times soon = {
        .least = LONG_MS, .most = LONG_MS, .preset = LONG_MS, .retry = LONG_MS, .gap = 200};
    provider_say(&provider, "/jwks", OK, one);
    start(&soon);
    cr_assert(await_key("a"));
    issuer_keys_want(keys);
    provider_await(&provider, "/jwks", 2);
    const uint64_t start_ns = time_monotonic_ns();
    issuer_keys_want(keys);
    provider_await(&provider, "/jwks", 3);
    cr_expect_geq(time_monotonic_ns() - start_ns, 100 * (uint64_t)NS_PER_MS);
}

/* Within bounds: an issuer that says "for ever" is asked again, and one that says "not at all" not at once.
 */
Test(issuer_keys, as_long_as_the_issuer_says)
{
    static const struct issuer_keys_times bounded = {
        .least = 300, .most = 600, .preset = 5000, .retry = 300, .gap = LONG_MS};
    static const struct {
        const char *head;
        uint64_t least_ms;
    } cases[] = {
        {OK "\r\nCache-Control: max-age=0", 290},
        {OK "\r\nCache-Control: no-store", 290},
        {OK "\r\nCache-Control: public, max-age=86400", 590},
        {OK "\r\nCache-Control: max-age=junk", 290},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        provider_say(&provider, "/jwks", cases[i].head, one);
        const unsigned before = provider_asked(&provider, "/jwks");
        start(&bounded);
        provider_await(&provider, "/jwks", before + 1);
        const uint64_t start_ns = time_monotonic_ns();
        provider_await(&provider, "/jwks", before + 2);
        const uint64_t took_ms = (time_monotonic_ns() - start_ns) / NS_PER_MS;
        cr_expect_geq(took_ms + 20, cases[i].least_ms, "%s: %llu", cases[i].head,
                      (unsigned long long)took_ms);
        cr_expect_lt(took_ms, bounded.preset, "%s: %llu", cases[i].head, (unsigned long long)took_ms);
        issuer_keys_free(keys);
        keys = NULL;
    }
    cr_expect_eq(issuer_keys_times.least, 60000);
    cr_expect_eq(issuer_keys_times.most, 900000);
}

/* It is given up at once, though the issuer says nothing. */
Test(issuer_keys, the_end_does_not_wait_for_the_issuer)
{
    provider.is_silent = true;
    provider_say(&provider, "/jwks", OK, one);
    start(&once);
    provider_await(&provider, "/jwks", 1);
    const uint64_t start_ns = time_monotonic_ns();
    issuer_keys_free(keys);
    keys = NULL;
    cr_expect_lt(time_monotonic_ns() - start_ns, 5 * (uint64_t)NS_PER_S);
}

/* --- https --- */

static char certificate[] = "/tmp/issuer-keys-XXXXXX";

/* In place of the plain one: at 127.0.0.1, with a certificate for this address. */
static void start_tls(const char *address)
{
    const int fd = mkstemp(certificate);
    cr_assert_geq(fd, 0);
    close(fd);
    provider_stop(&provider);
    provider_start_tls(&provider, address, certificate);
    snprintf(url, sizeof url, "https://127.0.0.1:%u/jwks", provider.port);
    provider_say(&provider, "/jwks", OK, one);
}

Test(issuer_keys, by_https_of_whom_the_operator_trusts)
{
    start_tls("127.0.0.1");
    issuer.ca_file = certificate;
    start(&once);
    cr_expect(await_key("a"));
    unlink(certificate);
}

Test(issuer_keys, not_of_whom_nobody_trusts)
{
    start_tls("127.0.0.1");
    start(&once); /* the system's authorities do not know it */
    await_outcome("unreachable");
    cr_expect_not(has_key("a"));
    cr_expect_eq(provider_asked(&provider, "/jwks"), 0);
    unlink(certificate);
}

Test(issuer_keys, not_of_another_name)
{
    start_tls("127.0.0.2");
    issuer.ca_file = certificate;
    start(&once);
    await_outcome("unreachable");
    cr_expect_not(has_key("a"));
    cr_expect_eq(provider_asked(&provider, "/jwks"), 0);
    unlink(certificate);
}

/* To stop would wait for whoever fetches, and that one for who writes to the FIFO. */
Test(issuer_keys, a_fifo_of_authorities_holds_up_nobody)
{
    start_tls("127.0.0.1");
    unlink(certificate);
    cr_assert_eq(mkfifo(certificate, 0600), 0);
    issuer.ca_file = certificate;
    start(&once);
    await_outcome("unreachable");
    cr_expect_eq(provider_asked(&provider, "/jwks"), 0);
    unlink(certificate);
}

/* Who is asked by https is not to send us to where anybody of this machine may answer. */
Test(issuer_keys, not_in_plaintext_for_one_of_https)
{
    struct provider plain;
    char metadata[256];
    start_tls("127.0.0.1");
    provider_start(&plain);
    provider_say(&plain, "/jwks", OK, one);
    snprintf(origin, sizeof origin, "https://127.0.0.1:%u", provider.port);
    snprintf(metadata, sizeof metadata, "{\"issuer\":\"%s\",\"jwks_uri\":\"http://127.0.0.1:%u/jwks\"}",
             origin, plain.port);
    provider_say(&provider, metadata_path, OK, metadata);
    issuer.jwks = NULL;
    issuer.ca_file = certificate;
    start(&once);
    await_outcome("invalid");
    cr_expect_not(has_key("a"));
    cr_expect_eq(provider_asked(&plain, "/jwks"), 0);
    provider_stop(&plain);
    unlink(certificate);
}
