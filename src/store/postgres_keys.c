/* postgres_keys.c: connect, load, and then what comes next: a change to make, one to load, uses to write. */
#include "store/postgres_keys.h"

#include "base/time.h"
#include "store/key_statements.h"
#include "store/session_verdict.h"
#include "store/sqlstate.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    LOAD_EVERY_MS = 1000,
    FAULT_AFTER_MS = LOAD_EVERY_MS, /* that a load fails: by the look after the first that did */
    LOAD_AGAIN_MS = 20,             /* at the earliest, however often it is told of changes */
    TOLD_MOST = 256,                /* so often since it last loaded: then nobody listens for some time */
    LISTEN_AGAIN_MS = 60000,
    USE_EVERY_MS = 60000,
    BACKOFF_FIRST_MS = 20, /* a session that was ended is to be there again before a second is over */
    BACKOFF_MOST_MS = 500,
    STOP_MS = 2000,

    /* A session that hangs without a word is to be followed by another, and that to have loaded, within a
     * second of the look that it does not answer. */
    ANSWER_LEAST_MS = 500,
    ANSWER_TO_LOAD = 4, /* it may be silent for so many times as long as its last answer took */
};

static struct postgres_keys *keys_of(struct key_store *store)
{
    return (struct postgres_keys *)store; /* its first member */
}

static void enter(struct postgres_keys *keys, enum worker_state state)
{
    metric_add(keys->options.metrics->connections[keys->state], -1);
    metric_add(keys->options.metrics->connections[state], 1);
    keys->state = state;
}

static bool is_stopping(struct postgres_keys *keys)
{
    return atomic_load(&keys->stop_by_ns) != 0;
}

/* Of the connection: what is under way has some time to end, but none is begun. */
static bool stopped(void *arg)
{
    struct postgres_keys *keys = arg;
    const uint64_t by_ns = atomic_load(&keys->stop_by_ns);
    return by_ns != 0 && (keys->session.outcome != SESSION_READY || time_monotonic_ns() > by_ns);
}

/* --- what is asked --- */

static void submit(struct key_store *store, struct call *call, struct key_operation operation)
{
    struct postgres_keys *keys = keys_of(store);
    operation.call = call;
    if (key_queue_push(&keys->queue, &operation))
        eventfd_write(keys->wake, 1);
}

static void create_key(struct key_store *store, struct call *call, const struct stored_key *key,
                       key_store_done *done, void *closure_data)
{
    struct arena *arena = &call->arena;
    submit(store, call,
           (struct key_operation){.statement = &key_create,
                                  .params = {key->id, key_hash_param(key->hash, arena), key->name, key->role,
                                             key_time_param(key->expires_us, arena)},
                                  .done = done,
                                  .closure_data = closure_data});
}

static void list_keys(struct key_store *store, struct call *call, key_store_done *done, void *closure_data)
{
    submit(store, call,
           (struct key_operation){.statement = &key_list, .done = done, .closure_data = closure_data});
}

static void revoke_key(struct key_store *store, struct call *call, const char *name, key_store_done *done,
                       void *closure_data)
{
    submit(store, call,
           (struct key_operation){
               .statement = &key_revoke, .params = {name}, .done = done, .closure_data = closure_data});
}

static void rotate_key(struct key_store *store, struct call *call, const struct stored_key *key,
                       uint32_t grace_s, key_store_done *done, void *closure_data)
{
    struct arena *arena = &call->arena;
    submit(store, call,
           (struct key_operation){.statement = &key_rotate,
                                  .params = {key->id, key_hash_param(key->hash, arena), key->name,
                                             arena_printf(arena, "%u", grace_s),
                                             key_time_param(key->expires_us, arena)},
                                  .done = done,
                                  .closure_data = closure_data});
}

/* --- the session --- */

static bool send_query(PGconn *pg, const char *sql, int n_params, const char *const params[])
{
    return PQsendQueryParams(pg, sql, n_params, NULL, params, NULL, NULL, 0);
}

static bool send_statement(PGconn *pg, const char *sql, int n_params, const char *const params[])
{
    return send_query(pg, sql, n_params, params) && PQpipelineSync(pg);
}

/* Runs a statement. NULL: the session broke. */
static PGresult *ask(struct postgres_keys *keys, const char *sql, int n_params, const char *const params[])
{
    return send_statement(keys->session.pg, sql, n_params, params) ? session_read(&keys->session) : NULL;
}

/* How long the session may be silent, when it is looked at. */
static void allow_silence(struct postgres_keys *keys, uint64_t ms)
{
    keys->session.answer_ms = ms < ANSWER_LEAST_MS     ? ANSWER_LEAST_MS
                              : ms < SESSION_ANSWER_MS ? (unsigned)ms
                                                       : SESSION_ANSWER_MS;
}

/* Runs one that is answered soon. NULL: the session broke, or was silent for longer. */
static PGresult *look(struct postgres_keys *keys, const char *sql, unsigned ms)
{
    struct session *session = &keys->session;
    return send_statement(session->pg, sql, 0, NULL) ? session_read_within(session, ms) : NULL;
}

static void log_error(struct postgres_keys *keys, const char *what, const PGresult *result)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (sqlstate != NULL)
        log_line(keys->options.log, LOG_LEVEL_ERROR, what, LOG_STR("sqlstate", sqlstate),
                 LOG_STR("error", PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY)));
}

/* False: the session broke. */
static bool listen_or_not(struct postgres_keys *keys, bool is_to_listen)
{
    PGresult *result = look(keys, is_to_listen ? key_listen_sql : key_unlisten_sql, SESSION_ANSWER_MS);
    keys->is_listening = is_to_listen;
    PQclear(result);
    return result != NULL;
}

/* Anybody in the database may tell us, all the time: then the look each second has to do. False: the session
 * broke. */
static bool heed(struct postgres_keys *keys)
{
    const unsigned n = session_take_notified(&keys->session);
    keys->n_told += n;
    const uint64_t again_ns = keys->loaded_ns + (uint64_t)LOAD_AGAIN_MS * NS_PER_MS;
    if (n > 0 && keys->is_listening && again_ns < keys->load_due_ns)
        keys->load_due_ns = again_ns;
    if (keys->n_told > TOLD_MOST && keys->is_listening) {
        log_line(keys->options.log, LOG_LEVEL_WARN,
                 "told of changed keys too often: not listening for a minute");
        keys->listen_due_ns = time_after_ms(LISTEN_AGAIN_MS);
        return listen_or_not(keys, false);
    }
    return keys->is_listening || time_left_ms(keys->listen_due_ns) > 0 || listen_or_not(keys, true);
}

static void set_fault(struct postgres_keys *keys, const char *fault)
{
    pthread_mutex_lock(&keys->lock);
    snprintf(keys->fault, sizeof keys->fault, "%s", fault);
    pthread_mutex_unlock(&keys->lock);
}

/* Readiness is told of what lasts: no revocation is seen meanwhile. */
static void note_loaded(struct postgres_keys *keys, const PGresult *result, uint64_t as_of_ns)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    char fault[SESSION_REASON] = "keys cannot be kept: out of memory";
    if (keys->is_loaded) {
        keys->failing_since_ns = 0;
        set_fault(keys, "");
        return;
    }
    if (keys->failing_since_ns == 0)
        keys->failing_since_ns = as_of_ns;
    if (as_of_ns - keys->failing_since_ns < (uint64_t)FAULT_AFTER_MS * NS_PER_MS)
        return;
    if (sqlstate != NULL)
        snprintf(fault, sizeof fault, "keys cannot be read: SQLSTATE %s", sqlstate);
    set_fault(keys, fault);
}

/* False: the session broke. An error of the statement's own leaves memory as it is, and out of date, as does
 * one of memory. */
static bool load(struct postgres_keys *keys, unsigned within_ms)
{
    const struct key_memory *memory = &keys->options.memory;
    const uint64_t as_of_ns = time_monotonic_ns();
    PGresult *result = look(keys, key_list.sql, within_ms);
    if (result == NULL)
        return false;
    allow_silence(keys, ANSWER_TO_LOAD * ((time_monotonic_ns() - as_of_ns) / NS_PER_MS));
    struct arena arena;
    arena_init(&arena);
    if (PQresultStatus(result) == PGRES_TUPLES_OK) {
        size_t n;
        const struct stored_key *rows = key_rows_read(result, &arena, &n);
        keys->is_loaded = memory->load(memory->arg, rows, n, as_of_ns);
    } else {
        keys->is_loaded = false;
        log_error(keys, "keys cannot be read", result);
        memory->lose(memory->arg);
    }
    note_loaded(keys, result, as_of_ns);
    arena_free(&arena);
    PQclear(result);
    keys->loaded_ns = as_of_ns;
    keys->n_told = 0;
    keys->load_due_ns = as_of_ns + (uint64_t)LOAD_EVERY_MS * NS_PER_MS;
    return true;
}

/* False: the session broke. */
static bool write_uses(struct postgres_keys *keys)
{
    const struct key_memory *memory = &keys->options.memory;
    PGresult *result = NULL;
    struct arena arena;
    size_t n;
    arena_init(&arena);
    const struct stored_key_use *uses = memory->uses(memory->arg, &arena, &n);
    const char *params[2];
    if (n > 0) {
        key_use_params(uses, n, &arena, params);
        result = ask(keys, key_use_sql, 2, params);
        log_error(keys, "uses of keys cannot be stored", result);
    }
    arena_free(&arena);
    PQclear(result);
    keys->use_due_ns = time_after_ms(USE_EVERY_MS);
    return n == 0 || result != NULL;
}

/* In one transaction with the lock that its statement wants. NULL: the session broke. */
static PGresult *ask_operation(struct postgres_keys *keys, const struct key_operation *operation)
{
    const struct key_statement *statement = operation->statement;
    if (statement->name_param != 0 &&
        !send_query(keys->session.pg, key_lock_sql, 1, &operation->params[statement->name_param - 1]))
        return NULL;
    return ask(keys, statement->sql, statement->n_params, operation->params);
}

/* Whoever made a change finds it in memory when he is told; if it cannot be loaded he is not told that it was
 * made. What meets another session's lock waits for it in short pieces, between which memory is brought up to
 * date. False: the session broke. */
static bool run_operation(struct postgres_keys *keys, struct key_operation *operation)
{
    const struct key_statement *statement = operation->statement;
    PGresult *result = ask_operation(keys, operation);
    const bool is_locked = sqlstate_is_locked(PQresultErrorField(result, PG_DIAG_SQLSTATE));
    bool alive = result != NULL, is_known = alive;
    if (alive && statement->changes && PQresultStatus(result) == PGRES_TUPLES_OK) {
        alive = load(keys, SESSION_ANSWER_MS);
        is_known = alive && keys->is_loaded;
    }
    if (is_locked) {
        key_queue_again(&keys->queue, operation);
    } else {
        log_error(keys, "keys cannot be changed or listed", result);
        key_queue_end(&keys->queue, operation, is_known ? result : NULL);
    }
    PQclear(result);
    return alive;
}

/* False: the session broke. */
static bool wait_for_work(struct postgres_keys *keys)
{
    struct pollfd either[] = {
        {.fd = keys->wake, .events = POLLIN},
        {.fd = PQsocket(keys->session.pg), .events = POLLIN},
    };
    const int load_ms = time_left_ms(keys->load_due_ns), check_ms = session_check_due_ms(&keys->session);
    eventfd_t wakes;
    enter(keys, WORKER_IDLE);
    poll(either, 2, load_ms < check_ms ? load_ms : check_ms);
    enter(keys, WORKER_BUSY);
    if (either[0].revents != 0)
        eventfd_read(keys->wake, &wakes);
    return either[1].revents == 0 || session_consume(&keys->session);
}

/* One thing at a time, and what is due before what is asked: however much is asked, memory is not out of date
 * for longer. False: the session broke. */
static bool work(struct postgres_keys *keys)
{
    struct session *session = &keys->session;
    if (!session_check(session) || !heed(keys) ||
        (time_left_ms(keys->load_due_ns) == 0 && !load(keys, session->answer_ms))) {
        allow_silence(keys, 2 * (uint64_t)session->answer_ms); /* it may be slow, and not hang */
        return false;
    }
    if (time_left_ms(keys->use_due_ns) == 0)
        return write_uses(keys);
    struct key_operation *next = key_queue_take(&keys->queue);
    return next != NULL ? run_operation(keys, next) : wait_for_work(keys);
}

/* The first time after it connected. False: the session broke. */
static bool listen_and_load(struct postgres_keys *keys)
{
    keys->is_listening = false;
    return heed(keys) && load(keys, SESSION_ANSWER_MS);
}

/* --- its life --- */

static void report(struct postgres_keys *keys, enum session_result outcome)
{
    const struct session *session = &keys->session;
    pthread_mutex_lock(&keys->lock);
    const bool changed = !keys->first_attempt_over || keys->outcome != outcome;
    keys->outcome = outcome;
    snprintf(keys->why, sizeof keys->why, "%s", session->why);
    snprintf(keys->reason, sizeof keys->reason, "%s", session->reason);
    keys->first_attempt_over = true;
    pthread_cond_broadcast(&keys->attempted);
    pthread_mutex_unlock(&keys->lock);
    if (changed && outcome == SESSION_READY)
        log_line(keys->options.log, LOG_LEVEL_INFO, "keys loaded");
    else if (changed && !is_stopping(keys)) /* not once an attempt */
        log_line(keys->options.log, LOG_LEVEL_ERROR, "keys cannot be loaded", LOG_STR("error", session->why));
}

static void serve(struct postgres_keys *keys)
{
    key_queue_open(&keys->queue);
    enter(keys, WORKER_BUSY);
    bool alive = true;
    while (alive && !is_stopping(keys))
        alive = work(keys);
    if (alive)
        write_uses(keys);
    else
        log_line(keys->options.log, LOG_LEVEL_WARN, "database connection lost", LOG_STR("lane", "keys"),
                 LOG_STR("error", session_error(&keys->session)));
    metric_add(keys->options.metrics->lost, !alive);
    enter(keys, WORKER_CONNECTING);
}

/* False: it failed, and something else is to be tried later. */
static bool connect_and_serve(struct postgres_keys *keys)
{
    const struct key_memory *memory = &keys->options.memory;
    enum session_result outcome = session_open(&keys->session);
    metric_add(keys->options.metrics->connects[outcome], 1);
    const bool begun = outcome == SESSION_READY && listen_and_load(keys);
    if (outcome == SESSION_READY && !begun)
        outcome = keys->session.outcome != SESSION_READY
                      ? keys->session.outcome
                      : session_refuse(&keys->session, SESSION_UNREACHABLE);
    report(keys, outcome);
    if (begun)
        serve(keys);
    if (begun && keys->session.outcome == SESSION_READY) /* it broke, or a load said nothing */
        session_refuse(&keys->session, SESSION_UNREACHABLE);
    memory->lose(memory->arg);
    key_queue_close(&keys->queue, is_stopping(keys) ? "The service is stopping" : keys->session.answer);
    session_leave(&keys->session);
    return begun;
}

static void wait_for_stop(struct postgres_keys *keys, int delay_ms)
{
    struct pollfd event = {.fd = keys->wake, .events = POLLIN};
    eventfd_t wakes;
    if (poll(&event, 1, delay_ms) > 0)
        eventfd_read(keys->wake, &wakes);
}

static void *run(void *arg)
{
    struct postgres_keys *keys = arg;
    int delay_ms = BACKOFF_FIRST_MS;
    while (!is_stopping(keys)) {
        delay_ms = connect_and_serve(keys) ? BACKOFF_FIRST_MS : 2 * delay_ms;
        delay_ms = delay_ms < BACKOFF_MOST_MS ? delay_ms : BACKOFF_MOST_MS;
        if (!is_stopping(keys))
            wait_for_stop(keys, delay_ms);
    }
    session_close(&keys->session);
    metric_add(keys->options.metrics->connections[keys->state], -1);
    return NULL;
}

bool postgres_keys_start(struct postgres_keys *keys, const struct postgres_keys_options *options)
{
    *keys = (struct postgres_keys){
        .base = {.create = create_key, .list = list_keys, .revoke = revoke_key, .rotate = rotate_key},
        .options = *options,
        .wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
        .session = {.database_url = options->database_url,
                    .lane = LANE_KEYS,
                    .log = options->log,
                    .check_ms = options->check_ms != 0 ? options->check_ms : SESSION_CHECK_MS,
                    .answer_ms = SESSION_ANSWER_MS,
                    .stopped = stopped,
                    .arg = keys},
    };
    if (keys->wake < 0)
        return false;
    key_queue_init(&keys->queue);
    pthread_mutex_init(&keys->lock, NULL);
    pthread_cond_init(&keys->attempted, NULL);
    metric_add(options->metrics->connections[keys->state], 1);
    const int error = pthread_create(&keys->thread, NULL, run, keys);
    if (error == 0)
        return true;
    metric_add(options->metrics->connections[keys->state], -1);
    postgres_keys_free(keys);
    errno = error;
    return false;
}

enum session_result postgres_keys_await(struct postgres_keys *keys, char *why, size_t why_size)
{
    pthread_mutex_lock(&keys->lock);
    while (!keys->first_attempt_over)
        pthread_cond_wait(&keys->attempted, &keys->lock);
    const enum session_result outcome = keys->outcome;
    snprintf(why, why_size, "%s", keys->why);
    pthread_mutex_unlock(&keys->lock);
    return outcome;
}

bool postgres_keys_ready(struct postgres_keys *keys, char *why, size_t why_size)
{
    pthread_mutex_lock(&keys->lock);
    const bool is_ready = keys->outcome == SESSION_READY && *keys->fault == '\0';
    if (!is_ready)
        snprintf(why, why_size, "%s", keys->outcome == SESSION_READY ? keys->fault : keys->reason);
    pthread_mutex_unlock(&keys->lock);
    return is_ready;
}

void postgres_keys_expire(struct postgres_keys *keys, uint64_t now_ns)
{
    key_queue_expire(&keys->queue, now_ns);
}

void postgres_keys_stop(struct postgres_keys *keys)
{
    atomic_store(&keys->stop_by_ns, time_after_ms(STOP_MS));
    eventfd_write(keys->wake, 1);
    pthread_join(keys->thread, NULL);
}

void postgres_keys_free(struct postgres_keys *keys)
{
    key_queue_destroy(&keys->queue);
    pthread_cond_destroy(&keys->attempted);
    pthread_mutex_destroy(&keys->lock);
    close(keys->wake);
}
