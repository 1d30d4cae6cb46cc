/* lane.h: lanes: kinds of work that never wait for one another, as each has workers and connections of its
 * own.
 *
 * A get takes microseconds, a write waits for a commit, and a long list or a recount of the summary takes as
 * long as it takes. Gets need one worker however many cores there are: what waits for it goes in one
 * statement.
 */
#ifndef STORE_LANE_H
#define STORE_LANE_H

#include <stdbool.h>

enum lane {
    LANE_GET,     /* by order_id */
    LANE_SCAN,    /* lists and statistics */
    LANE_LONG,    /* scans that take long, so that a short one never waits for them */
    LANE_SUMMARY, /* one session, which keeps the last summary (summary_memory.h) */
    LANE_WRITE,   /* the work on one order goes to one worker */
    LANE_LOCKED,  /* writes that found a lock of another session's, tried again until their deadlines */
    LANE_PURGE,   /* background upkeep of old records and of the rollup */
    LANE_KEYS,    /* of callers: kept in memory, and changed now and then (store/postgres_keys.h) */
    LANES,
};

enum { LANE_BATCH_MOST = 256 }; /* operations in a batch of any lane */

/* Bounds of a batch. A caller with a single call waits for one batch, however many calls another caller has:
 * so while there are several callers, principals or connections of one, each has only some calls in a batch.
 * The operations of one call stay together. */
struct lane_batch {
    unsigned calls;      /* of one connection, while there are others */
    unsigned calls_each; /* of one principal, while there are others */
    unsigned operations; /* of all */
    unsigned rows; /* that all lists in it read: so a caller waits for little more than one large page. A list
                      alone may read more */
    bool is_timed; /* callers are charged by time, not by rows: what a search, a sort or a count reads is not
                      known before */
    bool is_paced; /* fewer operations where they take long (store/pace.h) */
};

/* For logs. */
const char *lane_name(enum lane lane);

/* Whether it changes nothing. */
bool lane_reads(enum lane lane);

struct lane_batch lane_batch(enum lane lane);

/* Whether operations of a run that met a lock are retried in another lane: bisecting the run waits for the
 * lock again with each half, and there that holds up nobody else. */
bool lane_sets_aside(enum lane lane);

/* Whose statements its workers prepare: its own, or those of the lane whose operations it retries. */
enum lane lane_statements(enum lane lane);

#endif
