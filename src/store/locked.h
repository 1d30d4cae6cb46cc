/* locked.h: retries of writes whose order another session has locked.
 *
 * A write that is not answered is in one of these states, or under way from one of the first two:
 * - waiting, in a queue of LANE_WRITE;
 * - set aside, in the queue of LANE_LOCKED, which those of LANE_WRITE share: it was taken and found a lock;
 * - tried in pass N: it was taken from there and found the lock again. When pass N is over it is set aside
 *   again, behind what was not tried in it: so each is tried once a pass, however many are locked.
 *
 * The invariant: no write passes an earlier one of its order. So a write that is taken while an earlier one
 * is set aside, or under way from there, is set aside, too: the mark of its order tells. And one that is set
 * aside while an earlier one was tried in this pass counts as tried, too.
 */
#ifndef STORE_LOCKED_H
#define STORE_LOCKED_H

#include "store/operation.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LOCKED_RETRY_MS = 10,      /* a pass in which something succeeded is followed by one of this length */
    LOCKED_RETRY_MOST_MS = 40, /* any other by one of twice its own, up to this */
    LOCKED_MARKS =
        1 << 18, /* so many that orders seldom share one, in which case a write is set aside for nothing */
};

struct locked {
    /* Owned; how many writes of an order are set aside or under way from there, by its hash. Any thread. */
    atomic_uint *marks;
    /* All below is guarded by the lock of the queue to which it belongs. */
    struct operation_list tried; /* in this pass, and what is to stay behind it */
    uint32_t *tried_in; /* owned; in which pass an order was tried, by a hash of the order and of the pass */
    uint32_t pass;      /* from 1: in 0 nothing was tried */
    uint64_t pass_ends_ns;
    unsigned retry_ms;  /* how long this pass is */
    bool has_succeeded; /* a write was taken in it and not put back */
    size_t put_back;    /* of the batch that is under way */
};

/* NULL: errno says why. */
struct locked *locked_new(void);

/* Nothing is to be in it. NULL does nothing. */
void locked_free(struct locked *locked);

/* --- any thread --- */

/* One more write of this order, or one less, is set aside or under way from there. */
void locked_mark(struct locked *locked, uint32_t hash);
void locked_unmark(struct locked *locked, uint32_t hash);

/* Whether a write of this order is to follow others that are. */
bool locked_is_marked(const struct locked *locked, uint32_t hash);

/* --- under the queue's lock --- */

/* Whether a write of this order was tried in this pass, and is still locked. */
bool locked_is_tried(const struct locked *locked, uint32_t hash);

/* Puts off a write of an order that was tried in this pass. */
void locked_put_off(struct locked *locked, struct operation *operation);

/* Puts off a write that was itself tried, and notes that its order was. */
void locked_put_back(struct locked *locked, struct operation *operation);

/* A batch of so many writes is done. */
void locked_end_batch(struct locked *locked, size_t n);

/* Milliseconds until there is something to retry; 0: now; -1: nothing was tried. */
int locked_due_ms(const struct locked *locked);

/* Ends the pass if its time is over, and says how long the next one takes. True: locked_begin_pass is due. */
bool locked_end_pass(struct locked *locked);

/* Begins the next pass. Returns what was tried in the last one, in its order: none of it was in this one. */
struct operation *locked_begin_pass(struct locked *locked);

#endif
