/* keys.c: a snapshot, sorted by id, that is replaced as a whole. */
#include "auth/keys.h"

#include "base/time.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { US_PER_S = 1000000, S_PER_MINUTE = 60 };

struct record {
    struct keys_entry entry;
    atomic_int_least64_t used_us; /* later than the entry's: it is not stored yet */
};

struct snapshot {
    size_t n;
    struct record records[];
};

struct keys {
    pthread_rwlock_t lock; /* guards the pointer, and keeps the snapshot */
    struct snapshot *snapshot;
    atomic_uint_least64_t fresh_until_ns; /* CLOCK_MONOTONIC */
};

static struct snapshot *snapshot_new(size_t n)
{
    struct snapshot *snapshot = calloc(1, sizeof *snapshot + n * sizeof snapshot->records[0]);
    if (snapshot != NULL)
        snapshot->n = n;
    return snapshot;
}

struct keys *keys_new(void)
{
    struct keys *keys = calloc(1, sizeof *keys);
    if (keys == NULL)
        return NULL;
    keys->snapshot = snapshot_new(0);
    pthread_rwlock_init(&keys->lock, NULL);
    if (keys->snapshot != NULL)
        return keys;
    keys_free(keys);
    return NULL;
}

void keys_free(struct keys *keys)
{
    if (keys == NULL)
        return;
    pthread_rwlock_destroy(&keys->lock);
    free(keys->snapshot);
    free(keys);
}

/* --- replacing --- */

static int compare_ids(const void *a, const void *b)
{
    return strcmp(((const struct record *)a)->entry.key.id, ((const struct record *)b)->entry.key.id);
}

static struct record *snapshot_find(struct snapshot *snapshot, const char *id)
{
    size_t from = 0, to = snapshot->n;
    while (from < to) {
        const size_t middle = from + (to - from) / 2;
        const int order = strcmp(snapshot->records[middle].entry.key.id, id);
        if (order == 0)
            return &snapshot->records[middle];
        if (order < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return NULL;
}

/* What was used since it was read is not forgotten. */
static void take_over_uses(struct snapshot *to, struct snapshot *from)
{
    for (size_t i = 0; i < from->n; i++) {
        struct record *record = snapshot_find(to, from->records[i].entry.key.id);
        const int64_t used_us = atomic_load(&from->records[i].used_us);
        if (record != NULL && used_us > atomic_load(&record->used_us))
            atomic_store(&record->used_us, used_us);
    }
}

bool keys_replace(struct keys *keys, const struct keys_entry entries[], size_t n, uint64_t as_of_ns)
{
    struct snapshot *next = snapshot_new(n);
    if (next == NULL)
        return false;
    for (size_t i = 0; i < n; i++) {
        next->records[i].entry = entries[i];
        atomic_init(&next->records[i].used_us, entries[i].used_us);
    }
    qsort(next->records, n, sizeof next->records[0], compare_ids);
    pthread_rwlock_wrlock(&keys->lock);
    struct snapshot *last = keys->snapshot;
    take_over_uses(next, last);
    keys->snapshot = next;
    pthread_rwlock_unlock(&keys->lock);
    free(last);
    atomic_store(&keys->fresh_until_ns, as_of_ns + (uint64_t)KEYS_FRESH_MS * NS_PER_MS);
    return true;
}

void keys_expect_changes(struct keys *keys)
{
    atomic_store(&keys->fresh_until_ns, 0);
}

/* --- checking --- */

static void note_use(struct record *record, struct timestamp now)
{
    const int64_t minute_us = (now.seconds - now.seconds % S_PER_MINUTE) * US_PER_S;
    if (atomic_load_explicit(&record->used_us, memory_order_relaxed) < minute_us)
        atomic_store_explicit(&record->used_us, minute_us, memory_order_relaxed);
}

/* Whoever has not the secret is not told how the key is. */
static enum auth_outcome record_judge(struct record *record, const struct key *key)
{
    const struct keys_entry *entry = &record->entry;
    const struct timestamp now = time_now();
    const int64_t now_us = now.seconds * US_PER_S + now.nanos / NS_PER_US;
    if (!key_has_hash(key, entry->key.hash))
        return AUTH_UNKNOWN;
    if (now_us >= entry->revoked_us)
        return AUTH_REVOKED;
    if (now_us >= entry->expires_us)
        return AUTH_EXPIRED;
    note_use(record, now);
    return AUTH_KNOWN;
}

static enum auth_outcome judge_unknown(struct keys *keys)
{
    return time_monotonic_ns() < atomic_load(&keys->fresh_until_ns) ? AUTH_UNKNOWN : AUTH_UNAVAILABLE;
}

static enum auth_outcome keys_check(void *arg, const char *secret, struct principal *principal)
{
    struct keys *keys = arg;
    struct key key;
    const enum key_form form = key_read(secret, &key);
    if (form != KEY_FORM_WHOLE)
        return form == KEY_FORM_OTHER ? AUTH_MISSING : AUTH_DAMAGED;
    pthread_rwlock_rdlock(&keys->lock);
    struct record *record = snapshot_find(keys->snapshot, key.id);
    const enum auth_outcome outcome = record != NULL ? record_judge(record, &key) : judge_unknown(keys);
    if (outcome == AUTH_KNOWN) {
        *principal = (struct principal){.role = record->entry.role, .is_listed = true};
        memcpy(principal->name, record->entry.name, sizeof record->entry.name);
    }
    pthread_rwlock_unlock(&keys->lock);
    return outcome;
}

struct auth_source keys_source(struct keys *keys)
{
    return (struct auth_source){keys_check, keys};
}

const struct keys_use *keys_uses(struct keys *keys, struct arena *arena, size_t *n)
{
    *n = 0;
    pthread_rwlock_rdlock(&keys->lock);
    struct snapshot *snapshot = keys->snapshot;
    struct keys_use *uses = arena_calloc(arena, snapshot->n + 1, sizeof *uses);
    for (size_t i = 0; i < snapshot->n; i++) {
        const struct record *record = &snapshot->records[i];
        const int64_t used_us = atomic_load(&record->used_us);
        if (used_us > record->entry.used_us)
            uses[(*n)++] = (struct keys_use){arena_strdup(arena, record->entry.key.id), used_us};
    }
    pthread_rwlock_unlock(&keys->lock);
    return uses;
}
