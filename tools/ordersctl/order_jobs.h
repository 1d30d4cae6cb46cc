/* order_jobs.h: the same done to each of many orders, some of them at once.
 *
 * A job is what is done to one order: a few calls, each made when the one before was answered. Jobs begin in
 * their order and are taken in it, once they have ended. All functions are called on the thread that runs
 * them.
 */
#ifndef ORDERSCTL_ORDER_JOBS_H
#define ORDERSCTL_ORDER_JOBS_H

#include "base/arena.h"
#include "base/status.h"
#include "interrupt.h"
#include "session.h"

#include <protobuf-c/protobuf-c.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

enum { ORDER_JOBS_AT_ONCE = 16 };

struct order_job;
typedef void order_job_fn(struct order_job *job);

struct order_jobs {
    struct session *session;
    struct interrupt *interrupt; /* a signal, behind which no job begins; NULL: none is waited for */
    bool to_the_end;             /* jobs begin behind a signal all the same */
    size_t n;
    order_job_fn *begin; /* makes the first call of a job, or ends it */
    order_job_fn *take;  /* of one that ended */
    void *arg;
    size_t taken; /* out: the others were not begun */
    bool stopped; /* out: by a failure that would be that of the others, too */

    /* The runner's. */
    int answered; /* eventfd */
    pthread_mutex_t lock;
    struct order_job *ring;
};

struct order_job {
    struct order_jobs *jobs;
    size_t index;            /* of n */
    struct arena arena;      /* until it was taken */
    void *state;             /* its owner's, in the arena */
    struct rpc_reply *reply; /* of its last call, until the next; NULL: none was made */
    struct status status;    /* how it ended */

    /* The runner's. */
    bool ended;
    order_job_fn *then;
    struct call_log log;
    struct rpc_reply *answer; /* guarded by the lock; set by a thread of the client's */
};

struct order_job_call {
    const char *method; /* of OrderService */
    const ProtobufCMessage *input;
    const char *request_id; /* NULL: a new one */
    bool validate_only;
};

/* Runs them, until the last one was taken, or no more may begin. False: errno says why it cannot. */
bool order_jobs_run(struct order_jobs *jobs);

/* Makes a job's next call. The input may be of the reply before. */
void order_job_call(struct order_job *job, const struct order_job_call *call, order_job_fn *then);

/* Ends a job as its last call ended; or with a failure of its own; or as the status says, whose strings live
 * as long as the job. */
void order_job_end(struct order_job *job);
void order_job_fail(struct order_job *job, enum status_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void order_job_end_as(struct order_job *job, const struct status *status);

#endif
