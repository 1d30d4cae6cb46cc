/* issuer_keys.c: a thread that sleeps until keys are due. */
#include "auth/issuer_keys.h"

#include "auth/fetch.h"
#include "base/time.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { DOCUMENT_MAX_BYTES = 64 << 10, MS_PER_S = 1000, URL_MAX_BYTES = 512 };

const struct issuer_keys_times issuer_keys_times = {
    .least = 60000,
    .most = 900000,
    .preset = 300000,
    .retry = 1000,
    .gap = 60000,
};

struct issuer_keys {
    const struct jwt_issuer *issuer;
    struct log *log;
    const struct issuer_keys_times *times;
    struct metric *fetches[FETCH_OUTCOMES];
    struct metric *count, *fetched;
    pthread_t thread;
    bool has_thread;
    atomic_bool stops;
    _Atomic uint64_t epoch; /* counts how often a key was withdrawn */

    /* The thread's. */
    struct fetch fetch;
    unsigned failures; /* in a row */
    uint64_t due_ns;
    uint64_t last_wanted_ns; /* when they were last fetched for an unknown key; 0: never */

    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t wake;
    struct jwks *jwks; /* held; NULL: not yet */
    bool is_wanted;
};

/* --- the document --- */

static enum fetch_outcome issuer_keys_fail(struct issuer_keys *keys, enum fetch_outcome outcome,
                                           const char *why)
{
    snprintf(keys->fetch.why, sizeof keys->fetch.why, "%s", why);
    return outcome;
}

static bool is_https(const char *url)
{
    static const char scheme[] = "https:";
    return strncasecmp(url, scheme, strlen(scheme)) == 0;
}

/* Reads what the issuer says of itself (OpenID Connect Discovery 1.0, 4.3): that it is the one, too. */
static enum fetch_outcome read_metadata(struct issuer_keys *keys, char url[static URL_MAX_BYTES])
{
    json_t *metadata = json_loadb(keys->fetch.text, keys->fetch.length, JSON_REJECT_DUPLICATES, NULL);
    const char *issuer = json_string_value(json_object_get(metadata, "issuer"));
    const char *jwks_uri = json_string_value(json_object_get(metadata, "jwks_uri"));
    enum fetch_outcome outcome = FETCH_OK;
    if (issuer == NULL || strcmp(issuer, keys->issuer->issuer) != 0)
        outcome = issuer_keys_fail(keys, FETCH_INVALID, "its metadata is of another issuer");
    else if (jwks_uri == NULL || strlen(jwks_uri) >= URL_MAX_BYTES || !jwt_issuers_is_fit_url(jwks_uri) ||
             (is_https(issuer) && !is_https(jwks_uri)))
        outcome = issuer_keys_fail(keys, FETCH_INVALID, "its metadata has no jwks_uri by https");
    else
        snprintf(url, URL_MAX_BYTES, "%s", jwks_uri);
    json_decref(metadata);
    return outcome;
}

static enum fetch_outcome discover(struct issuer_keys *keys)
{
    char url[URL_MAX_BYTES];
    const char *issuer = keys->issuer->issuer;
    size_t length = strlen(issuer);
    if (length > 0 && issuer[length - 1] == '/')
        length--;
    snprintf(url, sizeof url, "%.*s/.well-known/openid-configuration", (int)length, issuer);
    enum fetch_outcome outcome = fetch_url(&keys->fetch, url, DOCUMENT_MAX_BYTES);
    if (outcome == FETCH_OK)
        outcome = read_metadata(keys, url);
    return outcome == FETCH_OK ? fetch_url(&keys->fetch, url, JWKS_MAX_BYTES) : outcome;
}

static enum fetch_outcome fetch_document(struct issuer_keys *keys)
{
    const char *place = keys->issuer->jwks;
    if (place == NULL)
        return discover(keys);
    return strstr(place, "://") != NULL ? fetch_url(&keys->fetch, place, JWKS_MAX_BYTES)
                                        : fetch_file(&keys->fetch, place, JWKS_MAX_BYTES);
}

/* --- a fetch --- */

/* Returns what was there before, to release. */
static struct jwks *swap(struct issuer_keys *keys, struct jwks *jwks)
{
    pthread_mutex_lock(&keys->lock);
    struct jwks *older = keys->jwks;
    keys->jwks = jwks;
    if (!jwks_has_all(jwks, older))
        atomic_fetch_add(&keys->epoch, 1);
    pthread_mutex_unlock(&keys->lock);
    return older;
}

static void issuer_keys_take(struct issuer_keys *keys, struct jwks *jwks)
{
    const size_t n = jwks_count(jwks);
    struct jwks *older = swap(keys, jwks);
    if (older == NULL || !jwks_has_all(jwks, older) || jwks_count(older) != n)
        log_line(keys->log, n > 0 ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, "keys of an issuer of tokens",
                 LOG_STR("issuer", keys->issuer->name), LOG_INT("keys", n));
    jwks_release(older);
    metric_set(keys->count, (int64_t)n);
    metric_set(keys->fetched, time_now().seconds);
}

static enum fetch_outcome fetch_keys(struct issuer_keys *keys)
{
    const char *why;
    const enum fetch_outcome outcome = fetch_document(keys);
    if (outcome != FETCH_OK)
        return outcome;
    struct jwks *jwks = jwks_read(keys->fetch.text, keys->fetch.length, &why);
    if (jwks == NULL)
        return issuer_keys_fail(keys, FETCH_INVALID, why);
    issuer_keys_take(keys, jwks);
    return FETCH_OK;
}

static uint64_t clamp(uint64_t value, uint64_t least, uint64_t most)
{
    return value < least ? least : value > most ? most : value;
}

/* How long what was fetched is fresh. */
static uint64_t pause_ms(const struct issuer_keys *keys)
{
    enum { MOST_DOUBLINGS = 10 };
    const struct issuer_keys_times *times = keys->times;
    if (keys->failures > 0) {
        const unsigned doublings = keys->failures < MOST_DOUBLINGS ? keys->failures - 1 : MOST_DOUBLINGS;
        return clamp(times->retry << doublings, 0, times->least);
    }
    const uint64_t age_ms =
        keys->fetch.max_age_s < 0 ? times->preset : (uint64_t)keys->fetch.max_age_s * MS_PER_S;
    return clamp(age_ms, times->least, times->most);
}

/* Counts and tells how a fetch ended, and when the next is due. */
static void issuer_keys_note(struct issuer_keys *keys, enum fetch_outcome outcome)
{
    keys->failures = outcome == FETCH_OK ? 0 : keys->failures + 1;
    metric_add(keys->fetches[outcome], 1);
    if (outcome != FETCH_OK)
        log_line(keys->log, LOG_LEVEL_WARN, "keys of an issuer of tokens could not be fetched",
                 LOG_STR("issuer", keys->issuer->name), LOG_STR("outcome", fetch_outcome_name(outcome)),
                 LOG_STR("reason", keys->fetch.why));
    keys->due_ns = time_monotonic_ns() + pause_ms(keys) * NS_PER_MS;
}

/* --- the thread --- */

static uint64_t wanted_ns(const struct issuer_keys *keys)
{
    return keys->last_wanted_ns == 0 ? 0 : keys->last_wanted_ns + keys->times->gap * NS_PER_MS;
}

/* False: it is to end. */
static bool await_due(struct issuer_keys *keys)
{
    bool is_due = false;
    pthread_mutex_lock(&keys->lock);
    while (!is_due && !atomic_load(&keys->stops)) {
        const uint64_t now_ns = time_monotonic_ns();
        const bool is_for_want = keys->is_wanted && wanted_ns(keys) < keys->due_ns;
        const uint64_t due_ns = is_for_want ? wanted_ns(keys) : keys->due_ns;
        is_due = now_ns >= due_ns;
        if (!is_due)
            (void)time_wait_until(&keys->wake, &keys->lock, due_ns);
        else if (is_for_want)
            keys->last_wanted_ns = now_ns;
    }
    if (is_due)
        keys->is_wanted = false;
    pthread_mutex_unlock(&keys->lock);
    return is_due;
}

static void *issuer_keys_run(void *arg)
{
    struct issuer_keys *keys = arg;
    while (await_due(keys)) {
        const enum fetch_outcome outcome = fetch_keys(keys);
        if (!atomic_load(&keys->stops)) /* or it was given up */
            issuer_keys_note(keys, outcome);
    }
    return NULL;
}

/* --- all of them --- */

static void add_metrics(struct issuer_keys *keys, struct metrics *metrics)
{
    static const struct metric_family fetches = {"orders_jwt_fetches_total",
                                                 "Times that an issuer's keys were fetched",
                                                 METRIC_COUNTER,
                                                 {"issuer", "outcome"}};
    static const struct metric_family count = {
        "orders_jwt_keys", "Keys of an issuer of tokens, that can prove one", METRIC_GAUGE, {"issuer"}};
    static const struct metric_family fetched = {"orders_jwt_keys_fetch_time_seconds",
                                                 "When an issuer's keys were last fetched",
                                                 METRIC_GAUGE,
                                                 {"issuer"}};
    const char *const name[] = {keys->issuer->name};
    for (enum fetch_outcome each = 0; each < FETCH_OUTCOMES; each++) {
        const char *const values[] = {keys->issuer->name, fetch_outcome_name(each)};
        keys->fetches[each] = metrics_add(metrics, &fetches, values);
    }
    keys->count = metrics_add(metrics, &count, name);
    keys->fetched = metrics_add(metrics, &fetched, name);
}

/* A file's are there at once, or it is the settings that are wrong. */
static bool read_first(struct issuer_keys *keys, char *error, size_t error_size)
{
    const char *place = keys->issuer->jwks;
    if (place == NULL || strstr(place, "://") != NULL)
        return true;
    if (fetch_keys(keys) == FETCH_OK) {
        issuer_keys_note(keys, FETCH_OK);
        return true;
    }
    snprintf(error, error_size, "[issuer %s]: jwks: %s: %s", keys->issuer->name, place, keys->fetch.why);
    errno = EINVAL;
    return false;
}

struct issuer_keys *issuer_keys_start(const struct issuer_keys_options *options, char *error,
                                      size_t error_size)
{
    struct issuer_keys *keys = calloc(1, sizeof *keys);
    snprintf(error, error_size, "out of memory");
    errno = ENOMEM;
    if (keys == NULL)
        return NULL;
    keys->issuer = options->issuer;
    keys->log = options->log;
    keys->times = options->times != NULL ? options->times : &issuer_keys_times;
    pthread_mutex_init(&keys->lock, NULL);
    time_cond_init(&keys->wake);
    add_metrics(keys, options->metrics);
    if (fetch_init(&keys->fetch, options->issuer->ca_file, &keys->stops) &&
        read_first(keys, error, error_size)) {
        const int failed = pthread_create(&keys->thread, NULL, issuer_keys_run, keys);
        keys->has_thread = failed == 0;
        errno = failed;
    }
    if (keys->has_thread)
        return keys;
    const int why = errno;
    issuer_keys_free(keys);
    errno = why;
    return NULL;
}

void issuer_keys_stop(struct issuer_keys *keys)
{
    pthread_mutex_lock(&keys->lock);
    atomic_store(&keys->stops, true);
    pthread_cond_signal(&keys->wake);
    pthread_mutex_unlock(&keys->lock);
    if (keys->has_thread)
        pthread_join(keys->thread, NULL);
    keys->has_thread = false;
    fetch_free(&keys->fetch);
}

void issuer_keys_free(struct issuer_keys *keys)
{
    if (keys == NULL)
        return;
    issuer_keys_stop(keys);
    jwks_release(keys->jwks);
    pthread_cond_destroy(&keys->wake);
    pthread_mutex_destroy(&keys->lock);
    free(keys);
}

struct jwks *issuer_keys_hold(struct issuer_keys *keys, uint64_t *epoch)
{
    pthread_mutex_lock(&keys->lock);
    struct jwks *jwks = jwks_hold(keys->jwks);
    *epoch = atomic_load(&keys->epoch);
    pthread_mutex_unlock(&keys->lock);
    return jwks;
}

uint64_t issuer_keys_epoch(const struct issuer_keys *keys)
{
    return atomic_load(&keys->epoch);
}

void issuer_keys_want(struct issuer_keys *keys)
{
    pthread_mutex_lock(&keys->lock);
    keys->is_wanted = true;
    pthread_cond_signal(&keys->wake);
    pthread_mutex_unlock(&keys->lock);
}
