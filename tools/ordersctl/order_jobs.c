/* order_jobs.c: a ring of jobs. The oldest one is taken before another can have its place. */
#include "order_jobs.h"

#include "orders/v1/orders.pb-c.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

static struct order_job *job_at(const struct order_jobs *jobs, size_t index)
{
    return &jobs->ring[index % ORDER_JOBS_AT_ONCE];
}

/* --- a job --- */

static void take_answer(struct rpc_reply *reply, void *arg)
{
    struct order_job *job = arg;
    struct order_jobs *jobs = job->jobs;
    pthread_mutex_lock(&jobs->lock);
    job->answer = reply;
    eventfd_write(jobs->answered, 1); /* under the lock: who has the last answer closes the eventfd */
    pthread_mutex_unlock(&jobs->lock);
}

static struct rpc_reply *answer_of(struct order_job *job)
{
    struct order_jobs *jobs = job->jobs;
    pthread_mutex_lock(&jobs->lock);
    struct rpc_reply *reply = job->answer;
    job->answer = NULL;
    pthread_mutex_unlock(&jobs->lock);
    return reply;
}

void order_job_call(struct order_job *job, const struct order_job_call *call, order_job_fn *then)
{
    const ProtobufCServiceDescriptor *service = &orders__v1__order_service__descriptor;
    struct rpc_request request = {
        .service = service,
        .method = protobuf_c_service_descriptor_get_method_by_name(service, call->method),
        .input = call->input,
        .request_id = call->request_id,
        .metadata = &session_validate_only,
        .n_metadata = call->validate_only ? 1 : 0,
    };
    struct rpc_reply *before = job->reply;
    job->reply = NULL;
    job->then = then;
    session_log_call(job->jobs->session, &job->log, &request);
    rpc_client_call(job->jobs->session->client, &request, take_answer, job);
    if (before != NULL)
        rpc_reply_free(before);
}

/* Whether a call of another order would end so, too. A server that answers that the time is up has waited for
 * this order: somebody has it locked. */
static bool stops_all(const struct order_job *job)
{
    const enum status_code code = job->status.code;
    const bool answered = job->reply != NULL && job->reply->answered;
    return code == STATUS_UNAVAILABLE || (code == STATUS_DEADLINE_EXCEEDED && !answered) ||
           code == STATUS_UNAUTHENTICATED || code == STATUS_PERMISSION_DENIED ||
           code == STATUS_RESOURCE_EXHAUSTED;
}

void order_job_end_as(struct order_job *job, const struct status *status)
{
    job->status = *status;
    job->ended = true;
    job->jobs->stopped |= stops_all(job);
}

void order_job_end(struct order_job *job)
{
    order_job_end_as(job, &job->reply->status);
}

void order_job_fail(struct order_job *job, enum status_code code, const char *format, ...)
{
    struct status status = STATUS_INIT;
    va_list args;
    va_start(args, format);
    status_set(&status, &job->arena, code, "%s", arena_vprintf(&job->arena, format, args));
    va_end(args);
    order_job_end_as(job, &status);
}

/* --- all of them --- */

static bool may_begin(const struct order_jobs *jobs)
{
    const bool interrupted =
        jobs->interrupt != NULL && jobs->interrupt->signal_number != 0 && !jobs->to_the_end;
    return !jobs->stopped && !interrupted;
}

/* The first one goes alone: a failure that is that of all is then told once. */
static void begin_some(struct order_jobs *jobs, size_t *begun)
{
    const size_t most = jobs->taken == 0 ? 1 : ORDER_JOBS_AT_ONCE;
    while (*begun < jobs->n && *begun - jobs->taken < most && may_begin(jobs)) {
        struct order_job *job = job_at(jobs, *begun);
        job->jobs = jobs;
        job->index = (*begun)++;
        job->ended = false;
        jobs->begin(job);
    }
}

/* A signal ends the waiting, but not the calls that are under way. */
static void wait_for_answers(struct order_jobs *jobs)
{
    eventfd_t answers;
    if (jobs->interrupt == NULL || interrupt_wait(jobs->interrupt, jobs->answered))
        eventfd_read(jobs->answered, &answers);
}

static void go_on(struct order_jobs *jobs, size_t begun)
{
    for (size_t i = jobs->taken; i < begun; i++) {
        struct order_job *job = job_at(jobs, i);
        struct rpc_reply *reply = answer_of(job);
        if (reply == NULL)
            continue;
        rpc_reply_unpack(reply);
        call_log_end(&job->log, reply);
        job->reply = reply;
        job->then(job);
    }
}

static void take_ended(struct order_jobs *jobs, size_t begun)
{
    while (jobs->taken < begun && job_at(jobs, jobs->taken)->ended) {
        struct order_job *job = job_at(jobs, jobs->taken++);
        jobs->take(job);
        if (job->reply != NULL)
            rpc_reply_free(job->reply);
        job->reply = NULL;
        job->state = NULL;
        arena_reset(&job->arena);
    }
}

static void order_jobs_work_off(struct order_jobs *jobs)
{
    size_t begun = 0;
    begin_some(jobs, &begun);
    while (jobs->taken < begun) {
        if (!job_at(jobs, jobs->taken)->ended)
            wait_for_answers(jobs);
        go_on(jobs, begun);
        take_ended(jobs, begun);
        begin_some(jobs, &begun);
    }
}

bool order_jobs_run(struct order_jobs *jobs)
{
    jobs->taken = 0;
    jobs->stopped = false;
    jobs->answered = eventfd(0, EFD_CLOEXEC);
    if (jobs->answered < 0)
        return false;
    jobs->ring = calloc(ORDER_JOBS_AT_ONCE, sizeof *jobs->ring);
    if (jobs->ring != NULL) {
        pthread_mutex_init(&jobs->lock, NULL);
        for (size_t i = 0; i < ORDER_JOBS_AT_ONCE; i++)
            arena_init(&jobs->ring[i].arena);
        order_jobs_work_off(jobs);
        for (size_t i = 0; i < ORDER_JOBS_AT_ONCE; i++)
            arena_free(&jobs->ring[i].arena);
        pthread_mutex_destroy(&jobs->lock);
    }
    const bool ran = jobs->ring != NULL;
    free(jobs->ring);
    close(jobs->answered);
    return ran;
}
