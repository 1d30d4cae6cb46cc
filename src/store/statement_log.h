/* statement_log.h: log lines for the runs of statements, which name the calls that they served.
 *
 * At level debug each has one, at level warn those that are slow or that failed. Of the calls the first few
 * are named, by request_id and trace id, as many as a line holds.
 */
#ifndef STORE_STATEMENT_LOG_H
#define STORE_STATEMENT_LOG_H

#include "base/log.h"
#include "store/operation.h"

#include <libpq-fe.h>
#include <stddef.h>
#include <stdint.h>

enum { STATEMENT_LOG_ERRORS = 4 };

struct statement_log {
    struct log *log;
    uint64_t slow_ns; /* how long a run takes that is slow; 0: none is */

    /* Errors that have their line in the present second, by SQLSTATE, and how many were left out since. */
    char logged[STATEMENT_LOG_ERRORS][6];
    size_t n_logged;
    uint64_t second_ns; /* when it began */
    uint64_t left_out;
};

/* The operations are those of one run of a statement, which have not been given back yet. */
void statement_log_run(const struct statement_log *log, struct operation *const operations[], size_t n,
                       uint64_t duration_ns);

/* A run that failed; the operation is one of its own, whose call is named. Of one SQLSTATE there is a line a
 * second, and of STATEMENT_LOG_ERRORS of them at most; how many had none, the next line tells. */
void statement_log_error(struct statement_log *log, const struct operation *operation,
                         const PGresult *result);

#endif
