/* lane.h: kinds of work that never wait for one another: each has workers, and so connections, of its own.
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
    LANE_LONG,    /* scans that take long by what they ask for: so that none is in front of a short one */
    LANE_SUMMARY, /* by one session, which knows what the summary was last */
    LANE_WRITE,   /* the work on one order goes to one worker */
    LANE_LOCKED,  /* writes that found a lock of another session's, tried again until their deadlines */
    LANE_PURGE,   /* of old records and of the rollup's slots, in the background */
    LANE_KEYS,    /* of callers: kept in memory, and changed now and then (store/postgres_keys.h) */
    LANES,
};

enum { LANE_BATCH_MOST = 256 }; /* operations in a batch of any lane */

/* How much goes to the database at once, however much waits. A batch is what a caller with a single call
 * waits for behind one with a thousand: so while there are several, each has no more than some calls in it,
 * be they principals or the connections of one. The operations of one call are better off together. */
struct lane_batch {
    unsigned calls;      /* of one connection, while there are others */
    unsigned calls_each; /* of one principal, while there are others */
    unsigned operations; /* of all */
    unsigned rows; /* that lists read, all together: so a caller waits for little more than one large page.
                      Alone one may read more */
    bool is_timed; /* callers are charged the time that their operations took, once that is known, not rows:
                      what a search, a sort or a count reads is not known before */
    bool is_paced; /* fewer operations where they take long (store/pace.h) */
};

/* For logs. */
const char *lane_name(enum lane lane);

/* Whether it changes nothing. */
bool lane_reads(enum lane lane);

struct lane_batch lane_batch(enum lane lane);

/* Whether what finds a lock in it is tried again in another lane, with the rest of its statement's run: to
 * find out which it was takes a wait for each half, and there it holds up nobody else. */
bool lane_sets_aside(enum lane lane);

/* Whose statements its workers run: a lane's own, or those of the one whose work it takes over. */
enum lane lane_statements(enum lane lane);

#endif
