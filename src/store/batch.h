/* batch.h: operations that go to the database together: one round trip, one commit.
 *
 * Operations of the same statement are executed by one run of it. Runs that write share one transaction; a
 * run that only reads is a transaction by itself, answered as soon as it is done. A failed transaction is
 * bisected and run again until the operation at fault is alone; the others never see its error.
 *
 * Only its worker uses it, except batch_expire, which any thread may call: so deadlines are kept whatever the
 * worker waits for.
 */
#ifndef STORE_BATCH_H
#define STORE_BATCH_H

#include "base/log.h"
#include "store/fault.h"
#include "store/operation.h"
#include "store/params.h"
#include "store/session.h"
#include "store/statement_log.h"
#include "store/store_metrics.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BATCH_MOST = LANE_BATCH_MOST,
};

/* One run of a statement. */
struct unit {
    const struct statement *statement;
    struct operation **operations; /* a part of the batch's */
    size_t n;
    bool failed;           /* its own run failed, or the commit did */
    bool final;            /* its error is the outcome of all of its operations */
    bool ends_transaction; /* a sync follows it */
    bool is_optimistic;    /* the statement's optimistic form is run (statement.h) */
    bool is_refuted;       /* the optimistic form failed on a unique constraint: run again in the full form */
};

struct batch {
    /* Guards the slots of `operations`, what is behind them, and `nobody`. Not held while libpq is at work or
     * a caller is told, which may take long. */
    pthread_mutex_t lock;
    struct operation *operations[BATCH_MOST]; /* NULL once answered */
    size_t n;
    struct unit rounds[2][BATCH_MOST]; /* the round that is under way and, as that fails, the next */
    struct unit *units;                /* of the round that is sent next, or was sent */
    size_t n_units;
    struct params params;
    /* The caller of abandoned operations. Its arena has what lives as long as the batch. */
    struct call nobody;
    struct shared_arena *answers; /* held: those that several share, or that are large, of a transaction */
    struct statement_log log;
    const struct store_metrics *metrics;
    enum lane lane;
    unsigned looking_up;  /* so many more batches use the full form, as one was refuted */
    uint64_t sent_ns;     /* when the present round was */
    struct faults faults; /* any thread may ask for them */
};

/* The metrics must outlive it; `lane` is whose work it does. */
void batch_init(struct batch *batch, enum lane lane, const struct store_metrics *metrics,
                struct statement_log log);
void batch_free(struct batch *batch);

/* Makes a first round of n operations that were put into batch->operations, of a batch that was done; those
 * too late for it are answered. */
void batch_plan(struct batch *batch, size_t n);

/* Whether all are answered, so that there is no round to send or to receive. */
bool batch_done(const struct batch *batch);

/* Sends the round that is next; those whose callers may not ask for them any more are answered. False: the
 * connection is broken. */
bool batch_send(struct batch *batch, struct session *session);

/* Reads what became of the round that was sent, which must be the oldest that the connection has to answer,
 * and answers its operations; what is to be tried again at once makes the next round. Those that found a lock
 * of another session's are the caller's again: `locked` is the list of them. False: the connection is broken.
 */
bool batch_receive(struct batch *batch, struct session *session, struct operation **locked);

/* The connection broke, or the service is stopping and waits for it no longer: those without an answer get
 * UNAVAILABLE. */
void batch_lose(struct batch *batch, bool is_stopping);

/* Answers those whose deadline has passed, while they are under way. Any thread. */
void batch_expire(struct batch *batch, uint64_t now_ns);

#endif
