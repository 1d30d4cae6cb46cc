/* session.c: libpq without blocking: preparing a session, and waiting for results. */
#include "store/session.h"

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

/* What every session is set to. The first ones are what statements rely on, whatever DATABASE_URL's
 * `options`, the role, the database or the server say:
 * - jit never pays for statements that take microseconds.
 * - client_min_messages: a commit that was not to wait for its standby is told of by a WARNING alone.
 * - default_transaction_isolation: a statement that finds a row changed looks at it again; in a stricter one
 * it fails, and reads fail with it. (default_transaction_deferrable says something in SERIALIZABLE alone.)
 * - exit_on_error: a statement that fails would end the session, and the calls that wait behind it.
 * - idle_session_timeout: a session is asked something each second, and is to be there when a call comes.
 * All else that they may say of answers is of text, and these come in binary, or of the planner, of
 * durability (synchronous_commit), of memory or of the server's log, and whoever set it knows why.
 *
 * The rest is set unless somebody set it already: in DATABASE_URL's `options`, 0 too, which is there on
 * purpose; or for the role, the database or the server, where 0 counts as not set, as it is what most of them
 * are by default.
 * - lock_timeout, statement_timeout (ms): one order that somebody holds locked, or one long list, must not
 * hold up a worker's other work for long.
 * - tcp_keepalives_* (s), tcp_user_timeout (ms): the server ends a session whose client died silently, and
 * with it the locks of what was under way. No idle_in_transaction_session_timeout: it does not run between
 * the statements of a pipeline, and there are no other transactions.
 * - client_connection_check_interval (ms): what still runs when its client has gone is ended. */
static const char session_sql[] =
    "SELECT set_config(name, value, false) FROM pg_settings JOIN (VALUES ('jit', 'off', true), "
    "('client_min_messages', 'notice', true), ('default_transaction_isolation', 'read committed', true), "
    "('exit_on_error', 'off', true), ('idle_session_timeout', '0', true), ('lock_timeout', '2000', false), "
    "('statement_timeout', '10000', false), ('tcp_keepalives_idle', '5', false), "
    "('tcp_keepalives_interval', '2', false), ('tcp_keepalives_count', '3', false), "
    "('tcp_user_timeout', '10000', false), ('client_connection_check_interval', '1000', false)) "
    "AS ours (name, value, always) USING (name) "
    "WHERE always OR source = 'default' OR (setting = '0' AND source <> 'client')";

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
    [LANE_KEYS] = "SELECT " PLAN_EACH_TIME,
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
};

/* Waits for a descriptor. False: stopped, or past the limit. */
static bool wait_for(struct session *session, int fd, short events, uint64_t limit_ns)
{
    struct pollfd event = {.fd = fd, .events = events};
    for (;;) {
        if (poll(&event, 1, SESSION_TICK_MS) > 0)
            return true;
        if (session->stopped(session->arg) || time_monotonic_ns() > limit_ns)
            return false;
    }
}

bool session_flush(struct session *session)
{
    return PQflush(session->pg) >= 0;
}

/* An error that may be the session's, and not the statement's: the server takes no writes, or lacks what was
 * there (class 42). The next check tells. */
static void note_doubt(struct session *session, const PGresult *result)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (sqlstate != NULL && (strcmp(sqlstate, "25006") == 0 || strncmp(sqlstate, "42", 2) == 0))
        session->checked_ns = 0;
}

static void drop_notifications(struct session *session)
{
    for (PGnotify *each; (each = PQnotifies(session->pg)) != NULL; session->n_notified++)
        PQfreemem(each);
}

bool session_consume(struct session *session)
{
    const bool consumed = PQconsumeInput(session->pg);
    drop_notifications(session);
    return consumed;
}

unsigned session_take_notified(struct session *session)
{
    drop_notifications(session);
    const unsigned n = session->n_notified;
    session->n_notified = 0;
    return n;
}

static bool next_before(struct session *session, PGresult **result, uint64_t limit_ns)
{
    PGconn *pg = session->pg;
    while (PQisBusy(pg)) {
        int unsent = PQflush(pg);
        if (unsent < 0 ||
            !wait_for(session, PQsocket(pg), (short)(POLLIN | (unsent > 0 ? POLLOUT : 0)), limit_ns))
            return false;
        if (!session_consume(session))
            return false;
        /* What it is told of all the time is no answer; what is long is one. */
        if (session->n_notified > 0 && PQisBusy(pg) && time_monotonic_ns() > limit_ns)
            return false;
    }
    *result = PQgetResult(pg);
    if (PQstatus(pg) == CONNECTION_OK) {
        note_doubt(session, *result);
        return true;
    }
    PQclear(*result);
    return false;
}

/* --- why a session is not ready --- */

static const char *const reasons[SESSION_RESULTS] = {
    [SESSION_READY] = "",
    [SESSION_UNREACHABLE] = "database out of reach",
    [SESSION_READ_ONLY] = "database is read-only",
    [SESSION_WRONG_SCHEMA] = "schema lacks what this program needs",
    [SESSION_SHARED] = "a pooler shares database sessions",
    [SESSION_CANCELED] = "database ends statements too soon",
};

bool session_is_refused(enum session_result outcome)
{
    return outcome != SESSION_READY && outcome != SESSION_UNREACHABLE;
}

static enum session_result give_reason(struct session *session, enum session_result outcome)
{
    snprintf(session->reason, sizeof session->reason, "%s", reasons[outcome]);
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

static enum session_result tell_shared(struct session *session)
{
    snprintf(session->why, sizeof session->why, "%s", dial_shared_session);
    return give_reason(session, SESSION_SHARED);
}

static enum session_result take_error(struct session *session, const PGresult *result)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (is_of_another_session(sqlstate))
        return tell_shared(session);
    dial_explain(PQresultErrorMessage(result), session->why, sizeof session->why);
    if (sqlstate != NULL && strncmp(sqlstate, "42", 2) == 0)
        return give_reason(session, SESSION_WRONG_SCHEMA);
    return give_reason(session, sqlstate_is_canceled(sqlstate) ? SESSION_CANCELED : SESSION_UNREACHABLE);
}

/* Gives the session up, since what comes of it is not to be acknowledged. */
static bool give_up(struct session *session, PGresult *result, const char *why)
{
    snprintf(session->why, sizeof session->why, "%s", why);
    session->outcome = give_reason(session, SESSION_UNREACHABLE);
    PQclear(result);
    return false;
}

/* A session whose statements are not those that were prepared in it is another one, by a pooler that did not
 * share them when they were. What becomes of what is under way is not known: some of it may have been done by
 * one session, the rest refused by the next. */
static bool next_of_statement(struct session *session, PGresult **result, uint64_t limit_ns)
{
    if (!next_before(session, result, limit_ns))
        return false;
    const char *sqlstate = PQresultErrorField(*result, PG_DIAG_SQLSTATE);
    if (session->unreplicated && PQresultStatus(*result) == PGRES_PIPELINE_SYNC)
        return give_up(session, *result, "a commit was not to wait for its synchronous standby");
    session->is_outdated |= sqlstate_is_outdated(*result);
    if (!is_of_another_session(sqlstate) && !is_out_of_step(sqlstate))
        return true;
    session->outcome = take_error(session, *result);
    PQclear(*result);
    return false;
}

bool session_next(struct session *session, PGresult **result)
{
    return next_of_statement(session, result, time_monotonic_ns() + session->silence_ns);
}

/* --- what a new session is asked, and what it says --- */

typedef enum session_result take_result(struct session *session, const PGresult *result);

static enum session_result take_schema(struct session *session, const PGresult *result)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    char deployed[SCHEMA_NAME];
    if (sqlstate != NULL && strcmp(sqlstate, "42501") == 0) {
        take_error(session, result);
        snprintf(session->reason, sizeof session->reason, "no right to SELECT on table sqitch.changes");
        return SESSION_WRONG_SCHEMA;
    }
    if (sqlstate != NULL && strncmp(sqlstate, "42", 2) != 0 && strcmp(sqlstate, "3F000") != 0)
        return take_error(session, result); /* it is not known which it is */
    if (schema_check(result, deployed))
        return SESSION_READY;
    schema_advise(deployed, session->why, sizeof session->why);
    schema_explain(deployed, session->reason, sizeof session->reason);
    return SESSION_WRONG_SCHEMA;
}

static enum session_result take_nothing(struct session *session, const PGresult *result)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    return sqlstate == NULL ? SESSION_READY : take_error(session, result);
}

static enum session_result take_timeout(struct session *session, const PGresult *result)
{
    if (PQresultStatus(result) != PGRES_TUPLES_OK || PQntuples(result) != 1)
        return take_error(session, result);
    const uint64_t statement_ms = strtoull(PQgetvalue(result, 0, 0), NULL, 10);
    session->silence_ns =
        statement_ms != 0 ? (statement_ms + SILENCE_BEYOND_MS) * NS_PER_MS : SESSION_NO_LIMIT_NS;
    return SESSION_READY;
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
static enum session_result take_left(struct session *session, const PGresult *result)
{
    size_t kept = 0;
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        return take_error(session, result);
    for (size_t i = 0; i < session->n_left; i++) {
        if (names(result, session->left[i].pid))
            session->left[kept++] = session->left[i];
    }
    session->n_left = kept;
    if (kept < SESSION_LEFT_MOST)
        return SESSION_READY;
    snprintf(session->why, sizeof session->why,
             "%zu sessions that were given up still run in the database, one as server process %d", kept,
             session->left[0].pid);
    snprintf(session->reason, sizeof session->reason, "statements hang in the database");
    return SESSION_UNREACHABLE;
}

/* Whether the process that answers is the one that answered first. */
static bool is_same_process(struct session *session, int pid)
{
    if (session->answers_pid == 0)
        session->answers_pid = pid;
    return session->answers_pid == pid;
}

static enum session_result take_access(struct session *session, const PGresult *result)
{
    if (PQresultStatus(result) != PGRES_TUPLES_OK || PQntuples(result) != 1)
        return take_error(session, result);
    const bool is_standby = *PQgetvalue(result, 0, 0) == 't', is_read_only = *PQgetvalue(result, 0, 1) == 't';
    if (!is_same_process(session, (int)strtol(PQgetvalue(result, 0, 3), NULL, 10)))
        return tell_shared(session);
    if (!dial_suits(session->database_url, session->lane, is_standby, is_read_only)) {
        dial_explain_unsuited(is_standby, session->why, sizeof session->why);
        return give_reason(session, SESSION_READ_ONLY);
    }
    snprintf(session->degraded, sizeof session->degraded, "%s", PQgetvalue(result, 0, 4));
    if (PQgetisnull(result, 0, 2)) {
        session->checked_ns = time_monotonic_ns();
        return SESSION_READY;
    }
    snprintf(session->reason, sizeof session->reason, "%s", PQgetvalue(result, 0, 2));
    snprintf(session->why, sizeof session->why, "DATABASE_URL: %s", session->reason);
    return SESSION_WRONG_SCHEMA;
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

static int send_end_left(const struct session *session)
{
    char pids[SESSION_LEFT_MOST * 12 + 3] = "{", times[SESSION_LEFT_MOST * 24 + 3] = "{";
    const char *const values[] = {pids, times};
    size_t pids_length = 1, times_length = 1;
    for (size_t i = 0; i < session->n_left; i++) {
        const struct backend *left = &session->left[i];
        const char *comma = i > 0 ? "," : "";
        pids_length +=
            (size_t)snprintf(pids + pids_length, sizeof pids - pids_length, "%s%d", comma, left->pid);
        times_length += (size_t)snprintf(times + times_length, sizeof times - times_length, "%s%" PRId64,
                                         comma, left->started_us);
    }
    pids[pids_length] = times[times_length] = '}';
    return PQsendQueryParams(session->pg, end_left_sql, 2, NULL, values, NULL, NULL, 0);
}

static int send_access(PGconn *pg)
{
    return PQsendQueryPrepared(pg, access_statement, 0, NULL, NULL, NULL, 0);
}

/* What limits all that comes later, and what was left of other sessions. It reads no table, and so waits for
 * nobody's lock. False: the connection broke. */
static bool send_limits(const struct session *session, struct setup *setup)
{
    PGconn *pg = session->pg;
    return expect(setup, pg, send_query(pg, session_sql), take_nothing) &&
           expect(setup, pg, send_query(pg, timeout_sql), take_timeout) &&
           expect(setup, pg, send_end_left(session), take_left);
}

/* What is asked again and again, whether the session can serve, and the lane's statements. */
static bool send_statements(const struct session *session, struct setup *setup)
{
    PGconn *pg = session->pg;
    bool sent =
        expect(setup, pg, PQsendPrepare(pg, access_statement, schema_access_sql, 0, NULL), take_nothing) &&
        expect(setup, pg, send_access(pg), take_access);
    for (const struct statement *each = statements; sent && each < statements + STATEMENTS; each++) {
        if (each->lane == lane_statements(session->lane))
            sent = expect(setup, pg, PQsendPrepare(pg, each->name, each->sql, each->n_params, each->types),
                          take_nothing);
    }
    return sent;
}

/* The rest of what a new session needs, once there is room to note that it hangs there. */
static bool send_preparation(const struct session *session, struct setup *setup)
{
    PGconn *pg = session->pg;
    return expect(setup, pg, send_query(pg, schema_sql), take_schema) &&
           expect(setup, pg, send_query(pg, lane_sql[session->lane]), take_nothing) &&
           send_statements(session, setup);
}

/* False: the connection broke, or the limit passed. */
typedef bool next_result(struct session *session, PGresult **result, uint64_t limit_ns);

/* Reads one statement's result and its sync. NULL: as of next_result. */
static PGresult *read_by(next_result *next, struct session *session, uint64_t limit_ns)
{
    PGresult *first = NULL, *result;
    while (next(session, &result, limit_ns)) {
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

PGresult *session_read(struct session *session)
{
    return read_by(next_of_statement, session, time_monotonic_ns() + session->silence_ns);
}

PGresult *session_read_within(struct session *session, unsigned ms)
{
    return read_by(next_of_statement, session, time_monotonic_ns() + (uint64_t)ms * NS_PER_MS);
}

/* There is room: no session is made ready when there is not. */
static void note_left(struct session *session)
{
    if (session->backend.pid == 0)
        return;
    assert(session->n_left < SESSION_LEFT_MOST);
    session->left[session->n_left++] = session->backend;
    session->backend.pid = 0;
}

static enum session_result break_off(struct session *session, unsigned waited_ms)
{
    if (*PQerrorMessage(session->pg) != '\0')
        dial_explain(PQerrorMessage(session->pg), session->why, sizeof session->why);
    else
        snprintf(session->why, sizeof session->why, "no answer within %u ms", waited_ms);
    return give_reason(session, SESSION_UNREACHABLE);
}

typedef bool send_setup(const struct session *session, struct setup *setup);

static enum session_result run_setup(struct session *session, send_setup *send, uint64_t limit_ns)
{
    struct setup setup = {.n = 0};
    if (!send(session, &setup))
        return break_off(session, 0);
    for (size_t i = 0; i < setup.n; i++) {
        PGresult *result = read_by(next_before, session, limit_ns);
        if (result == NULL) {
            if (PQstatus(session->pg) == CONNECTION_OK && session->n_left < SESSION_LEFT_MOST)
                note_left(session);
            return break_off(session, SESSION_ATTEMPT_MS);
        }
        const enum session_result outcome = setup.takes[i](session, result);
        PQclear(result);
        if (outcome != SESSION_READY)
            return outcome;
    }
    return SESSION_READY;
}

static enum session_result set_up(struct session *session)
{
    const uint64_t limit_ns = time_monotonic_ns() + (uint64_t)SESSION_ATTEMPT_MS * NS_PER_MS;
    if (PQsetnonblocking(session->pg, 1) != 0 || !PQenterPipelineMode(session->pg))
        return break_off(session, 0);
    const enum session_result outcome = run_setup(session, send_limits, limit_ns);
    return outcome == SESSION_READY ? run_setup(session, send_preparation, limit_ns) : outcome;
}

static void log_notice(void *arg, const PGresult *notice)
{
    struct session *session = arg;
    notice_log(session->log, session->lane, &session->notices, notice);
    session->unreplicated |= notice_is_of_unreplicated_commit(notice);
}

/* Goes on with the last attempt, if that is not over. */
static enum session_result dial(struct session *session)
{
    const uint64_t limit_ns = time_monotonic_ns() + (uint64_t)SESSION_ATTEMPT_MS * NS_PER_MS;
    if (session->dial == NULL)
        session->dial = dial_start(session->database_url, session->lane, session->log);
    if (session->dial == NULL) {
        snprintf(session->why, sizeof session->why, "%m");
        return give_reason(session, SESSION_UNREACHABLE);
    }
    if (!wait_for(session, dial_event(session->dial), POLLIN, limit_ns)) {
        if (session_is_refused(session->outcome))
            return session->outcome; /* `why` and `reason` are still so */
        snprintf(session->why, sizeof session->why, "no answer within %d ms", SESSION_ATTEMPT_MS);
        return give_reason(session, SESSION_UNREACHABLE);
    }
    const enum session_result outcome =
        dial_take(session->dial, &session->pg, &session->backend, session->why, sizeof session->why);
    session->dial = NULL;
    if (outcome == SESSION_READY)
        PQsetNoticeReceiver(session->pg, log_notice, session);
    return give_reason(session, outcome);
}

static void end_session(struct session *session)
{
    PQfinish(session->pg);
    session->pg = NULL;
    session->backend.pid = session->answers_pid = 0;
    session->degraded[0] = '\0';
    session->unreplicated = session->is_outdated = false;
}

enum session_result session_open(struct session *session)
{
    enum session_result outcome = dial(session);
    if (outcome == SESSION_READY)
        outcome = set_up(session);
    if (outcome != SESSION_READY)
        end_session(session);
    else
        session->why[0] = '\0';
    session->outcome = outcome;
    return outcome;
}

void session_close(struct session *session)
{
    dial_give_up(session->dial);
    session->dial = NULL;
    end_session(session);
}

void session_leave(struct session *session)
{
    note_left(session);
    end_session(session);
}

/* --- whether it can still serve --- */

int session_check_due_ms(const struct session *session)
{
    const uint64_t due_ns = session->checked_ns + (uint64_t)session->check_ms * NS_PER_MS;
    const uint64_t now_ns = time_monotonic_ns();
    return session->checked_ns != 0 && now_ns < due_ns ? (int)((due_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS)
                                                       : 0;
}

static enum session_result check(struct session *session)
{
    const uint64_t limit_ns = time_monotonic_ns() + (uint64_t)session->answer_ms * NS_PER_MS;
    if (!send_access(session->pg) || !PQpipelineSync(session->pg))
        return break_off(session, 0);
    PGresult *result = read_by(next_before, session, limit_ns);
    if (result == NULL) {
        if (PQstatus(session->pg) == CONNECTION_OK)
            note_left(session);
        return break_off(session, session->answer_ms);
    }
    const enum session_result outcome = take_access(session, result);
    PQclear(result);
    return outcome;
}

static bool send_statements_again(const struct session *session, struct setup *setup)
{
    return expect(setup, session->pg, send_query(session->pg, "DEALLOCATE ALL"), take_nothing) &&
           send_statements(session, setup);
}

bool session_refresh(struct session *session)
{
    const uint64_t limit_ns = time_monotonic_ns() + (uint64_t)SESSION_ATTEMPT_MS * NS_PER_MS;
    if (!session->is_outdated)
        return true;
    session->is_outdated = false;
    session->outcome = run_setup(session, send_statements_again, limit_ns);
    return session->outcome == SESSION_READY;
}

bool session_check(struct session *session)
{
    if (session_check_due_ms(session) > 0)
        return true;
    session->outcome = check(session);
    return session->outcome == SESSION_READY;
}

const char *session_error(const struct session *session)
{
    const char *said = *session->why != '\0' ? session->why : PQerrorMessage(session->pg);
    return *said != '\0' ? said : "no answer in time";
}
