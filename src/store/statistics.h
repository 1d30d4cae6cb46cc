/* statistics.h: orders counted and their revenue, by currency and by day, from the rollup that the summary is
 * read from. */
#ifndef STORE_STATISTICS_H
#define STORE_STATISTICS_H

#include "store/operation.h"
#include "store/params.h"
#include "store/summary.h"

#include <libpq-fe.h>

/* As SUMMARY_SQL, of the days from $1 to $2, where they are not empty. */
#define STATISTICS_SQL                                                                                  \
    "SELECT day, currency, revenue::bigint, orders::bigint FROM (" SUMMARY_ROLLED ") AS rolled "        \
    "WHERE day BETWEEN coalesce(nullif($1, '')::date, '-infinity') AND coalesce(nullif($2, '')::date, " \
    "'infinity') "                                                                                      \
    "ORDER BY day DESC, currency"

void statistics_encode(struct params *params, struct operation *const operations[], size_t n);

/* Makes an OrderStatistics of the result. */
void statistics_take_result(struct operation *operation, const PGresult *result, struct arena *arena);

#endif
