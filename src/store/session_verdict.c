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

/* What is said of an outcome. */
static const struct verdict {
    const char *reason, *answer;
} verdicts[SESSION_RESULTS] = {
    [SESSION_READY] = {"", ""},
    [SESSION_UNREACHABLE] = {"database out of reach", "The database is out of reach"},
    [SESSION_READ_ONLY] = {"database is read-only", "The database takes no writes at present"},
    [SESSION_WRONG_SCHEMA] = {"schema lacks what this program needs",
                              "The database lacks what the service needs"},
    [SESSION_SHARED] = {"a pooler shares database sessions", "A pooler shares the database's sessions"},
    [SESSION_CANCELED] = {"database ends statements too soon", "The database ends statements too soon"},
    [SESSION_REFUSED] = {"database refuses the login", "The database refuses the service's login"},
    [SESSION_FAILING] = {"database cannot serve", "The database cannot serve at present"},
};

/* What a server says that is there, by SQLSTATE: the exact ones before their classes. Without a reason it is
 * that of the outcome. */
static const struct {
    const char *prefix;
    enum session_result outcome;
    struct verdict verdict;
} errors[] = {
    {"08", SESSION_UNREACHABLE, {NULL, NULL}}, /* a pooler says so of the server behind it */
    {"28", SESSION_REFUSED, {NULL, NULL}},
    {"3D000", SESSION_REFUSED, {"database does not exist", "The database does not exist"}},
    {"42", SESSION_REFUSED, {NULL, NULL}},
    {"53100", SESSION_FAILING, {"the database's disk is full", "The database's disk is full"}},
    {"53200", SESSION_FAILING, {"database is out of memory", "The database is out of memory"}},
    {"53300", SESSION_FAILING, {"database has no connection left", "The database has no connection left"}},
    {"53", SESSION_FAILING, {"database is out of resources", "The database is out of resources"}},
    {"57014", SESSION_CANCELED, {NULL, NULL}},
    {"57P01", SESSION_FAILING, {"database ended the session", "The database ended the session"}},
    {"57P04", SESSION_REFUSED, {"database does not exist", "The database does not exist"}},
    {"57", SESSION_FAILING, {"database is starting or stopping", "The database is restarting"}},
    {"58", SESSION_FAILING, {"database cannot reach its storage", "The database cannot reach its storage"}},
};

static void say(struct session *session, const struct verdict *verdict)
{
    snprintf(session->reason, sizeof session->reason, "%s", verdict->reason);
    session->answer = verdict->answer;
}

enum session_result session_refuse(struct session *session, enum session_result outcome)
{
    say(session, &verdicts[outcome]);
    return outcome;
}

enum session_result session_refuse_by(struct session *session, const char *sqlstate)
{
    if (*sqlstate == '\0')
        return session_refuse(session, SESSION_UNREACHABLE);
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        if (strncmp(sqlstate, errors[i].prefix, strlen(errors[i].prefix)) != 0)
            continue;
        const struct verdict *verdict = &errors[i].verdict;
        say(session, verdict->reason != NULL ? verdict : &verdicts[errors[i].outcome]);
        return errors[i].outcome;
    }
    session_refuse(session, SESSION_FAILING);
    snprintf(session->reason, sizeof session->reason, "database cannot serve: SQLSTATE %s", sqlstate);
    return SESSION_FAILING;
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
    return session_refuse_by(session, sqlstate != NULL ? sqlstate : "");
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
    session_refuse(session, SESSION_WRONG_SCHEMA);
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
    say(session, &(struct verdict){"statements hang in the database", "Statements hang in the database"});
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
    session_refuse(session, SESSION_WRONG_SCHEMA);
    snprintf(session->reason, sizeof session->reason, "%s", PQgetvalue(result, 0, 2));
    snprintf(session->why, sizeof session->why, "DATABASE_URL: %s", session->reason);
    return SESSION_WRONG_SCHEMA;
}
