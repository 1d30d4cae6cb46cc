/* worker.c: connect, then take and run batches until the connection breaks, then connect again. */
#include "store/worker.h"

#include "base/time.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BACKOFF_FIRST_MS = 50,
    BACKOFF_MOST_MS = 2000,
};

static bool stopped(void *arg)
{
    return atomic_load(&((struct worker *)arg)->stop);
}

static void enter(struct worker *worker, enum worker_state state)
{
    metric_add(worker->metrics->connections[worker->state], -1);
    metric_add(worker->metrics->connections[state], 1);
    worker->state = state;
}

/* --- connecting --- */

static const char *const outcomes[SESSION_RESULTS] = {
    [SESSION_READY] = "database connected",
    [SESSION_UNREACHABLE] = "database out of reach",
    [SESSION_READ_ONLY] = "database is read-only",
    [SESSION_WRONG_SCHEMA] = "database has another schema",
    [SESSION_SHARED] = "database sessions are shared",
    [SESSION_CANCELED] = "database ends statements too soon",
    [SESSION_REFUSED] = "database refuses the session",
    [SESSION_FAILING] = "database cannot serve",
};

/* What the last check said, where it is something new. The thread is the only one that writes it. */
static void note_degraded(struct worker *worker)
{
    const struct session *session = &worker->session;
    if (strcmp(worker->degraded, session->degraded) == 0)
        return;
    pthread_mutex_lock(&worker->lock);
    memcpy(worker->degraded, session->degraded, sizeof worker->degraded);
    pthread_mutex_unlock(&worker->lock);
    if (*session->degraded != '\0')
        log_line(worker->log, LOG_LEVEL_ERROR, "database serves, but not as it should",
                 LOG_STR("lane", lane_name(session->lane)), LOG_STR("error", session->degraded));
}

static void report(struct worker *worker, enum session_result outcome)
{
    const struct session *session = &worker->session;
    pthread_mutex_lock(&worker->lock);
    const char *lane = lane_name(session->lane);
    bool changed = !worker->first_attempt_over || worker->outcome != outcome;
    worker->outcome = outcome;
    memcpy(worker->reason, session->reason, sizeof worker->reason);
    memcpy(worker->why, session->why, sizeof worker->why);
    worker->first_attempt_over = true;
    pthread_cond_broadcast(&worker->attempted);
    pthread_mutex_unlock(&worker->lock);
    note_degraded(worker);
    if (outcome == SESSION_READY)
        log_line(worker->log, LOG_LEVEL_INFO, outcomes[outcome], LOG_STR("lane", lane));
    else if (changed && !stopped(worker)) /* not once an attempt */
        log_line(worker->log, LOG_LEVEL_ERROR, outcomes[outcome], LOG_STR("lane", lane),
                 LOG_STR("error", session->why));
}

static void close_slot(struct worker *worker)
{
    queue_close(worker->queue, worker->slot,
                stopped(worker) ? "The service is stopping" : worker->session.answer);
}

/* Callers are told at once, and readiness why. */
static void stay_away(struct worker *worker, enum session_result outcome)
{
    close_slot(worker);
    report(worker, outcome);
}

/* Half of the delay and a random part of the other half, so that many workers do not come back at once. */
static int jitter(int delay_ms, unsigned *seed)
{
    return delay_ms / 2 + rand_r(seed) % (delay_ms / 2 + 1);
}

static void wait_for_stop(struct worker *worker, int delay_ms)
{
    struct pollfd event = {.fd = queue_event(worker->queue, worker->slot), .events = POLLIN};
    poll(&event, 1, delay_ms);
    /* A wake-up that came late for the last wait must not cut every wait short. */
    queue_end_wait(worker->queue, worker->slot);
}

/* Connects, however often it takes. False: stopped. */
static bool connect_again(struct worker *worker)
{
    unsigned seed = (unsigned)time_monotonic_ns();
    int delay_ms = BACKOFF_FIRST_MS;
    while (!stopped(worker)) {
        enum session_result outcome = session_open(&worker->session);
        metric_add(worker->metrics->connects[outcome], 1);
        if (outcome == SESSION_READY) {
            if (worker->connected != NULL)
                worker->connected(worker->connected_arg);
            queue_open(worker->queue, worker->slot);
            report(worker, outcome);
            enter(worker, WORKER_BUSY);
            return true;
        }
        stay_away(worker, outcome);
        wait_for_stop(worker, jitter(delay_ms, &seed));
        delay_ms = 2 * delay_ms < BACKOFF_MOST_MS ? 2 * delay_ms : BACKOFF_MOST_MS;
    }
    return false;
}

/* --- serving --- */

/* Takes what waits for a batch and sends it. False: the connection is broken. */
static bool begin_batch(struct worker *worker)
{
    struct batch *batch = &worker->batch;
    assert(worker->n_taken == 0);
    struct lane_batch most = lane_batch(worker->session.lane);
    if (most.is_paced && most.operations > worker->pace.most)
        most.operations = worker->pace.most;
    worker->began_ns = time_monotonic_ns();
    worker->n_taken = queue_take(worker->queue, batch->operations, most);
    for (size_t i = 0; i < worker->n_taken; i++)
        worker->taken[i] = queue_taken_of(batch->operations[i]);
    worker->shared = worker->n_taken > 1;
    batch_plan(batch, worker->n_taken);
    return batch_done(batch) || batch_send(batch, &worker->session);
}

/* The batch is done: what came behind it may be taken. */
static void end_batch(struct worker *worker)
{
    if (lane_batch(worker->session.lane).is_timed)
        queue_charge(worker->queue, worker->taken, worker->n_taken, time_monotonic_ns() - worker->began_ns);
    queue_release(worker->queue, worker->taken, worker->n_taken);
    worker->n_taken = 0;
}

static void set_aside(struct worker *worker, struct operation *locked)
{
    for (struct operation *next; locked != NULL; locked = next) {
        next = locked->next;
        if (lane_sets_aside(worker->session.lane))
            queue_set_aside(worker->queue, locked);
        else
            queue_put_back(worker->queue, locked);
    }
}

/* Of two times to wait, of which a negative one is for ever. */
static int sooner(int most_ms, int other_ms)
{
    return most_ms >= 0 && most_ms < other_ms ? most_ms : other_ms;
}

/* Waits for work; or until the server says something of its own accord, as when it ends the connection; or
 * until the session is to be checked. False: the connection broke. */
static bool wait_for_work(struct worker *worker)
{
    struct pollfd either[] = {
        {.fd = queue_event(worker->queue, worker->slot), .events = POLLIN},
        {.fd = PQsocket(worker->session.pg), .events = POLLIN},
    };
    const int most_ms = queue_begin_wait(worker->queue, worker->slot);
    if (most_ms == 0)
        return true;
    enter(worker, WORKER_IDLE);
    poll(either, 2, sooner(most_ms, session_check_due_ms(&worker->session)));
    queue_end_wait(worker->queue, worker->slot);
    enter(worker, WORKER_BUSY);
    return either[1].revents == 0 || session_consume(&worker->session);
}

/* The round that was sent, and the next one. False: the connection broke. */
static bool go_on(struct worker *worker)
{
    struct operation *locked;
    const bool received = batch_receive(&worker->batch, &worker->session, &locked);
    set_aside(worker, locked);
    return received && session_refresh(&worker->session) &&
           (batch_done(&worker->batch) || batch_send(&worker->batch, &worker->session));
}

/* False: the connection broke. */
static bool work(struct worker *worker)
{
    if (!session_check(&worker->session))
        return false;
    note_degraded(worker);
    if (worker->shared) /* those who bring more go first: the larger a batch, the less each costs */
        sched_yield();
    if (!begin_batch(worker))
        return false;
    if (worker->n_taken == 0)
        return wait_for_work(worker);
    while (!batch_done(&worker->batch)) {
        if (stopped(worker))
            return true;
        if (!go_on(worker))
            return false;
    }
    pace_note(&worker->pace, (unsigned)worker->n_taken, time_monotonic_ns() - worker->began_ns);
    end_batch(worker);
    return true;
}

static void serve(struct worker *worker)
{
    bool alive = true;
    while (alive && !stopped(worker))
        alive = work(worker);
    const bool is_under_way = !batch_done(&worker->batch), is_stopping = stopped(worker);
    batch_lose(&worker->batch, is_stopping);
    end_batch(worker);
    enter(worker, WORKER_CONNECTING);
    const bool is_lost = !alive && !is_stopping; /* a wait that is ended by a stop looks so too */
    metric_add(worker->metrics->lost, is_lost);
    if (is_lost)
        log_line(worker->log, LOG_LEVEL_WARN, "database connection lost",
                 LOG_STR("lane", lane_name(worker->session.lane)),
                 LOG_STR("error", session_error(&worker->session)));
    /* Reported before another server is looked for, which may take long. */
    if (session_is_unfit(worker->session.outcome))
        stay_away(worker, worker->session.outcome);
    queue_leave(worker->queue);
    if (is_under_way)
        session_leave(&worker->session);
    else
        session_close(&worker->session);
}

static void *run(void *arg)
{
    struct worker *worker = arg;
    while (connect_again(worker))
        serve(worker);
    session_close(&worker->session);
    close_slot(worker);
    metric_add(worker->metrics->connections[worker->state], -1);
    return NULL;
}

/* --- starting and stopping --- */

bool worker_start(struct worker *worker, enum lane lane, struct queue *queue, unsigned slot,
                  const struct worker_options *options)
{
    memset(worker, 0, sizeof *worker);
    worker->queue = queue;
    worker->slot = slot;
    worker->log = options->log.log;
    worker->metrics = &options->metrics->lanes[lane];
    worker->connected = options->connected;
    worker->connected_arg = options->arg;
    metric_add(worker->metrics->connections[worker->state], 1);
    worker->session =
        (struct session){.database_url = options->database_url,
                         .lane = lane,
                         .log = options->log.log,
                         .check_ms = options->check_ms != 0 ? options->check_ms : SESSION_CHECK_MS,
                         .answer_ms = SESSION_ANSWER_MS,
                         .stopped = stopped,
                         .arg = worker};
    pace_init(&worker->pace);
    batch_init(&worker->batch, lane, options->metrics, options->log);
    pthread_mutex_init(&worker->lock, NULL);
    pthread_cond_init(&worker->attempted, NULL);
    const int error = pthread_create(&worker->thread, NULL, run, worker);
    if (error == 0)
        return true;
    metric_add(worker->metrics->connections[worker->state], -1);
    worker_free(worker);
    errno = error;
    return false;
}

enum session_result worker_await(struct worker *worker, char *why, size_t why_size)
{
    pthread_mutex_lock(&worker->lock);
    while (!worker->first_attempt_over)
        pthread_cond_wait(&worker->attempted, &worker->lock);
    enum session_result outcome = worker->outcome;
    snprintf(why, why_size, "%s", worker->why);
    pthread_mutex_unlock(&worker->lock);
    return outcome;
}

bool worker_ready(struct worker *worker, char *why, size_t why_size)
{
    pthread_mutex_lock(&worker->lock);
    const enum session_result outcome = worker->outcome;
    snprintf(why, why_size, "%s", worker->reason);
    pthread_mutex_unlock(&worker->lock);
    return outcome == SESSION_READY;
}

bool worker_degraded(struct worker *worker, char *why, size_t why_size)
{
    pthread_mutex_lock(&worker->lock);
    const bool degraded = *worker->degraded != '\0';
    if (degraded)
        snprintf(why, why_size, "%s", worker->degraded);
    pthread_mutex_unlock(&worker->lock);
    return degraded || faults_tell(&worker->batch.faults, why, why_size);
}

void worker_expire(struct worker *worker, uint64_t now_ns)
{
    batch_expire(&worker->batch, now_ns);
}

void worker_stop(struct worker *worker)
{
    atomic_store(&worker->stop, true);
    queue_wake(worker->queue, worker->slot);
    pthread_join(worker->thread, NULL);
}

void worker_free(struct worker *worker)
{
    batch_free(&worker->batch);
    pthread_cond_destroy(&worker->attempted);
    pthread_mutex_destroy(&worker->lock);
}
