/* postgres_keys.h: keys in PostgreSQL: a thread with a session of its own that keeps a memory of them up to
 * date and makes the changes that are asked for.
 *
 * The session is notified of each change (LISTEN), and queries once a second in case a notification was
 * missed, so that a change is in memory a second later at the latest. Times of last use are written once a
 * minute, and when it stops.
 */
#ifndef STORE_POSTGRES_KEYS_H
#define STORE_POSTGRES_KEYS_H

#include "base/log.h"
#include "store/key_queue.h"
#include "store/key_store.h"
#include "store/session.h"
#include "store/store_metrics.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct postgres_keys_options {
    const char *database_url; /* outlives it, as does all that is pointed to */
    unsigned check_ms;        /* 0: SESSION_CHECK_MS */
    struct key_memory memory;
    const struct lane_metrics *metrics;
    struct log *log;
};

struct postgres_keys {
    struct key_store base; /* the first member */
    struct postgres_keys_options options;
    pthread_t thread;
    struct key_queue queue;
    int wake;                         /* an eventfd: something is new for the thread */
    atomic_uint_least64_t stop_by_ns; /* CLOCK_MONOTONIC; 0: it goes on */

    /* The thread's alone. */
    struct session session;
    enum worker_state state;                                    /* which the metrics tell */
    uint64_t loaded_ns, load_due_ns, use_due_ns, listen_due_ns; /* CLOCK_MONOTONIC */
    uint64_t failing_since_ns; /* that memory cannot be brought up to date; 0: it can */
    bool is_listening;
    bool is_loaded;  /* memory has what was there when it was last looked */
    unsigned n_told; /* of changes, since it last loaded */

    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t attempted;
    bool first_attempt_over;
    enum session_result outcome; /* of the last attempt */
    char why[SESSION_WHY], reason[SESSION_REASON];
    char fault[SESSION_REASON]; /* why memory has been out of date for some time while it serves; "": it is
                                   not */
};

/* False: errno says why, and there is nothing to stop or free. */
bool postgres_keys_start(struct postgres_keys *keys, const struct postgres_keys_options *options);

/* Waits until the first attempt to connect, and to load, is over and says how it ended; `why` as from
 * session_open. */
enum session_result postgres_keys_await(struct postgres_keys *keys, char *why, size_t why_size);

/* Whether memory is kept up to date. If not, `why` is a few words for anybody. Any thread. */
bool postgres_keys_ready(struct postgres_keys *keys, char *why, size_t why_size);

/* Answers calls whose deadline has passed. Any thread, until postgres_keys_free. */
void postgres_keys_expire(struct postgres_keys *keys, uint64_t now_ns);

/* Writes what is to be written, if that can be done in a second or two, and ends the thread. */
void postgres_keys_stop(struct postgres_keys *keys);
void postgres_keys_free(struct postgres_keys *keys);

#endif
