/* locked.c: a count for each order, and a list that is handed back once a pass. */
#include "store/locked.h"

#include "base/hash.h"
#include "base/time.h"

#include <assert.h>
#include <stdlib.h>

/* --- which orders are locked; any thread --- */

void locked_free(struct locked *locked)
{
    if (locked == NULL)
        return;
    free(locked->marks);
    free(locked->tried_in);
    free(locked);
}

struct locked *locked_new(void)
{
    struct locked *locked = calloc(1, sizeof *locked);
    if (locked == NULL)
        return NULL;
    locked->pass = 1;
    locked->marks = calloc(LOCKED_MARKS, sizeof *locked->marks);
    locked->tried_in = calloc(LOCKED_MARKS, sizeof *locked->tried_in);
    if (locked->marks != NULL && locked->tried_in != NULL)
        return locked;
    locked_free(locked);
    return NULL;
}

void locked_mark(struct locked *locked, uint32_t hash)
{
    atomic_fetch_add(&locked->marks[hash % LOCKED_MARKS], 1);
}

void locked_unmark(struct locked *locked, uint32_t hash)
{
    const unsigned before = atomic_fetch_sub(&locked->marks[hash % LOCKED_MARKS], 1);
    assert(before > 0);
    (void)before;
}

bool locked_is_marked(const struct locked *locked, uint32_t hash)
{
    return atomic_load(&locked->marks[hash % LOCKED_MARKS]) > 0;
}

/* --- when they are tried; under the queue's lock --- */

/* Two orders that share a place do so in one pass: what is put off for that is tried in the next. */
static uint32_t *pass_of(const struct locked *locked, uint32_t hash)
{
    return &locked->tried_in[hash_mix(hash, locked->pass) % LOCKED_MARKS];
}

bool locked_is_tried(const struct locked *locked, uint32_t hash)
{
    return *pass_of(locked, hash) == locked->pass;
}

void locked_put_off(struct locked *locked, struct operation *operation)
{
    assert(locked_is_tried(locked, operation->hash));
    operation_list_append(&locked->tried, operation, operation);
}

void locked_put_back(struct locked *locked, struct operation *operation)
{
    *pass_of(locked, operation->hash) = locked->pass;
    locked->put_back++;
    locked_put_off(locked, operation);
}

void locked_end_batch(struct locked *locked, size_t n)
{
    locked->has_succeeded |= n > locked->put_back;
    locked->put_back = 0;
}

int locked_due_ms(const struct locked *locked)
{
    return locked->tried.first != NULL ? time_left_ms(locked->pass_ends_ns) : -1;
}

bool locked_end_pass(struct locked *locked)
{
    const uint64_t now_ns = time_monotonic_ns();
    if (now_ns < locked->pass_ends_ns)
        return false;
    locked->retry_ms =
        locked->has_succeeded || locked->retry_ms == 0 ? LOCKED_RETRY_MS : 2 * locked->retry_ms;
    if (locked->retry_ms > LOCKED_RETRY_MOST_MS)
        locked->retry_ms = LOCKED_RETRY_MOST_MS;
    locked->has_succeeded = false;
    locked->pass_ends_ns = now_ns + (uint64_t)locked->retry_ms * NS_PER_MS;
    return locked->tried.first != NULL;
}

struct operation *locked_begin_pass(struct locked *locked)
{
    struct operation *tried = locked->tried.first;
    locked->tried = (struct operation_list){NULL, NULL};
    locked->pass++;
    return tried;
}
