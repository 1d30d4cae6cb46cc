/* sqlstate.c: PostgreSQL's error codes (appendix A of its manual), the exact ones before their classes. */
#include "store/sqlstate.h"

#include <string.h>

static const struct sqlstate_meaning meanings[] = {
    {"22003", STATUS_OUT_OF_RANGE, "A sum is too large for a 64-bit integer"},
    {"22", STATUS_INVALID_ARGUMENT, "A value cannot be stored"},
    {"23505", STATUS_ALREADY_EXISTS, "Order ID already exists"},
    {"23", STATUS_INVALID_ARGUMENT, "A value breaks a rule of the database"},
    {"25006", STATUS_UNAVAILABLE, "The database takes no writes at present"},
    {"40", STATUS_UNAVAILABLE, "The change lost against another one; try again"},
    {"53", STATUS_RESOURCE_EXHAUSTED, "The database is out of resources"},
    {"55P03", STATUS_UNAVAILABLE, "The order is being changed by somebody else; try again"},
    {"57014", STATUS_DEADLINE_EXCEEDED, "The database took too long"},
    {"57", STATUS_UNAVAILABLE, "The database is restarting"},
    {"58", STATUS_UNAVAILABLE, "The database cannot reach its storage"},
    {"08", STATUS_UNAVAILABLE, "The database is out of reach"},
    {"", STATUS_INTERNAL, "Internal error"},
};

const struct sqlstate_meaning *sqlstate_meaning(const char *sqlstate)
{
    const struct sqlstate_meaning *meaning = meanings;
    if (sqlstate == NULL)
        sqlstate = "";
    while (strncmp(sqlstate, meaning->prefix, strlen(meaning->prefix)) != 0)
        meaning++;
    return meaning;
}

bool sqlstate_is_conflict(const char *sqlstate, const char *constraint)
{
    if (sqlstate == NULL)
        return false;
    /* The same request was answered meanwhile: the next attempt finds the record. */
    bool recorded =
        strcmp(sqlstate, "23505") == 0 && constraint != NULL && strcmp(constraint, "idempotency_pkey") == 0;
    return recorded || strcmp(sqlstate, "40001") == 0 || strcmp(sqlstate, "40P01") == 0;
}
