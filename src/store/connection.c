/* connection.c: libpq without blocking: preparing a session, and waiting for results. */
#include "store/connection.h"

#include "base/time.h"
#include "store/dial.h"
#include "store/notice.h"
#include "store/sqlstate.h"
#include "store/statement.h"

#include <assert.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What every session is set to. jit never pays for statements that take microseconds. The rest is set unless
 * somebody set it already: in DATABASE_URL's `options`, 0 too, which is there on purpose; or for the role,
 * the database or the server, where 0 counts as not set, as it is what most of them are by default.
 * - lock_timeout, statement_timeout (ms): one order that somebody holds locked, or one long list, must not
 * hold up a worker's other work for long.
 * - tcp_keepalives_* (s), tcp_user_timeout (ms): the server ends a session whose client died silently, and
 * with it the locks of what was under way. No idle_in_transaction_session_timeout: it does not run between
 * the statements of a pipeline, and there are no other transactions.
 * - client_connection_check_interval (ms): what still runs when its client has gone is ended. */
static const char session_sql[] =
    "SELECT set_config('jit', 'off', false) UNION ALL "
    "SELECT set_config(name, preset, false) FROM pg_settings JOIN (VALUES ('lock_timeout', '2000'), "
    "('statement_timeout', '10000'), ('tcp_keepalives_idle', '5'), ('tcp_keepalives_interval', '2'), "
    "('tcp_keepalives_count', '3'), ('tcp_user_timeout', '10000'), "
    "('client_connection_check_interval', '1000')) AS presets (name, preset) USING (name) "
    "WHERE source = 'default' OR (setting = '0' AND source <> 'client')";

#define PLAN_ONCE \
    "set_config('plan_cache_mode', 'force_generic_plan', false), set_config('enable_seqscan', 'off', false)"
#define PLAN_EACH_TIME "set_config('plan_cache_mode', 'force_custom_plan', false)"
#define ROLLUP_SLOT                                                                                    \
    "(SELECT set_config('orders.rollup_slot', slot::text, false) FROM generate_series(0, 63) AS slot " \
    "WHERE pg_try_advisory_lock(6672, slot) LIMIT 1)"
#define WAITS_FOR_LOCKS(ms)                                                                             \
    "(SELECT set_config('lock_timeout', '" ms "', false) FROM pg_settings WHERE name = 'lock_timeout' " \
    "AND reset_val = '0')"

/* And those of a lane.
 * Arrays of keys differ from run to run only in length, which changes no plan, so plan once, and not for the
 * few rows there may be at first; but the plan of a list depends on how rare the status or the customer is.
 * A writer takes the first slot of the rollup that no other session of ordersd has, until it disconnects;
 * without one left, it shares. 6672 sets this lock apart from others' in the database.
 * What waits for a lock holds up its batch, so it is undone soon, and tried again in a lane of its own, where
 * it holds up only its like: here a lock_timeout of 0 counts as not set, wherever it comes from. An update
 * never waits for its order; a create does, for another session that has created or removed that order and
 * not committed yet. */
static const char *const lane_sql[LANES] = {
    [LANE_GET] = "SELECT " PLAN_ONCE,
    [LANE_SCAN] = "SELECT " PLAN_EACH_TIME,
    [LANE_LONG] = "SELECT " PLAN_EACH_TIME,
    [LANE_PURGE] = "SELECT " PLAN_EACH_TIME,
    [LANE_WRITE] = "SELECT " PLAN_ONCE ", " ROLLUP_SLOT ", " WAITS_FOR_LOCKS("20"),
    [LANE_LOCKED] = "SELECT " PLAN_ONCE ", " ROLLUP_SLOT ", " WAITS_FOR_LOCKS("2"),
};

/* What any statement may take (ms); 0: for ever. */
static const char timeout_sql[] = "SELECT setting FROM pg_settings WHERE name = 'statement_timeout'";

/* Ends those of some server processes that are still there, and names them. One that waits for a standby is
 * left alone: it has committed, and whoever asks next must not be told so before the standby has it. */
static const char end_left_sql[] =
    "SELECT pid, CASE WHEN wait_event IS DISTINCT FROM 'SyncRep' THEN pg_terminate_backend(pid) END "
    "FROM unnest($1::int[], $2::bigint[]) AS given (id, started_us) "
    "JOIN pg_stat_activity ON pid = id AND " BACKEND_STARTED_US " = started_us AND pid <> pg_backend_pid()";

static const char access_statement[] = "access"; /* schema_access_sql, prepared */

enum {
    SETUP_MOST = STATEMENTS + 8,
    SILENCE_BEYOND_MS = 2000, /* the longest that a statement may take */
    CHECK_SILENCE_MS = 5000,  /* a server that does not even answer a check for so long is lost */
};

/* Waits for a descriptor. False: stopped, or past the limit. */
static bool wait_for(struct connection *connection, int fd, short events, uint64_t limit_ns)
{
    struct pollfd event = {.fd = fd, .events = events};
    for (;;) {
        if (poll(&event, 1, CONNECTION_TICK_MS) > 0)
            return true;
        if (connection->stopped(connection->arg) || time_monotonic_ns() > limit_ns)
            return false;
    }
}

bool connection_flush(struct connection *connection)
{
    return PQflush(connection->pg) >= 0;
}

/* An error that may be the session's, and not the statement's: the server takes no writes, or lacks what was
 * there (class 42). The next check tells. */
static void note_doubt(struct connection *connection, const PGresult *result)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (sqlstate != NULL && (strcmp(sqlstate, "25006") == 0 || strncmp(sqlstate, "42", 2) == 0))
        connection->checked_ns = 0;
}

static bool next_before(struct connection *connection, PGresult **result, uint64_t limit_ns)
{
    PGconn *pg = connection->pg;
    while (PQisBusy(pg)) {
        int unsent = PQflush(pg);
        if (unsent < 0 ||
            !wait_for(connection, PQsocket(pg), (short)(POLLIN | (unsent > 0 ? POLLOUT : 0)), limit_ns))
            return false;
        if (!PQconsumeInput(pg))
            return false;
    }
    *result = PQgetResult(pg);
    if (PQstatus(pg) == CONNECTION_OK) {
        note_doubt(connection, *result);
        return true;
    }
    PQclear(*result);
    return false;
}

/* --- why a session is not ready --- */

static const char *const reasons[CONNECTION_RESULTS] = {
    [CONNECTION_READY] = "",
    [CONNECTION_UNREACHABLE] = "database out of reach",
    [CONNECTION_READ_ONLY] = "database is read-only",
    [CONNECTION_WRONG_SCHEMA] = "schema lacks what this program needs",
    [CONNECTION_SHARED] = "a pooler shares database sessions",
};

bool connection_is_refused(enum connection_result outcome)
{
    return outcome != CONNECTION_READY && outcome != CONNECTION_UNREACHABLE;
}

static enum connection_result give_reason(struct connection *connection, enum connection_result outcome)
{
    snprintf(connection->reason, sizeof connection->reason, "%s", reasons[outcome]);
    return outcome;
}

/* A prepared statement is there already, or not any more. */
static bool is_of_another_session(const char *sqlstate)
{
    return sqlstate != NULL && (strcmp(sqlstate, "42P05") == 0 || strcmp(sqlstate, "26000") == 0);
}

/* It is another statement by that name, which takes other parameters; or a pooler has lost the session. */
static bool is_out_of_step(const char *sqlstate)
{
    return sqlstate != NULL && strcmp(sqlstate, "08P01") == 0;
}

static enum connection_result tell_shared(struct connection *connection)
{
    snprintf(connection->why, sizeof connection->why, "%s", dial_shared_session);
    return give_reason(connection, CONNECTION_SHARED);
}

static enum connection_result take_error(struct connection *connection, const PGresult *result)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (is_of_another_session(sqlstate))
        return tell_shared(connection);
    dial_explain(PQresultErrorMessage(result), connection->why, sizeof connection->why);
    if (sqlstate != NULL && strncmp(sqlstate, "42", 2) == 0)
        return give_reason(connection, CONNECTION_WRONG_SCHEMA);
    return give_reason(connection, CONNECTION_UNREACHABLE);
}

/* Gives the session up, since what comes of it is not to be acknowledged. */
static bool give_up(struct connection *connection, PGresult *result, const char *why)
{
    snprintf(connection->why, sizeof connection->why, "%s", why);
    connection->outcome = give_reason(connection, CONNECTION_UNREACHABLE);
    PQclear(result);
    return false;
}

/* A session whose statements are not those that were prepared in it is another one, by a pooler that did not
 * share them when they were. What becomes of what is under way is not known: some of it may have been done by
 * one session, the rest refused by the next. */
bool connection_next(struct connection *connection, PGresult **result)
{
    if (!next_before(connection, result, time_monotonic_ns() + connection->silence_ns))
        return false;
    const char *sqlstate = PQresultErrorField(*result, PG_DIAG_SQLSTATE);
    if (connection->unreplicated && PQresultStatus(*result) == PGRES_PIPELINE_SYNC)
        return give_up(connection, *result, "a commit was not to wait for its synchronous standby");
    connection->is_outdated |= sqlstate_is_outdated(*result);
    if (!is_of_another_session(sqlstate) && !is_out_of_step(sqlstate))
        return true;
    connection->outcome = take_error(connection, *result);
    PQclear(*result);
    return false;
}

/* --- what a new session is asked, and what it says --- */

typedef enum connection_result take_result(struct connection *connection, const PGresult *result);

static enum connection_result take_schema(struct connection *connection, const PGresult *result)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    char deployed[SCHEMA_NAME];
    if (sqlstate != NULL && strcmp(sqlstate, "42501") == 0) {
        take_error(connection, result);
        snprintf(connection->reason, sizeof connection->reason, "no right to SELECT on table sqitch.changes");
        return CONNECTION_WRONG_SCHEMA;
    }
    if (sqlstate != NULL && strncmp(sqlstate, "42", 2) != 0 && strcmp(sqlstate, "3F000") != 0)
        return take_error(connection, result); /* it is not known which it is */
    if (schema_check(result, deployed))
        return CONNECTION_READY;
    schema_advise(deployed, connection->why, sizeof connection->why);
    schema_explain(deployed, connection->reason, sizeof connection->reason);
    return CONNECTION_WRONG_SCHEMA;
}

static enum connection_result take_nothing(struct connection *connection, const PGresult *result)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    return sqlstate == NULL ? CONNECTION_READY : take_error(connection, result);
}

static enum connection_result take_timeout(struct connection *connection, const PGresult *result)
{
    if (PQresultStatus(result) != PGRES_TUPLES_OK || PQntuples(result) != 1)
        return take_error(connection, result);
    const uint64_t statement_ms = strtoull(PQgetvalue(result, 0, 0), NULL, 10);
    connection->silence_ns =
        statement_ms != 0 ? (statement_ms + SILENCE_BEYOND_MS) * NS_PER_MS : CONNECTION_NO_LIMIT_NS;
    return CONNECTION_READY;
}

static bool names(const PGresult *result, int pid)
{
    for (int row = 0; row < PQntuples(result); row++) {
        if ((int)strtol(PQgetvalue(result, row, 0), NULL, 10) == pid)
            return true;
    }
    return false;
}

/* Those that are still there after they were ended once do not end. */
static enum connection_result take_left(struct connection *connection, const PGresult *result)
{
    size_t kept = 0;
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        return take_error(connection, result);
    for (size_t i = 0; i < connection->n_left; i++) {
        if (names(result, connection->left[i].pid))
            connection->left[kept++] = connection->left[i];
    }
    connection->n_left = kept;
    if (kept < CONNECTION_LEFT_MOST)
        return CONNECTION_READY;
    snprintf(connection->why, sizeof connection->why,
             "%zu sessions that were given up still run in the database, one as server process %d", kept,
             connection->left[0].pid);
    snprintf(connection->reason, sizeof connection->reason, "statements hang in the database");
    return CONNECTION_UNREACHABLE;
}

/* Whether the process that answers is the one that answered first. */
static bool is_same_process(struct connection *connection, int pid)
{
    if (connection->answers_pid == 0)
        connection->answers_pid = pid;
    return connection->answers_pid == pid;
}

static enum connection_result take_access(struct connection *connection, const PGresult *result)
{
    if (PQresultStatus(result) != PGRES_TUPLES_OK || PQntuples(result) != 1)
        return take_error(connection, result);
    const bool is_standby = *PQgetvalue(result, 0, 0) == 't', is_read_only = *PQgetvalue(result, 0, 1) == 't';
    if (!is_same_process(connection, (int)strtol(PQgetvalue(result, 0, 3), NULL, 10)))
        return tell_shared(connection);
    if (!dial_suits(connection->database_url, connection->lane, is_standby, is_read_only)) {
        dial_explain_unsuited(is_standby, connection->why, sizeof connection->why);
        return give_reason(connection, CONNECTION_READ_ONLY);
    }
    snprintf(connection->degraded, sizeof connection->degraded, "%s", PQgetvalue(result, 0, 4));
    if (PQgetisnull(result, 0, 2)) {
        connection->checked_ns = time_monotonic_ns();
        return CONNECTION_READY;
    }
    snprintf(connection->reason, sizeof connection->reason, "%s", PQgetvalue(result, 0, 2));
    snprintf(connection->why, sizeof connection->why, "DATABASE_URL: %s", connection->reason);
    return CONNECTION_WRONG_SCHEMA;
}

/* --- connecting --- */

/* What was sent, by who takes its result. */
struct setup {
    take_result *takes[SETUP_MOST];
    size_t n;
};

/* Each has its own sync, so that each error is its own. */
static bool expect(struct setup *setup, PGconn *pg, int sent, take_result *take)
{
    if (!sent || !PQpipelineSync(pg))
        return false;
    // cppcheck-suppress AssignmentAddressToInteger; it does not know that these are functions
    setup->takes[setup->n++] = take;
    return true;
}

static int send_query(PGconn *pg, const char *sql)
{
    return PQsendQueryParams(pg, sql, 0, NULL, NULL, NULL, NULL, 0);
}

static int send_end_left(const struct connection *connection)
{
    char pids[CONNECTION_LEFT_MOST * 12 + 3] = "{", times[CONNECTION_LEFT_MOST * 24 + 3] = "{";
    const char *const values[] = {pids, times};
    size_t pids_length = 1, times_length = 1;
    for (size_t i = 0; i < connection->n_left; i++) {
        const struct backend *left = &connection->left[i];
        const char *comma = i > 0 ? "," : "";
        pids_length +=
            (size_t)snprintf(pids + pids_length, sizeof pids - pids_length, "%s%d", comma, left->pid);
        times_length += (size_t)snprintf(times + times_length, sizeof times - times_length, "%s%" PRId64,
                                         comma, left->started_us);
    }
    pids[pids_length] = times[times_length] = '}';
    return PQsendQueryParams(connection->pg, end_left_sql, 2, NULL, values, NULL, NULL, 0);
}

static int send_access(PGconn *pg)
{
    return PQsendQueryPrepared(pg, access_statement, 0, NULL, NULL, NULL, 0);
}

/* What limits all that comes later, and what was left of other sessions. It reads no table, and so waits for
 * nobody's lock. False: the connection broke. */
static bool send_limits(const struct connection *connection, struct setup *setup)
{
    PGconn *pg = connection->pg;
    return expect(setup, pg, send_query(pg, session_sql), take_nothing) &&
           expect(setup, pg, send_query(pg, timeout_sql), take_timeout) &&
           expect(setup, pg, send_end_left(connection), take_left);
}

/* What is asked again and again, whether the session can serve, and the lane's statements. */
static bool send_statements(const struct connection *connection, struct setup *setup)
{
    PGconn *pg = connection->pg;
    bool sent =
        expect(setup, pg, PQsendPrepare(pg, access_statement, schema_access_sql, 0, NULL), take_nothing) &&
        expect(setup, pg, send_access(pg), take_access);
    for (const struct statement *each = statements; sent && each < statements + STATEMENTS; each++) {
        if (each->lane == lane_statements(connection->lane))
            sent = expect(setup, pg, PQsendPrepare(pg, each->name, each->sql, each->n_params, each->types),
                          take_nothing);
    }
    return sent;
}

/* The rest of what a new session needs, once there is room to note that it hangs there. */
static bool send_preparation(const struct connection *connection, struct setup *setup)
{
    PGconn *pg = connection->pg;
    return expect(setup, pg, send_query(pg, schema_sql), take_schema) &&
           expect(setup, pg, send_query(pg, lane_sql[connection->lane]), take_nothing) &&
           send_statements(connection, setup);
}

/* Reads one statement's result and its sync. NULL: the connection broke or the limit passed. */
static PGresult *read_setup(struct connection *connection, uint64_t limit_ns)
{
    PGresult *first = NULL, *result;
    while (next_before(connection, &result, limit_ns)) {
        if (result == NULL)
            continue;
        if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
            PQclear(result);
            return first;
        }
        PQclear(first);
        first = result;
    }
    PQclear(first);
    return NULL;
}

/* There is room: no session is made ready when there is not. */
static void note_left(struct connection *connection)
{
    if (connection->backend.pid == 0)
        return;
    assert(connection->n_left < CONNECTION_LEFT_MOST);
    connection->left[connection->n_left++] = connection->backend;
    connection->backend.pid = 0;
}

static enum connection_result break_off(struct connection *connection, unsigned waited_ms)
{
    if (*PQerrorMessage(connection->pg) != '\0')
        dial_explain(PQerrorMessage(connection->pg), connection->why, sizeof connection->why);
    else
        snprintf(connection->why, sizeof connection->why, "no answer within %u ms", waited_ms);
    return give_reason(connection, CONNECTION_UNREACHABLE);
}

typedef bool send_setup(const struct connection *connection, struct setup *setup);

static enum connection_result run_setup(struct connection *connection, send_setup *send, uint64_t limit_ns)
{
    struct setup setup = {.n = 0};
    if (!send(connection, &setup))
        return break_off(connection, 0);
    for (size_t i = 0; i < setup.n; i++) {
        PGresult *result = read_setup(connection, limit_ns);
        if (result == NULL) {
            if (PQstatus(connection->pg) == CONNECTION_OK && connection->n_left < CONNECTION_LEFT_MOST)
                note_left(connection);
            return break_off(connection, CONNECTION_ATTEMPT_MS);
        }
        const enum connection_result outcome = setup.takes[i](connection, result);
        PQclear(result);
        if (outcome != CONNECTION_READY)
            return outcome;
    }
    return CONNECTION_READY;
}

static enum connection_result set_up(struct connection *connection)
{
    const uint64_t limit_ns = time_monotonic_ns() + (uint64_t)CONNECTION_ATTEMPT_MS * NS_PER_MS;
    if (PQsetnonblocking(connection->pg, 1) != 0 || !PQenterPipelineMode(connection->pg))
        return break_off(connection, 0);
    const enum connection_result outcome = run_setup(connection, send_limits, limit_ns);
    return outcome == CONNECTION_READY ? run_setup(connection, send_preparation, limit_ns) : outcome;
}

static void log_notice(void *arg, const PGresult *notice)
{
    struct connection *connection = arg;
    notice_log(connection->log, connection->lane, &connection->notices, notice);
    connection->unreplicated |= notice_is_of_unreplicated_commit(notice);
}

/* Goes on with the last attempt, if that is not over. */
static enum connection_result dial(struct connection *connection)
{
    const uint64_t limit_ns = time_monotonic_ns() + (uint64_t)CONNECTION_ATTEMPT_MS * NS_PER_MS;
    if (connection->dial == NULL)
        connection->dial = dial_start(connection->database_url, connection->lane, connection->log);
    if (connection->dial == NULL) {
        snprintf(connection->why, sizeof connection->why, "%m");
        return give_reason(connection, CONNECTION_UNREACHABLE);
    }
    if (!wait_for(connection, dial_event(connection->dial), POLLIN, limit_ns)) {
        if (connection_is_refused(connection->outcome))
            return connection->outcome; /* `why` and `reason` are still so */
        snprintf(connection->why, sizeof connection->why, "no answer within %d ms", CONNECTION_ATTEMPT_MS);
        return give_reason(connection, CONNECTION_UNREACHABLE);
    }
    const enum connection_result outcome = dial_take(connection->dial, &connection->pg, &connection->backend,
                                                     connection->why, sizeof connection->why);
    connection->dial = NULL;
    if (outcome == CONNECTION_READY)
        PQsetNoticeReceiver(connection->pg, log_notice, connection);
    return give_reason(connection, outcome);
}

static void end_session(struct connection *connection)
{
    PQfinish(connection->pg);
    connection->pg = NULL;
    connection->backend.pid = connection->answers_pid = 0;
    connection->degraded[0] = '\0';
    connection->unreplicated = connection->is_outdated = false;
}

enum connection_result connection_open(struct connection *connection)
{
    enum connection_result outcome = dial(connection);
    if (outcome == CONNECTION_READY)
        outcome = set_up(connection);
    if (outcome != CONNECTION_READY)
        end_session(connection);
    else
        connection->why[0] = '\0';
    connection->outcome = outcome;
    return outcome;
}

void connection_close(struct connection *connection)
{
    dial_give_up(connection->dial);
    connection->dial = NULL;
    end_session(connection);
}

void connection_leave(struct connection *connection)
{
    note_left(connection);
    end_session(connection);
}

/* --- whether it can still serve --- */

int connection_check_due_ms(const struct connection *connection)
{
    const uint64_t due_ns = connection->checked_ns + (uint64_t)connection->check_ms * NS_PER_MS;
    const uint64_t now_ns = time_monotonic_ns();
    return connection->checked_ns != 0 && now_ns < due_ns
               ? (int)((due_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS)
               : 0;
}

static enum connection_result check(struct connection *connection)
{
    const uint64_t limit_ns = time_monotonic_ns() + (uint64_t)CHECK_SILENCE_MS * NS_PER_MS;
    if (!send_access(connection->pg) || !PQpipelineSync(connection->pg))
        return break_off(connection, 0);
    PGresult *result = read_setup(connection, limit_ns);
    if (result == NULL) {
        if (PQstatus(connection->pg) == CONNECTION_OK)
            note_left(connection);
        return break_off(connection, CHECK_SILENCE_MS);
    }
    const enum connection_result outcome = take_access(connection, result);
    PQclear(result);
    return outcome;
}

static bool send_statements_again(const struct connection *connection, struct setup *setup)
{
    return expect(setup, connection->pg, send_query(connection->pg, "DEALLOCATE ALL"), take_nothing) &&
           send_statements(connection, setup);
}

bool connection_refresh(struct connection *connection)
{
    const uint64_t limit_ns = time_monotonic_ns() + (uint64_t)CONNECTION_ATTEMPT_MS * NS_PER_MS;
    if (!connection->is_outdated)
        return true;
    connection->is_outdated = false;
    connection->outcome = run_setup(connection, send_statements_again, limit_ns);
    return connection->outcome == CONNECTION_READY;
}

bool connection_check(struct connection *connection)
{
    if (connection_check_due_ms(connection) > 0)
        return true;
    connection->outcome = check(connection);
    return connection->outcome == CONNECTION_READY;
}

const char *connection_error(const struct connection *connection)
{
    return *connection->why != '\0' ? connection->why : PQerrorMessage(connection->pg);
}
