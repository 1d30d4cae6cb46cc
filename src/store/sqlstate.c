/* sqlstate.c: PostgreSQL's error codes (appendix A of its manual), the exact ones before their classes. */
#include "store/sqlstate.h"

#include <string.h>

/* Ids are of a sequence: no caller can give one that is there. */
#define IDS_KEY "orders_pkey"

static const struct sqlstate_meaning meanings[] = {
    {"22003", NULL, STATUS_OUT_OF_RANGE, "A sum is too large for a 64-bit integer"},
    {"2200H", NULL, STATUS_INTERNAL, "The database has no more numbers"},
    {"22", NULL, STATUS_INVALID_ARGUMENT, "A value cannot be stored"},
    {"23502", NULL, STATUS_INTERNAL, "Internal error"},
    {"23505", IDS_KEY, STATUS_INTERNAL, "The database made a number that it has already"},
    {"23", NULL, STATUS_INVALID_ARGUMENT, "A value breaks a rule of the database"},
    {"25006", NULL, STATUS_UNAVAILABLE, "The database takes no writes at present"},
    {"40", NULL, STATUS_UNAVAILABLE, "The change lost against another one; try again"},
    {"53", NULL, STATUS_RESOURCE_EXHAUSTED, "The database is out of resources"},
    {"55P03", NULL, STATUS_UNAVAILABLE, "Another session of the database holds a lock; try again"},
    {"57014", NULL, STATUS_DEADLINE_EXCEEDED, "The database took too long"},
    {"57", NULL, STATUS_UNAVAILABLE, "The database is restarting"},
    {"58", NULL, STATUS_UNAVAILABLE, "The database cannot reach its storage"},
    {"08", NULL, STATUS_UNAVAILABLE, "The database lost a connection that it needs; try again"},
    {"P0001", NULL, STATUS_INVALID_ARGUMENT, "A trigger of the database refused it"},
    {"", NULL, STATUS_INTERNAL, "Internal error"},
};

static bool means(const struct sqlstate_meaning *meaning, const char *sqlstate, const char *constraint)
{
    return strncmp(sqlstate, meaning->prefix, strlen(meaning->prefix)) == 0 &&
           (meaning->constraint == NULL || strcmp(constraint, meaning->constraint) == 0);
}

const struct sqlstate_meaning *sqlstate_meaning(const PGresult *result)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);
    const struct sqlstate_meaning *meaning = meanings;
    while (!means(meaning, sqlstate != NULL ? sqlstate : "", constraint != NULL ? constraint : ""))
        meaning++;
    return meaning;
}

bool sqlstate_is_locked(const char *sqlstate)
{
    return sqlstate != NULL && strcmp(sqlstate, "55P03") == 0;
}

bool sqlstate_is_canceled(const char *sqlstate)
{
    return sqlstate != NULL && strcmp(sqlstate, "57014") == 0;
}

bool sqlstate_is_disk_full(const char *sqlstate)
{
    return sqlstate != NULL && strcmp(sqlstate, "53100") == 0;
}

/* Whether a column is one that statements give a value. */
static bool is_given(const char *column)
{
    static const char *const columns[] = {"order_id", "customer_id", "order_date", "total_amount",
                                          "currency", "status",      "principal",  "request_id",
                                          "part",     "fingerprint", "code"};
    for (size_t i = 0; column != NULL && i < sizeof columns / sizeof *columns; i++) {
        if (strcmp(columns[i], column) == 0)
            return true;
    }
    return false;
}

/* Whether a sequence is behind its table, or at its end. */
static bool is_of_sequence(const char *sqlstate, const char *constraint)
{
    return strcmp(sqlstate, "2200H") == 0 ||
           (strcmp(sqlstate, "23505") == 0 && constraint != NULL && strcmp(constraint, IDS_KEY) == 0);
}

bool sqlstate_is_of_schema(const PGresult *result)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *function = PQresultErrorField(result, PG_DIAG_SOURCE_FUNCTION);
    if (sqlstate == NULL || (function != NULL && strcmp(function, "exec_stmt_raise") == 0))
        return false;
    if (strcmp(sqlstate, "23502") == 0)
        return !is_given(PQresultErrorField(result, PG_DIAG_COLUMN_NAME));
    return strncmp(sqlstate, "42", 2) == 0 || strcmp(sqlstate, "0A000") == 0 ||
           strcmp(sqlstate, "55000") == 0 ||
           is_of_sequence(sqlstate, PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME));
}

/* A restore of data alone, or a COPY with ids, leaves the sequence where it was. */
const char *sqlstate_remedy(const char *sqlstate, const char *constraint)
{
    if (sqlstate == NULL || !is_of_sequence(sqlstate, constraint))
        return "";
    return "SELECT setval(pg_get_serial_sequence('orders', 'id'), max(id)) FROM ONLY orders";
}

bool sqlstate_is_conflict(const PGresult *result)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);
    if (sqlstate == NULL)
        return false;
    /* The same request was answered meanwhile: the next attempt finds the record. */
    bool recorded =
        strcmp(sqlstate, "23505") == 0 && constraint != NULL && strcmp(constraint, "idempotency_pkey") == 0;
    return recorded || strcmp(sqlstate, "40001") == 0 || strcmp(sqlstate, "40P01") == 0;
}

bool sqlstate_refutes(const PGresult *result)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);
    if (sqlstate == NULL)
        return false;
    return strcmp(sqlstate, "42P01") == 0 ||
           (strcmp(sqlstate, "23505") == 0 && constraint != NULL && strcmp(constraint, IDS_KEY) != 0);
}

/* By where it comes from (src/backend/utils/cache/plancache.c), as the SQLSTATE is that of anything that
 * there is not. */
bool sqlstate_is_outdated(const PGresult *result)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *function = PQresultErrorField(result, PG_DIAG_SOURCE_FUNCTION);
    return sqlstate != NULL && strcmp(sqlstate, "0A000") == 0 && function != NULL &&
           strcmp(function, "RevalidateCachedQuery") == 0;
}
