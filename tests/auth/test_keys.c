/* test_keys.c: keys in memory: who a secret is, and when it was used. */
#include "auth/keys.h"

#include "base/time.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { US_PER_S = 1000000, CHECKS = 20000, READERS = 3 };

static struct keys *keys;
static struct auth_source source;

static void set_up(void)
{
    keys = keys_new();
    cr_assert_not_null(keys);
    source = keys_source(keys);
}

static void tear_down(void)
{
    keys_free(keys);
}

TestSuite(keys, .init = set_up, .fini = tear_down, .timeout = 60);

static int64_t now_us(void)
{
    const struct timestamp now = time_now();
    return now.seconds * US_PER_S + now.nanos / NS_PER_US;
}

static struct keys_entry make(const char *name, enum role role, char text[static KEY_TEXT])
{
    struct keys_entry entry = {.role = role, .expires_us = KEYS_NEVER, .revoked_us = KEYS_NEVER};
    cr_assert(key_make(&entry.key, text));
    strcpy(entry.name, name);
    return entry;
}

static void replace(const struct keys_entry entries[], size_t n)
{
    cr_assert(keys_replace(keys, entries, n, time_monotonic_ns()));
}

static enum auth_outcome check(const char *secret, struct principal *principal)
{
    *principal = (struct principal){0};
    return source.check(source.arg, secret, principal);
}

static void expect(const char *secret, enum auth_outcome outcome)
{
    struct principal principal;
    cr_assert_eq(check(secret, &principal), outcome, "%d", outcome);
    cr_assert_eq(*principal.name != '\0', outcome == AUTH_KNOWN);
}

Test(keys, each_is_its_own_principal)
{
    enum { N = 50 };
    static const char *const names[] = {"reader-1", "Writer", "a"};
    static char texts[N][KEY_TEXT];
    struct keys_entry entries[N];
    for (size_t i = 0; i < N; i++)
        entries[i] = make(names[i % 3], (enum role)(ROLE_READER + i % 3), texts[i]);
    replace(entries, N);
    for (size_t i = 0; i < N; i++) {
        struct principal principal;
        cr_assert_eq(check(texts[i], &principal), AUTH_KNOWN);
        cr_assert_str_eq(principal.name, names[i % 3]);
        cr_assert_eq(principal.role, (enum role)(ROLE_READER + i % 3));
        cr_assert(principal.is_listed);
    }
}

Test(keys, what_is_no_key_is_for_other_sources)
{
    expect("test-key", AUTH_MISSING);
    expect("orders_", AUTH_DAMAGED);
}

/* Of two keys, one with the other's id: the id is no secret. */
Test(keys, an_id_is_no_proof)
{
    char text[KEY_TEXT], other[KEY_TEXT];
    struct keys_entry entry = make("a", ROLE_ADMIN, text);
    const struct keys_entry wrong = make("b", ROLE_ADMIN, other);
    memcpy(entry.key.hash, wrong.key.hash, sizeof entry.key.hash);
    replace(&entry, 1);
    expect(text, AUTH_UNKNOWN);

    /* Nor is told how the key is. */
    entry.revoked_us = 1;
    replace(&entry, 1);
    expect(text, AUTH_UNKNOWN);
}

Test(keys, time_ends_them)
{
    char text[KEY_TEXT];
    struct keys_entry entry = make("a", ROLE_READER, text);
    static const struct {
        int64_t expires_in_us, revoked_in_us; /* 0: never */
        enum auth_outcome outcome;
    } cases[] = {
        {0, 0, AUTH_KNOWN},    {60 * US_PER_S, 0, AUTH_KNOWN},
        {-1, 0, AUTH_EXPIRED}, {0, 60 * US_PER_S, AUTH_KNOWN},
        {0, -1, AUTH_REVOKED}, {-1, -1, AUTH_REVOKED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        entry.expires_us = cases[i].expires_in_us != 0 ? now_us() + cases[i].expires_in_us : KEYS_NEVER;
        entry.revoked_us = cases[i].revoked_in_us != 0 ? now_us() + cases[i].revoked_in_us : KEYS_NEVER;
        replace(&entry, 1);
        expect(text, cases[i].outcome);
    }

    /* Nobody has to replace it for that. */
    entry.expires_us = now_us() + US_PER_S / 20;
    entry.revoked_us = KEYS_NEVER;
    replace(&entry, 1);
    while (now_us() < entry.expires_us)
        continue;
    expect(text, AUTH_EXPIRED);
}

Test(keys, one_that_may_be_new_is_not_told_that_it_is_wrong)
{
    char text[KEY_TEXT], known[KEY_TEXT];
    (void)make("new", ROLE_READER, text);
    const struct keys_entry entry = make("old", ROLE_READER, known);
    expect(text, AUTH_UNAVAILABLE);
    replace(&entry, 1);
    expect(text, AUTH_UNKNOWN);
    keys_expect_changes(keys);
    expect(text, AUTH_UNAVAILABLE);
    expect(known, AUTH_KNOWN);
    cr_assert(keys_replace(keys, &entry, 1, time_monotonic_ns() - (uint64_t)KEYS_FRESH_MS * NS_PER_MS));
    expect(text, AUTH_UNAVAILABLE);
    expect(known, AUTH_KNOWN);
}

Test(keys, uses_are_told_until_they_are_stored)
{
    char a[KEY_TEXT], b[KEY_TEXT];
    struct keys_entry entries[] = {make("a", ROLE_READER, a), make("b", ROLE_READER, b)};
    struct arena arena;
    size_t n;
    arena_init(&arena);
    replace(entries, 2);
    keys_uses(keys, &arena, &n);
    cr_assert_eq(n, 0);
    expect(a, AUTH_KNOWN);
    const struct keys_use *uses = keys_uses(keys, &arena, &n);
    cr_assert_eq(n, 1);
    cr_assert_str_eq(uses->id, entries[0].key.id);
    cr_assert_eq(uses->used_us % (60 * (int64_t)US_PER_S), 0);
    cr_assert_leq(now_us() - uses->used_us, 120 * (int64_t)US_PER_S);

    /* What is loaded meanwhile may not have it. */
    replace(entries, 2);
    uses = keys_uses(keys, &arena, &n);
    cr_assert_eq(n, 1);
    entries[0].used_us = uses->used_us;
    replace(entries, 2);
    keys_uses(keys, &arena, &n);
    cr_assert_eq(n, 0);

    /* A refused one was not used. */
    entries[1].revoked_us = 1;
    replace(entries, 2);
    expect(b, AUTH_REVOKED);
    keys_uses(keys, &arena, &n);
    cr_assert_eq(n, 0);
    arena_free(&arena);
}

/* --- many threads --- */

static char shared[KEY_TEXT];
static atomic_bool stop;

static void *check_again_and_again(void *arg)
{
    (void)arg;
    for (int i = 0; i < CHECKS; i++)
        expect(shared, AUTH_KNOWN);
    return NULL;
}

static void *replace_again_and_again(void *arg)
{
    const struct keys_entry *entry = arg;
    while (!atomic_load(&stop))
        replace(entry, 1);
    return NULL;
}

Test(keys, they_are_replaced_under_checks)
{
    struct keys_entry entry = make("a", ROLE_READER, shared);
    pthread_t readers[READERS], writer;
    replace(&entry, 1);
    pthread_create(&writer, NULL, replace_again_and_again, &entry);
    for (size_t i = 0; i < READERS; i++)
        pthread_create(&readers[i], NULL, check_again_and_again, NULL);
    for (size_t i = 0; i < READERS; i++)
        pthread_join(readers[i], NULL);
    atomic_store(&stop, true);
    pthread_join(writer, NULL);
}
