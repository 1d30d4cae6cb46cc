/* statistics.h: orders counted and their revenue, by currency and by day, from the rollup that the summary is
 * read from; how much of that is of cancelled orders, which the rollup does not know: it would make a change
 * of status a write of it, too; and how many orders have each status. */
#ifndef STORE_STATISTICS_H
#define STORE_STATISTICS_H

#include "store/operation.h"
#include "store/params.h"
#include "store/summary.h"

#include <libpq-fe.h>

/* Orders of the days from $1 to $2, where they are not empty. Planned for each run, so that a bound that is
 * empty is none to the planner, and another one that of an index. */
#define STATISTICS_PLACED                                                                \
    "($1 = '' OR order_date >= nullif($1, '')::date::timestamp AT TIME ZONE 'UTC') AND " \
    "($2 = '' OR order_date < (nullif($2, '')::date + 1)::timestamp AT TIME ZONE 'UTC')"

/* From orders_cancelled_idx alone, whose condition is written so. */
#define STATISTICS_CANCELLED                                                                    \
    "SELECT (order_date AT TIME ZONE 'UTC')::date AS day, currency, count(*) AS cancelled, "    \
    "sum(total_amount) AS cancelled_revenue FROM ONLY orders WHERE status || '' = 'cancelled' " \
    "AND " STATISTICS_PLACED " GROUP BY 1, 2"

#define STATISTICS_DAYS                                                                       \
    "SELECT day, currency, revenue::bigint, orders::bigint, coalesce(cancelled, 0), "         \
    "coalesce(cancelled_revenue, 0)::bigint, NULL::text FROM (" SUMMARY_ROLLED ") AS rolled " \
    "LEFT JOIN (" STATISTICS_CANCELLED ") AS cancelled USING (day, currency) "                \
    "WHERE day BETWEEN coalesce(nullif($1, '')::date, '-infinity') "                          \
    "AND coalesce(nullif($2, '')::date, 'infinity')"

#define STATISTICS_ORDER " ORDER BY day DESC, currency"

/* As SUMMARY_SQL, of those days, and what was cancelled. One statement, so one snapshot. */
#define STATISTICS_SQL STATISTICS_DAYS STATISTICS_ORDER

/* The same, and a row for each status that orders of those days have, with how many there are. */
#define STATISTICS_BY_STATUS_SQL                                                           \
    STATISTICS_DAYS " UNION ALL SELECT NULL, '', 0, count(*), 0, 0, coalesce(status, '') " \
                    "FROM ONLY orders WHERE " STATISTICS_PLACED " GROUP BY status" STATISTICS_ORDER

/* The columns of both, behind those of the summary; the status is null in a day's row. */
enum { STATISTICS_CANCELLED_ORDERS = SUMMARY_ORDERS + 1, STATISTICS_CANCELLED_REVENUE, STATISTICS_STATUS };

void statistics_encode(struct params *params, struct operation *const operations[], size_t n);

/* Makes an OrderStatistics of the result. */
void statistics_take_result(struct operation *operation, const PGresult *result, struct arena *arena);

/* Makes one with counts by status of STATISTICS_BY_STATUS_SQL's. */
void statistics_take_by_status(struct operation *operation, const PGresult *result, struct arena *arena);

#endif
