/* fault.c: one for each statement, as one may fail for good while others succeed. */
#include "store/fault.h"

#include "base/time.h"
#include "store/sqlstate.h"

#include <stdio.h>
#include <string.h>

enum { SQLSTATE_LENGTH = 5 };

static uint64_t pack(const char *sqlstate)
{
    uint64_t packed = 0;
    memcpy(&packed, sqlstate, SQLSTATE_LENGTH);
    return packed;
}

static void unpack(uint64_t packed, char sqlstate[SQLSTATE_LENGTH + 1])
{
    memcpy(sqlstate, &packed, SQLSTATE_LENGTH);
    sqlstate[SQLSTATE_LENGTH] = '\0';
}

/* A read that needs disk is one whose caller asks for too much. */
static bool is_fault(const struct statement *statement, const PGresult *result)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (sqlstate == NULL || strlen(sqlstate) != SQLSTATE_LENGTH)
        return false;
    if (sqlstate_is_disk_full(sqlstate))
        return !lane_reads(statement->lane);
    return sqlstate_is_of_schema(result) && !sqlstate_is_outdated(result);
}

void faults_note(struct faults *faults, const struct statement *statement, const PGresult *result)
{
    struct fault *fault = &faults->of[statement - statements];
    if (!is_fault(statement, result))
        return;
    atomic_store(&fault->sqlstate, pack(PQresultErrorField(result, PG_DIAG_SQLSTATE)));
    atomic_store(&fault->until_ns, time_monotonic_ns() + (uint64_t)FAULT_S * NS_PER_S);
    atomic_store(&faults->some, true);
}

/* Whether the success of one says that another would succeed as well. */
static bool disproves(const struct statement *statement, const struct statement *other, uint64_t sqlstate)
{
    char text[SQLSTATE_LENGTH + 1];
    unpack(sqlstate, text);
    return statement == other || (!lane_reads(statement->lane) && sqlstate_is_disk_full(text));
}

void faults_clear(struct faults *faults, const struct statement *statement)
{
    bool some = false;
    if (!atomic_load_explicit(&faults->some, memory_order_relaxed))
        return;
    for (size_t i = 0; i < STATEMENTS; i++) {
        struct fault *fault = &faults->of[i];
        if (disproves(statement, &statements[i], atomic_load(&fault->sqlstate)))
            atomic_store(&fault->until_ns, 0);
        some |= atomic_load(&fault->until_ns) != 0;
    }
    atomic_store(&faults->some, some);
}

bool faults_tell(const struct faults *faults, char *why, size_t why_size)
{
    const uint64_t now_ns = time_monotonic_ns();
    char sqlstate[SQLSTATE_LENGTH + 1];
    for (size_t i = 0; i < STATEMENTS; i++) {
        if (atomic_load(&faults->of[i].until_ns) <= now_ns)
            continue;
        unpack(atomic_load(&faults->of[i].sqlstate), sqlstate);
        if (sqlstate_is_disk_full(sqlstate))
            snprintf(why, why_size, "the database's disk is full");
        else
            snprintf(why, why_size, "%s fails: SQLSTATE %s", statements[i].name, sqlstate);
        return true;
    }
    return false;
}
