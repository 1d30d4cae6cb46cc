/* session.c: libpq without blocking: preparing a session, and waiting for results. */
#include "store/session.h"

#include "base/time.h"
#include "store/dial.h"
#include "store/notice.h"
#include "store/schema.h"
#include "store/session_settings.h"
#include "store/session_verdict.h"
#include "store/sqlstate.h"
#include "store/statement.h"

#include <assert.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

/* What any statement may take (ms); 0: for ever. */
static const char timeout_sql[] = "SELECT setting FROM pg_settings WHERE name = 'statement_timeout'";

/* Ends those of some server processes that are still there, and names them. One that waits for a standby is
 * left alone: it has committed, and whoever asks next must not be told so before the standby has it. */
static const char end_left_sql[] =
    "SELECT pid, CASE WHEN wait_event IS DISTINCT FROM 'SyncRep' THEN pg_terminate_backend(pid) END "
    "FROM unnest($1::int[], $2::bigint[]) AS given (id, started_us) " BACKENDS_OF(
        "id") "WHERE " BACKEND_STARTED_US " = started_us AND pid <> pg_backend_pid()";

static const char access_statement[] = "access"; /* schema_access_sql, prepared */
static const char slot_statement[] = "slot";     /* session_slot_sql, in sessions that write */

enum { SETUP_MOST = 2 * STATEMENTS + 10 };

bool session_is_unfit(enum session_result outcome)
{
    return outcome != SESSION_READY && outcome != SESSION_UNREACHABLE && outcome != SESSION_FAILING;
}

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

/* It is another statement by that name, which takes other parameters; or a pooler has lost the session. */
static bool is_out_of_step(const PGresult *result)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    return sqlstate != NULL && strcmp(sqlstate, "08P01") == 0 &&
           PQresultErrorField(result, PG_DIAG_CONTEXT) == NULL;
}

/* Gives the session up, since what comes of it is not to be acknowledged. */
static bool give_up(struct session *session, PGresult *result, const char *why)
{
    snprintf(session->why, sizeof session->why, "%s", why);
    session->outcome = session_refuse(session, SESSION_UNREACHABLE);
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
    const bool is_end = PQresultStatus(*result) == PGRES_PIPELINE_SYNC;
    if (is_end && session->unreplicated)
        return give_up(session, *result, "a commit was not to wait for its synchronous standby");
    if (is_end && PQclientEncoding(session->pg) != session->encoding)
        return give_up(session, *result, "a function of the database's changed client_encoding");
    session->is_outdated |= sqlstate_is_outdated(*result);
    if (!session_is_another(*result) && !is_out_of_step(*result))
        return true;
    session->outcome = session_take_error(session, *result);
    PQclear(*result);
    return false;
}

bool session_next(struct session *session, PGresult **result)
{
    return next_of_statement(session, result, time_monotonic_ns() + session->silence_ns);
}

/* --- connecting --- */

/* What was sent, by who takes its result. */
struct setup {
    session_take *takes[SETUP_MOST];
    size_t n;
};

/* Each has its own sync, so that each error is its own. */
static bool expect(struct setup *setup, PGconn *pg, int sent, session_take *take)
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

static int send_prepared(PGconn *pg, const char *name)
{
    return PQsendQueryPrepared(pg, name, 0, NULL, NULL, NULL, 0);
}

static bool has_slot(const struct session *session)
{
    return lane_statements(session->lane) == LANE_WRITE;
}

/* What limits all that comes later, and what was left of other sessions. It reads no table, and so waits for
 * nobody's lock. False: the connection broke. */
static bool send_limits(const struct session *session, struct setup *setup)
{
    PGconn *pg = session->pg;
    return expect(setup, pg, send_query(pg, session_settings_sql), session_take_nothing) &&
           expect(setup, pg, send_query(pg, timeout_sql), session_take_timeout) &&
           expect(setup, pg, send_end_left(session), session_take_left);
}

static bool prepare(const struct session *session, struct setup *setup, const struct statement *statement,
                    const char *name, const char *sql)
{
    return sql == NULL || expect(setup, session->pg,
                                 PQsendPrepare(session->pg, name, sql, statement->n_params, statement->types),
                                 session_take_nothing);
}

/* What is asked again and again, whether the session can serve, and the lane's statements. */
static bool send_statements(const struct session *session, struct setup *setup)
{
    PGconn *pg = session->pg;
    bool sent = expect(setup, pg, PQsendPrepare(pg, access_statement, schema_access_sql, 0, NULL),
                       session_take_nothing) &&
                expect(setup, pg, send_prepared(pg, access_statement), session_take_access);
    if (sent && has_slot(session))
        sent = expect(setup, pg, PQsendPrepare(pg, slot_statement, session_slot_sql, 0, NULL),
                      session_take_nothing);
    for (const struct statement *each = statements; sent && each < statements + STATEMENTS; each++) {
        if (each->lane == lane_statements(session->lane))
            sent = prepare(session, setup, each, each->name, each->sql) &&
                   prepare(session, setup, each, each->optimistic_name, each->optimistic_sql);
    }
    return sent;
}

/* The rest of what a new session needs, once there is room to note that it hangs there. */
static bool send_preparation(const struct session *session, struct setup *setup)
{
    PGconn *pg = session->pg;
    return expect(setup, pg, send_query(pg, schema_sql), session_take_schema) &&
           expect(setup, pg, send_query(pg, session_lane_settings_sql[session->lane]),
                  session_take_nothing) &&
           expect(setup, pg, send_query(pg, session_path_sql), session_take_nothing) &&
           send_statements(session, setup);
}

/* False: the connection broke, or the limit passed. */
typedef bool next_result(struct session *session, PGresult **result, uint64_t limit_ns);

static bool is_error(const PGresult *result)
{
    return result != NULL && PQresultStatus(result) == PGRES_FATAL_ERROR;
}

/* Reads the last result before a sync, or the first that is an error, after which others are none; and the
 * sync. NULL: as of next_result. */
static PGresult *read_by(next_result *next, struct session *session, uint64_t limit_ns)
{
    PGresult *kept = NULL, *result;
    while (next(session, &result, limit_ns)) {
        if (result == NULL)
            continue;
        if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
            PQclear(result);
            return kept;
        }
        PGresult *other = is_error(kept) ? result : kept;
        kept = is_error(kept) ? kept : result;
        PQclear(other);
    }
    PQclear(kept);
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
    return session_refuse(session, SESSION_UNREACHABLE);
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
    session->encoding = PQclientEncoding(session->pg);
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
        session_refuse(session, SESSION_UNREACHABLE);
        session->answer = "The service cannot connect to its database";
        snprintf(session->reason, sizeof session->reason, "cannot connect to the database: %m");
        return SESSION_UNREACHABLE;
    }
    if (!wait_for(session, dial_event(session->dial), POLLIN, limit_ns)) {
        if (session_is_unfit(session->outcome))
            return session->outcome; /* `why` and `reason` are still so */
        snprintf(session->why, sizeof session->why, "no answer within %d ms", SESSION_ATTEMPT_MS);
        return session_refuse(session, SESSION_UNREACHABLE);
    }
    char sqlstate[SESSION_SQLSTATE];
    const enum session_result outcome = dial_take(session->dial, &session->pg, &session->backend, sqlstate,
                                                  session->why, sizeof session->why);
    session->dial = NULL;
    if (outcome == SESSION_READY)
        PQsetNoticeReceiver(session->pg, log_notice, session);
    if (outcome == SESSION_UNREACHABLE)
        return session_refuse_by(session, sqlstate);
    return session_refuse(session, outcome);
}

static void end_session(struct session *session)
{
    PQfinish(session->pg);
    session->pg = NULL;
    session->backend.pid = session->answers_pid = 0;
    session->degraded[0] = '\0';
    session->unreplicated = session->is_outdated = session->kept_slot = false;
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
    if (session->checked_ns == 0)
        return 0;
    return time_left_ms(session->checked_ns + (uint64_t)session->check_ms * NS_PER_MS);
}

static bool send_check(const struct session *session)
{
    PGconn *pg = session->pg;
    return (!has_slot(session) || (send_prepared(pg, slot_statement) && PQpipelineSync(pg))) &&
           send_prepared(pg, access_statement) && PQpipelineSync(pg);
}

/* One that could not be left will do, so it is told of once a session. */
static void take_slot(struct session *session, const PGresult *result)
{
    if (!is_error(result) || session->kept_slot)
        return;
    session->kept_slot = true;
    log_line(session->log, LOG_LEVEL_WARN, "statement failed", LOG_STR("statement", slot_statement),
             LOG_STR("lane", lane_name(session->lane)),
             LOG_STR("sqlstate", PQresultErrorField(result, PG_DIAG_SQLSTATE)),
             LOG_STR("error", PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY)));
}

static enum session_result check(struct session *session)
{
    const uint64_t limit_ns = time_monotonic_ns() + (uint64_t)session->answer_ms * NS_PER_MS;
    if (!send_check(session))
        return break_off(session, 0);
    PGresult *slot = has_slot(session) ? read_by(next_before, session, limit_ns) : NULL;
    PGresult *access = slot != NULL || !has_slot(session) ? read_by(next_before, session, limit_ns) : NULL;
    enum session_result outcome;
    take_slot(session, slot);
    if (access != NULL) {
        outcome = session_take_access(session, access);
    } else {
        if (PQstatus(session->pg) == CONNECTION_OK)
            note_left(session);
        outcome = break_off(session, session->answer_ms);
    }
    PQclear(access);
    PQclear(slot);
    return outcome;
}

static bool send_statements_again(const struct session *session, struct setup *setup)
{
    return expect(setup, session->pg, send_query(session->pg, "DEALLOCATE ALL"), session_take_nothing) &&
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
