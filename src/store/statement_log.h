/* statement_log.h: a log line for a run of a statement, which names the calls that it served.
 *
 * At level debug each has one, at level warn those that are slow. Of the calls the first few are named, by
 * request_id and trace id, as many as a line holds.
 */
#ifndef STORE_STATEMENT_LOG_H
#define STORE_STATEMENT_LOG_H

#include "base/log.h"
#include "store/operation.h"

#include <stddef.h>
#include <stdint.h>

struct statement_log {
    struct log *log;
    uint64_t slow_ns; /* how long a run takes that is slow; 0: none is */
};

/* The operations are those of one run of a statement, which have not been given back yet. */
void statement_log_run(const struct statement_log *log, struct operation *const operations[], size_t n,
                       uint64_t duration_ns);

#endif
