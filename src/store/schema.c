/* schema.c: compares Sqitch's registry with the last change of the plan, whose name the build passes in. */
#include "store/schema.h"

#include <stdio.h>
#include <string.h>

bool schema_check(const PGresult *result, char *why, size_t why_size)
{
    const char *deployed = "nothing";
    if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1)
        deployed = PQgetvalue(result, 0, 0);
    if (strcmp(deployed, SCHEMA_CHANGE) == 0)
        return true;
    snprintf(why, why_size,
             "DATABASE_URL: the schema is at %s, and this program was built for \"%s\"; bring it there with "
             "tools/migrate (it runs sqitch --chdir migrations deploy)",
             deployed, SCHEMA_CHANGE);
    return false;
}
