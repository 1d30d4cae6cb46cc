/* fault.h: faults of the database that readiness reports: its disk is full, or somebody changed the schema by
 * SQL in a way that shows only when a statement is run.
 *
 * Reported from the failure until the statement succeeds (a full disk: until any write does), but for FAULT_S
 * at most, as callers may stop trying. Safe from any thread.
 */
#ifndef STORE_FAULT_H
#define STORE_FAULT_H

#include "store/statement.h"

#include <libpq-fe.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FAULT_S = 10 };

struct fault {
    atomic_uint_least64_t until_ns; /* CLOCK_MONOTONIC; 0: there is none */
    atomic_uint_least64_t sqlstate; /* its five characters */
};

/* All that are zero are none. */
struct faults {
    atomic_bool some;
    struct fault of[STATEMENTS];
};

/* A statement failed; other failures than these are ignored. */
void faults_note(struct faults *faults, const struct statement *statement, const PGresult *result);

/* A statement succeeded. */
void faults_clear(struct faults *faults, const struct statement *statement);

/* Whether there is one; `why` says which. */
bool faults_tell(const struct faults *faults, char *why, size_t why_size);

#endif
