/* worker.h: a thread with one connection and a worker slot of a queue: takes all that waits, runs it as a
 * batch, and so on.
 *
 * While the database cannot be reached the slot is closed, so that callers hear it at once; the worker
 * connects again by itself, waiting longer from attempt to attempt.
 */
#ifndef STORE_WORKER_H
#define STORE_WORKER_H

#include "base/log.h"
#include "store/batch.h"
#include "store/pace.h"
#include "store/queue.h"
#include "store/session.h"

#include <pthread.h>
#include <stdatomic.h>

struct worker {
    pthread_t thread;
    struct queue *queue;
    unsigned slot;
    struct log *log;
    const struct lane_metrics *metrics;
    void (*connected)(void *arg); /* of its options */
    void *connected_arg;
    atomic_bool stop;

    struct batch batch;
    /* The thread's alone. */
    struct session session;
    bool shared;                          /* the last batch had several operations */
    struct queue_taken taken[BATCH_MOST]; /* the batch that is under way */
    size_t n_taken;
    uint64_t began_ns; /* CLOCK_MONOTONIC; when that was taken */
    struct pace pace;
    enum worker_state state; /* which the metrics tell */

    pthread_mutex_t lock;     /* guards all below */
    pthread_cond_t attempted; /* the first attempt to connect is over */
    bool first_attempt_over;
    enum session_result outcome;   /* of the last attempt */
    char why[SESSION_WHY];         /* it failed */
    char reason[SESSION_REASON];   /* the same for anybody */
    char degraded[SESSION_REASON]; /* what is wrong while it serves; "": nothing is */
};

/* What all of a store's workers have in common. What it points to must outlive them. */
struct worker_options {
    const char *database_url;
    unsigned check_ms; /* how often a session is asked whether it can still serve; 0: SESSION_CHECK_MS */
    const struct store_metrics *metrics;
    struct statement_log log;

    /* On the worker's thread, each time that it has a new session, before that is used; NULL: nothing is. */
    void (*connected)(void *arg);
    void *arg;
};

/* Starts the thread, for the work of one lane, which waits in the queue. The queue must outlive the worker;
 * in LANE_WRITE it has one to set aside into. False: errno says why. */
bool worker_start(struct worker *worker, enum lane lane, struct queue *queue, unsigned slot,
                  const struct worker_options *options);

/* Waits until the first attempt to connect is over and says how it ended; `why` as from session_open. */
enum session_result worker_await(struct worker *worker, char *why, size_t why_size);

/* Whether the last attempt to connect went well. If not, `why` is a few words for anybody, without secrets.
 */
bool worker_ready(struct worker *worker, char *why, size_t why_size);

/* Whether something is wrong while it serves. If so, `why` is a few words for anybody. Any thread. */
bool worker_degraded(struct worker *worker, char *why, size_t why_size);

/* Answers what is under way and whose deadline has passed. Any thread, until worker_free. */
void worker_expire(struct worker *worker, uint64_t now_ns);

/* Ends the thread; what waits or is under way fails with UNAVAILABLE. */
void worker_stop(struct worker *worker);

/* Of one that is stopped. */
void worker_free(struct worker *worker);

#endif
