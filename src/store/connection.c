/* connection.c: libpq without blocking: connecting, preparing, and waiting for results. */
#include "store/connection.h"

#include "base/time.h"
#include "store/statement.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

/* What every session is set to.
 * jit: never pays for statements that take microseconds.
 * lock_timeout, statement_timeout (ms): one order that somebody holds locked, or one long list, must not hold
 * up a worker's other work for long. Those that DATABASE_URL sets in its `options` stay. */
static const char session_sql[] =
    "SELECT set_config('jit', 'off', false), "
    "CASE current_setting('lock_timeout') WHEN '0' THEN set_config('lock_timeout', '2000', false) END, "
    "CASE current_setting('statement_timeout') WHEN '0' THEN set_config('statement_timeout', '10000', false) "
    "END";

#define PLAN_ONCE \
    "set_config('plan_cache_mode', 'force_generic_plan', false), set_config('enable_seqscan', 'off', false)"
#define PLAN_EACH_TIME "set_config('plan_cache_mode', 'force_custom_plan', false)"
#define READ_ONLY      "set_config('default_transaction_read_only', 'on', false)"
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
 * it holds up only its like. An update never waits for its order; a create does, for another session that has
 * created or removed that order and not committed yet. */
static const char *const lane_sql[LANES] = {
    [LANE_GET] = "SELECT " PLAN_ONCE ", " READ_ONLY,
    [LANE_SCAN] = "SELECT " PLAN_EACH_TIME ", " READ_ONLY,
    [LANE_LONG] = "SELECT " PLAN_EACH_TIME ", " READ_ONLY,
    [LANE_PURGE] = "SELECT " PLAN_EACH_TIME,
    [LANE_WRITE] = "SELECT " PLAN_ONCE ", " ROLLUP_SLOT ", " WAITS_FOR_LOCKS("20"),
    [LANE_LOCKED] = "SELECT " PLAN_ONCE ", " ROLLUP_SLOT ", " WAITS_FOR_LOCKS("2"),
};

enum { SETUP_QUERIES = 3 };

/* Waits for the socket. False: stopped, or past the limit. */
static bool wait_for_socket(struct connection *connection, short events, uint64_t limit_ns)
{
    struct pollfd socket = {.fd = PQsocket(connection->pg), .events = events};
    for (;;) {
        if (poll(&socket, 1, CONNECTION_TICK_MS) > 0)
            return true;
        if (connection->stopped(connection->arg) || time_monotonic_ns() > limit_ns)
            return false;
    }
}

bool connection_flush(struct connection *connection)
{
    return PQflush(connection->pg) >= 0;
}

static bool next_before(struct connection *connection, PGresult **result, uint64_t limit_ns)
{
    PGconn *pg = connection->pg;
    while (PQisBusy(pg)) {
        int unsent = PQflush(pg);
        if (unsent < 0 ||
            !wait_for_socket(connection, (short)(POLLIN | (unsent > 0 ? POLLOUT : 0)), limit_ns))
            return false;
        if (!PQconsumeInput(pg))
            return false;
    }
    *result = PQgetResult(pg);
    if (PQstatus(pg) == CONNECTION_OK)
        return true;
    PQclear(*result);
    return false;
}

bool connection_next(struct connection *connection, PGresult **result)
{
    return next_before(connection, result, time_monotonic_ns() + (uint64_t)CONNECTION_SILENCE_MS * NS_PER_MS);
}

/* --- connecting --- */

static bool finish_connecting(struct connection *connection, uint64_t limit_ns)
{
    for (;;) {
        PostgresPollingStatusType state = PQconnectPoll(connection->pg);
        if (state == PGRES_POLLING_OK)
            return true;
        if (state == PGRES_POLLING_FAILED)
            return false;
        short events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;
        if (!wait_for_socket(connection, events, limit_ns))
            return false;
    }
}

static bool start_connecting(struct connection *connection, uint64_t limit_ns)
{
    /* `dbname` may be a whole URL. What stands before it are presets it wins over. */
    const char *const names[] = {"application_name", "connect_timeout", "dbname", "client_encoding", NULL};
    const char *const values[] = {"ordersd", "3", connection->database_url, "UTF8", NULL};
    connection->pg = PQconnectStartParams(names, values, 1);
    return connection->pg != NULL && PQstatus(connection->pg) != CONNECTION_BAD &&
           finish_connecting(connection, limit_ns) && PQsetnonblocking(connection->pg, 1) == 0 &&
           PQenterPipelineMode(connection->pg) == 1;
}

/* Sends everything a new session needs. Each has its own sync, so that each error is its own. Returns how
 * many there are; 0: the connection broke. */
static size_t send_setup(const struct connection *connection)
{
    const char *const queries[] = {SCHEMA_SQL, session_sql, lane_sql[connection->lane]};
    PGconn *pg = connection->pg;
    size_t n = 0;
    bool sent = true;
    for (; sent && n < SETUP_QUERIES; n++)
        sent = PQsendQueryParams(pg, queries[n], 0, NULL, NULL, NULL, NULL, 0) && PQpipelineSync(pg);
    for (const struct statement *each = statements; sent && each < statements + STATEMENTS; each++) {
        if (each->lane != lane_statements(connection->lane))
            continue;
        sent = PQsendPrepare(pg, each->name, each->sql, each->n_params, each->types) && PQpipelineSync(pg);
        n++;
    }
    return sent ? n : 0;
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

/* The first line of libpq's words, which name no password. */
static void explain(const char *words, char *why, size_t why_size)
{
    snprintf(why, why_size, "%.*s", (int)strcspn(words, "\n"), words);
}

static enum connection_result set_up(struct connection *connection, uint64_t limit_ns, char *why,
                                     size_t why_size)
{
    const size_t sent = send_setup(connection);
    if (sent == 0)
        return CONNECTION_UNREACHABLE;
    for (size_t i = 0; i < sent; i++) {
        PGresult *result = read_setup(connection, limit_ns);
        if (result == NULL)
            return CONNECTION_UNREACHABLE;
        const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
        enum connection_result outcome = CONNECTION_READY;
        if (i == 0 && !schema_check(result, connection->schema)) {
            schema_advise(connection->schema, why, why_size);
            outcome = CONNECTION_WRONG_SCHEMA;
        } else if (sqlstate != NULL) {
            explain(PQresultErrorMessage(result), why, why_size);
            outcome = strncmp(sqlstate, "42", 2) == 0 ? CONNECTION_WRONG_SCHEMA : CONNECTION_UNREACHABLE;
        }
        PQclear(result);
        if (outcome != CONNECTION_READY)
            return outcome;
    }
    return CONNECTION_READY;
}

enum connection_result connection_open(struct connection *connection, char *why, size_t why_size)
{
    uint64_t limit_ns = time_monotonic_ns() + (uint64_t)CONNECTION_ATTEMPT_MS * NS_PER_MS;
    enum connection_result outcome = CONNECTION_UNREACHABLE;
    snprintf(why, why_size, "no answer within %d ms", CONNECTION_ATTEMPT_MS);
    if (start_connecting(connection, limit_ns))
        outcome = set_up(connection, limit_ns, why, why_size);
    if (outcome == CONNECTION_UNREACHABLE && connection->pg != NULL &&
        *PQerrorMessage(connection->pg) != '\0')
        explain(PQerrorMessage(connection->pg), why, why_size);
    if (outcome != CONNECTION_READY)
        connection_close(connection);
    return outcome;
}

void connection_close(struct connection *connection)
{
    PQfinish(connection->pg);
    connection->pg = NULL;
}
