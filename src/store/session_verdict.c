/* session_verdict.c: by SQLSTATE, or by what a row says. */
#include "store/session_verdict.h"

#include "base/time.h"
#include "store/dial.h"
#include "store/schema.h"
#include "store/sqlstate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SILENCE_BEYOND_MS = 2000 }; /* the longest that a statement may take */

static const char *const reasons[SESSION_RESULTS] = {
    [SESSION_READY] = "",
    [SESSION_UNREACHABLE] = "database out of reach",
    [SESSION_READ_ONLY] = "database is read-only",
    [SESSION_WRONG_SCHEMA] = "schema lacks what this program needs",
    [SESSION_SHARED] = "a pooler shares database sessions",
    [SESSION_CANCELED] = "database ends statements too soon",
};

enum session_result session_refuse(struct session *session, enum session_result outcome)
{
    snprintf(session->reason, sizeof session->reason, "%s", reasons[outcome]);
    return outcome;
}

bool session_is_another(const PGresult *result)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    return sqlstate != NULL && PQresultErrorField(result, PG_DIAG_CONTEXT) == NULL &&
           (strcmp(sqlstate, "42P05") == 0 || strcmp(sqlstate, "26000") == 0);
}

enum session_result session_refuse_shared(struct session *session)
{
    snprintf(session->why, sizeof session->why, "%s", dial_shared_session);
    return session_refuse(session, SESSION_SHARED);
}

enum session_result session_take_error(struct session *session, const PGresult *result)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (session_is_another(result))
        return session_refuse_shared(session);
    dial_explain(PQresultErrorMessage(result), session->why, sizeof session->why);
    if (sqlstate != NULL && strncmp(sqlstate, "42", 2) == 0)
        return session_refuse(session, SESSION_WRONG_SCHEMA);
    return session_refuse(session, sqlstate_is_canceled(sqlstate) ? SESSION_CANCELED : SESSION_UNREACHABLE);
}

enum session_result session_take_schema(struct session *session, const PGresult *result)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    char deployed[SCHEMA_NAME];
    if (sqlstate != NULL && strcmp(sqlstate, "42501") == 0) {
        session_take_error(session, result);
        snprintf(session->reason, sizeof session->reason, "no right to SELECT on table sqitch.changes");
        return SESSION_WRONG_SCHEMA;
    }
    if (sqlstate != NULL && strncmp(sqlstate, "42", 2) != 0 && strcmp(sqlstate, "3F000") != 0)
        return session_take_error(session, result); /* it is not known which it is */
    if (schema_check(result, deployed))
        return SESSION_READY;
    schema_advise(deployed, session->why, sizeof session->why);
    schema_explain(deployed, session->reason, sizeof session->reason);
    return SESSION_WRONG_SCHEMA;
}

enum session_result session_take_nothing(struct session *session, const PGresult *result)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    return sqlstate == NULL ? SESSION_READY : session_take_error(session, result);
}

enum session_result session_take_timeout(struct session *session, const PGresult *result)
{
    if (PQresultStatus(result) != PGRES_TUPLES_OK || PQntuples(result) != 1)
        return session_take_error(session, result);
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

enum session_result session_take_left(struct session *session, const PGresult *result)
{
    size_t kept = 0;
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        return session_take_error(session, result);
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

enum session_result session_take_access(struct session *session, const PGresult *result)
{
    if (PQresultStatus(result) != PGRES_TUPLES_OK || PQntuples(result) != 1)
        return session_take_error(session, result);
    const bool is_standby = *PQgetvalue(result, 0, 0) == 't', is_read_only = *PQgetvalue(result, 0, 1) == 't';
    if (!is_same_process(session, (int)strtol(PQgetvalue(result, 0, 3), NULL, 10)))
        return session_refuse_shared(session);
    if (!dial_suits(session->database_url, session->lane, is_standby, is_read_only)) {
        dial_explain_unsuited(is_standby, session->why, sizeof session->why);
        return session_refuse(session, SESSION_READ_ONLY);
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
