/* batch.c: rounds of units: send all, read all, answer what went well, bisect what did not. */
#include "store/batch.h"

#include "base/time.h"
#include "store/sqlstate.h"
#include "store/statement.h"

#include <assert.h>
#include <string.h>

enum {
    CONFLICT_ATTEMPTS = 5,
    /* After one that was refuted: what is sent again, or created twice, comes in groups. */
    LOOKED_UP_BATCHES = 64,
};

void batch_init(struct batch *batch, enum lane lane, const struct store_metrics *metrics,
                struct statement_log log)
{
    memset(batch, 0, sizeof *batch);
    pthread_mutex_init(&batch->lock, NULL);
    batch->units = batch->rounds[0];
    batch->log = log;
    batch->metrics = metrics;
    batch->lane = lane;
    arena_init(&batch->nobody.arena);
    batch->answers = shared_arena_new();
    batch->nobody.method = batch->nobody.request_id = batch->nobody.principal = "";
    batch->nobody.peer = batch->nobody.order_id = "";
}

void batch_free(struct batch *batch)
{
    params_free(&batch->params);
    arena_free(&batch->nobody.arena);
    shared_arena_release(batch->answers);
    pthread_mutex_destroy(&batch->lock);
}

/* Operations on their way to their callers, out of their batch. */
struct ended {
    struct operation *first;
    struct operation **last; /* the link at its end */
};

static void ended_init(struct ended *ended)
{
    ended->first = NULL;
    ended->last = &ended->first;
}

/* Empties a slot: what was in it goes to the end of a list, unless it was abandoned. */
static void end_operation(struct operation **slot, struct ended *ended)
{
    struct operation *operation = *slot;
    *slot = NULL;
    if (operation_abandoned(operation))
        return;
    operation->next = NULL;
    *ended->last = operation;
    ended->last = &operation->next;
}

static void tell(struct ended *ended, void (*finish)(struct operation *operation))
{
    for (struct operation *operation = ended->first, *next; operation != NULL; operation = next) {
        next = operation->next;
        finish(operation);
    }
    ended_init(ended);
}

void batch_expire(struct batch *batch, uint64_t now_ns)
{
    struct ended expired;
    ended_init(&expired);
    pthread_mutex_lock(&batch->lock);
    for (size_t i = 0; i < batch->n; i++) {
        struct operation *operation = batch->operations[i];
        if (operation != NULL && !operation_abandoned(operation) && operation->call->deadline_ns <= now_ns) {
            struct operation *copy = operation_abandon(operation, &batch->nobody);
            end_operation(&batch->operations[i], &expired);
            batch->operations[i] = copy;
        }
    }
    pthread_mutex_unlock(&batch->lock);
    tell(&expired, operation_expire);
}

/* --- planning --- */

static const struct statement_metrics *metrics_of(const struct batch *batch, const struct unit *unit)
{
    return &batch->metrics->statements[unit->statement - statements];
}

static const struct lane_metrics *lane_metrics(const struct batch *batch)
{
    return &batch->metrics->lanes[batch->lane];
}

static void note_wait(const struct batch *batch, size_t n, uint64_t now_ns)
{
    metric_observe(lane_metrics(batch)->batch_operations, n);
    for (size_t i = 0; i < n; i++)
        metric_observe(lane_metrics(batch)->wait, now_ns - batch->operations[i]->call->start_ns);
}

/* Leaves out what nobody waits for any more, before it reaches the database. Returns how many are left. */
static size_t drop_expired(struct batch *batch, size_t n, uint64_t now_ns)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        struct operation *operation = batch->operations[i];
        if (operation->call->deadline_ns > now_ns)
            batch->operations[kept++] = operation;
        else
            operation_expire(operation);
    }
    return kept;
}

/* What was set aside is likely to be there: another session was at it. */
static bool is_optimistic(const struct batch *batch, const struct statement *statement)
{
    return statement->optimistic_sql != NULL && batch->looking_up == 0 && lane_sets_aside(batch->lane);
}

static void fold(struct batch *batch, size_t n)
{
    struct unit *unit = NULL;
    statement_sort(batch->operations, n);
    for (size_t i = 0; i < n; i++) {
        const struct statement *statement = batch->operations[i]->statement;
        if (unit == NULL || unit->statement != statement || !statement->folds) {
            unit = &batch->units[batch->n_units++];
            *unit = (struct unit){.statement = statement,
                                  .operations = &batch->operations[i],
                                  .ends_transaction = statement->lane != LANE_WRITE,
                                  .is_optimistic = is_optimistic(batch, statement)};
        }
        unit->n++;
    }
    if (unit != NULL)
        unit->ends_transaction = true;
    batch->looking_up -= n > 0 && batch->looking_up > 0;
}

bool batch_done(const struct batch *batch)
{
    return batch->n_units == 0;
}

/* Makes ready for further operations, if all are answered and told. */
static void reset_if_done(struct batch *batch)
{
    if (!batch_done(batch))
        return;
    pthread_mutex_lock(&batch->lock);
    for (size_t i = 0; i < batch->n; i++)
        assert(batch->operations[i] == NULL);
    batch->n = 0;
    arena_reset(&batch->nobody.arena);
    pthread_mutex_unlock(&batch->lock);
}

void batch_plan(struct batch *batch, size_t n)
{
    const uint64_t now_ns = time_monotonic_ns();
    assert(batch_done(batch) && batch->n == 0);
    if (n > 0)
        note_wait(batch, n, now_ns);
    n = drop_expired(batch, n, now_ns);
    fold(batch, n);
    pthread_mutex_lock(&batch->lock);
    batch->n = n; /* from here on batch_expire looks after them */
    pthread_mutex_unlock(&batch->lock);
}

/* --- a round: sending --- */

/* Leaves out of a unit what was abandoned: it has no content to send again. */
static void forget_abandoned(struct unit *unit)
{
    size_t kept = 0;
    for (size_t i = 0; i < unit->n; i++) {
        struct operation *operation = unit->operations[i];
        unit->operations[i] = NULL;
        if (!operation_abandoned(operation))
            unit->operations[kept++] = operation;
    }
    unit->n = kept;
}

/* Leaves out what its caller may not ask for any more: it may have waited for long, or for other rounds. Of
 * the parts of one call, which are side by side, that is asked once: it may be a signature to verify. */
static void end_refused(struct unit *unit, uint64_t now_ns, struct ended *refused)
{
    const struct call *known = NULL;
    const char *why = NULL;
    enum status_code code = STATUS_OK;
    size_t kept = 0;
    for (size_t i = 0; i < unit->n; i++) {
        struct operation *operation = unit->operations[i];
        if (operation->call != known)
            code = call_recheck(operation->call, now_ns, &why);
        known = operation->call;
        if (code == STATUS_OK) {
            unit->operations[i] = NULL;
            unit->operations[kept++] = operation;
        } else {
            operation_refuse(operation, code, why);
            end_operation(&unit->operations[i], refused);
        }
    }
    unit->n = kept;
}

/* False: no operation of the unit is to be sent any more. */
static bool encode(struct batch *batch, struct unit *unit)
{
    struct params *params = &batch->params;
    struct ended refused;
    ended_init(&refused);
    pthread_mutex_lock(&batch->lock);
    forget_abandoned(unit);
    end_refused(unit, batch->sent_ns, &refused);
    if (unit->n > 0) {
        params_reset(params);
        unit->statement->encode(params, unit->operations, unit->n);
        params_finish(params);
    }
    pthread_mutex_unlock(&batch->lock);
    tell(&refused, operation_finish);
    return unit->n > 0;
}

static bool send_statement(PGconn *pg, const struct unit *unit, const struct params *params)
{
    const struct statement *statement = unit->statement;
    if (params->sql != NULL)
        return PQsendQueryParams(pg, params->sql, params->count, statement->types, params->values,
                                 params->lengths, params->formats, 1);
    return PQsendQueryPrepared(pg, unit->is_optimistic ? statement->optimistic_name : statement->name,
                               params->count, params->values, params->lengths, params->formats, 1);
}

/* A deadline may have passed since the round was planned, or a right be withdrawn. A unit that is left empty
 * goes, but not the end of its transaction. */
bool batch_send(struct batch *batch, struct session *session)
{
    size_t kept = 0;
    bool begun = false; /* a unit of the present transaction is sent */
    batch->sent_ns = time_monotonic_ns();
    for (size_t i = 0; i < batch->n_units; i++) {
        struct unit unit = batch->units[i];
        const bool ends_transaction = unit.ends_transaction;
        if (encode(batch, &unit)) {
            if (!send_statement(session->pg, &unit, &batch->params))
                return false;
            unit.ends_transaction = false;
            batch->units[kept++] = unit;
            begun = true;
        }
        if (ends_transaction && begun) {
            if (!PQpipelineSync(session->pg))
                return false;
            batch->units[kept - 1].ends_transaction = true;
            begun = false;
        }
    }
    batch->n_units = kept;
    reset_if_done(batch);
    return session_flush(session);
}

/* --- a round: reading --- */

/* Whether an error is the outcome of all of a unit's operations. Who is at fault is known of an operation
 * alone, and where all asked for the same. */
static bool is_final(const struct batch *batch, const struct unit *unit, const PGresult *result)
{
    if (unit->operations[0]->locked && lane_sets_aside(batch->lane))
        return true;
    if (unit->n > 1 && unit->statement->keyed)
        return false;
    return !(sqlstate_is_conflict(result) || sqlstate_is_outdated(result)) ||
           ++unit->operations[0]->attempts >= CONFLICT_ATTEMPTS;
}

static void note_error(struct batch *batch, struct unit *unit, const PGresult *result)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const struct sqlstate_meaning *meaning = sqlstate_meaning(result);
    const bool locked = sqlstate_is_locked(sqlstate) && unit->statement->lane == LANE_WRITE;

    unit->failed = true;
    if (unit->is_refuted) {
        batch->looking_up = LOOKED_UP_BATCHES;
        return;
    }
    faults_note(&batch->faults, unit->statement, result);
    metric_add(metrics_of(batch, unit)->failed, 1);
    for (size_t i = 0; i < unit->n; i++) {
        /* What was an outcome until it was undone is none. */
        unit->operations[i]->code = meaning->code;
        unit->operations[i]->message = meaning->message;
        unit->operations[i]->locked = locked;
    }
    unit->final = is_final(batch, unit, result);
    if (unit->final && !locked)
        statement_log_error(&batch->log, unit->operations[0], result);
}

static void note_run(const struct batch *batch, const struct unit *unit)
{
    const uint64_t duration_ns = time_monotonic_ns() - batch->sent_ns;
    if (!unit->is_refuted) /* it is run again, and counted then */
        metric_observe(metrics_of(batch, unit)->duration, duration_ns);
    statement_log_run(&batch->log, unit->operations, unit->n, duration_ns);
}

static void take_result(struct batch *batch, struct unit *unit, const PGresult *result)
{
    pthread_mutex_lock(&batch->lock);
    switch (PQresultStatus(result)) {
    case PGRES_TUPLES_OK:
        note_run(batch, unit);
        statement_answer(unit->statement, result, unit->operations, unit->n, &batch->answers->arena);
        break;
    case PGRES_PIPELINE_ABORTED: /* another unit of the transaction failed */
        break;
    default:
        unit->is_refuted = unit->is_optimistic && sqlstate_refutes(result);
        note_run(batch, unit);
        note_error(batch, unit, result);
    }
    pthread_mutex_unlock(&batch->lock);
}

static bool read_unit(struct batch *batch, struct session *session, struct unit *unit)
{
    PGresult *result;
    for (bool got = false;;) {
        if (!session_next(session, &result))
            return false;
        if (result != NULL)
            take_result(batch, unit, result);
        else if (got)
            return true;
        got |= result != NULL;
        PQclear(result);
    }
}

/* Of several units nobody can say whose an error of the commit is, as of a deferred constraint: each goes
 * again in a transaction of its own. */
static void note_commit_error(struct batch *batch, struct unit transaction[], size_t n,
                              const PGresult *result)
{
    pthread_mutex_lock(&batch->lock);
    if (n == 1)
        note_error(batch, &transaction[0], result);
    for (size_t i = 0; n > 1 && i < n; i++)
        transaction[i].failed = true;
    pthread_mutex_unlock(&batch->lock);
}

/* Reads up to the sync behind a transaction. */
static bool read_commit(struct batch *batch, struct session *session, struct unit transaction[], size_t n)
{
    PGresult *result;
    for (bool synced = false; !synced;) {
        if (!session_next(session, &result))
            return false;
        synced = PQresultStatus(result) == PGRES_PIPELINE_SYNC;
        if (result != NULL && !synced)
            note_commit_error(batch, transaction, n, result);
        PQclear(result);
    }
    return true;
}

/* --- what became of a transaction --- */

/* Whether its end is the end of a call: not so for a part of a request, for what is tried again, or when
 * nobody waits any more. */
static bool ends_call(const struct operation *operation)
{
    return operation->many == NULL && !operation->locked && !operation_abandoned(operation);
}

/* What follows from a round: the units of the next one, and who is to be told. */
struct next_round {
    const struct batch *batch;
    struct unit *units;
    size_t n;
    struct ended ended;
    struct ended locked; /* who is to be tried again some other time */
};

/* Whose answers several share, each of their calls holds. */
static void hold_answers(const struct unit *unit, struct shared_arena *answers)
{
    if (unit->statement->keyed || !lane_reads(unit->statement->lane))
        return;
    for (size_t i = 0; i < unit->n; i++) {
        const struct operation *operation = unit->operations[i];
        if (!operation_abandoned(operation))
            operation->call->shared =
                shared_arena_hold(operation->shared != NULL ? operation->shared : answers);
    }
}

static void answer(struct unit *unit, struct next_round *next)
{
    const struct statement_metrics *metrics = metrics_of(next->batch, unit);
    size_t last[2] = {0, 0}; /* of each kind, that ends a call: those before it may wait for it */
    for (size_t i = 0; i < unit->n; i++) {
        if (ends_call(unit->operations[i]))
            last[unit->operations[i]->call->is_local] = i;
    }
    for (size_t i = 0; i < unit->n; i++) {
        struct operation *operation = unit->operations[i];
        operation->more = i < last[operation->call->is_local] && ends_call(operation);
        if (operation->replayed)
            metric_add(metrics->replayed, 1);
        end_operation(&unit->operations[i], operation->locked ? &next->locked : &next->ended);
    }
}

/* What is run again looks up what is there. */
static void add_unit(struct next_round *next, const struct unit *from, size_t first, size_t n, bool ends)
{
    if (n == 0)
        return;
    metric_add(lane_metrics(next->batch)->retried, (int64_t)n);
    next->units[next->n++] = (struct unit){
        .statement = from->statement,
        .operations = from->operations + first,
        .n = n,
        .ends_transaction = ends,
    };
}

static void bisect(struct unit *unit, struct next_round *next)
{
    if (unit->final) {
        answer(unit, next);
        return;
    }
    const size_t half = unit->is_refuted ? 0 : unit->n / 2;
    metric_add(lane_metrics(next->batch)->splits, half > 0);
    add_unit(next, unit, 0, half, true);
    add_unit(next, unit, half, unit->n - half, true);
}

/* Its transaction was undone: those that were not at fault go again together, the others apart. */
static void redo(struct unit transaction[], size_t n, struct next_round *next)
{
    size_t before = next->n;
    for (size_t i = 0; i < n; i++) {
        if (!transaction[i].failed) {
            forget_abandoned(&transaction[i]);
            add_unit(next, &transaction[i], 0, transaction[i].n, false);
        }
    }
    if (next->n > before)
        next->units[next->n - 1].ends_transaction = true;
    for (size_t i = 0; i < n; i++) {
        if (transaction[i].failed) {
            forget_abandoned(&transaction[i]);
            if (transaction[i].n > 0)
                bisect(&transaction[i], next);
        }
    }
}

static void resolve(struct batch *batch, struct unit transaction[], size_t n, struct next_round *next)
{
    bool failed = false;
    for (size_t i = 0; i < n; i++)
        failed |= transaction[i].failed;
    if (failed) {
        redo(transaction, n, next);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        faults_clear(&batch->faults, transaction[i].statement);
        hold_answers(&transaction[i], batch->answers);
        answer(&transaction[i], next);
    }
}

static void end_transaction(struct batch *batch, struct unit transaction[], size_t n, struct next_round *next)
{
    pthread_mutex_lock(&batch->lock);
    resolve(batch, transaction, n, next);
    pthread_mutex_unlock(&batch->lock);
    tell(&next->ended, operation_finish);
}

static bool receive_round(struct batch *batch, struct session *session, struct next_round *next)
{
    struct unit *units = batch->units;
    size_t first = 0; /* of the transaction being read */
    for (size_t i = 0; i < batch->n_units; i++) {
        if (!read_unit(batch, session, &units[i]))
            return false;
        if (!units[i].ends_transaction)
            continue;
        if (!read_commit(batch, session, &units[first], i - first + 1))
            return false;
        end_transaction(batch, &units[first], i - first + 1, next);
        batch->answers =
            shared_arena_renew(batch->answers); /* not once a batch: it may have dozens of lists */
        first = i + 1;
    }
    return true;
}

bool batch_receive(struct batch *batch, struct session *session, struct operation **locked)
{
    struct next_round next = {.batch = batch, .units = batch->rounds[batch->units == batch->rounds[0]]};
    ended_init(&next.ended);
    ended_init(&next.locked);
    const bool received = receive_round(batch, session, &next);
    *locked = next.locked.first;
    if (!received)
        return false;
    batch->units = next.units;
    batch->n_units = next.n;
    reset_if_done(batch);
    return true;
}

static bool writes(const struct operation *operation)
{
    return operation->statement->lane == LANE_WRITE;
}

/* End an operation in an error. */
static void lose(struct operation *operation)
{
    operation_fail(operation, STATUS_UNAVAILABLE,
                   writes(operation) ? "The database went away; whether the change was made is not known"
                                     : "The database went away");
}

static void stop(struct operation *operation)
{
    operation_fail(operation, STATUS_UNAVAILABLE,
                   writes(operation) ? "The service is stopping; whether the change was made is not known"
                                     : "The service is stopping");
}

void batch_lose(struct batch *batch, bool is_stopping)
{
    struct ended lost;
    ended_init(&lost);
    pthread_mutex_lock(&batch->lock);
    for (size_t i = 0; i < batch->n; i++) {
        if (batch->operations[i] != NULL)
            end_operation(&batch->operations[i], &lost);
    }
    pthread_mutex_unlock(&batch->lock);
    tell(&lost, is_stopping ? stop : lose);
    batch->n_units = 0;
    reset_if_done(batch);
}
