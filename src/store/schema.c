/* schema.c: compares Sqitch's registry with the last change of the plan, whose name the build passes in. */
#include "store/schema.h"

#include <stdio.h>
#include <string.h>

static bool is_wanted(const char *deployed)
{
    return strcmp(deployed, SCHEMA_CHANGE) == 0;
}

bool schema_check(const PGresult *result, char deployed[static SCHEMA_NAME])
{
    const bool is_told = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1;
    snprintf(deployed, SCHEMA_NAME, "%s", is_told ? PQgetvalue(result, 0, 0) : "nothing");
    return is_wanted(deployed);
}

void schema_explain(const char *deployed, char *why, size_t why_size)
{
    if (is_wanted(deployed))
        snprintf(why, why_size, "schema lacks what this program needs");
    else
        snprintf(why, why_size, "schema is at %s, %s is wanted", deployed, SCHEMA_CHANGE);
}

void schema_advise(const char *deployed, char *why, size_t why_size)
{
    snprintf(why, why_size,
             "DATABASE_URL: the schema is at %s, and this program was built for \"%s\"; bring it there with "
             "tools/migrate (it runs sqitch --chdir migrations deploy)",
             deployed, SCHEMA_CHANGE);
}
