/* summary.h: the aggregate over all orders, read from the rollup that triggers keep
 * (migrations/deploy/order_rollup.sql): one row a day, currency and slot, however many orders there are. What
 * is kept of it from call to call is in store/summary_memory.h. */
#ifndef STORE_SUMMARY_H
#define STORE_SUMMARY_H

#include "store/operation.h"
#include "store/summary_rows.h"

#include <libpq-fe.h>

#define SUMMARY_ROLLED                                                                             \
    "SELECT day, currency, sum(revenue) AS revenue, sum(orders) AS orders FROM ONLY order_rollup " \
    "GROUP BY day, currency HAVING sum(orders) <> 0 OR sum(revenue) <> 0"

/* One row a UTC day and currency, newest day first, then currency A to Z: counted from the orders, and
 * whether the rollup says so too. One statement, so one snapshot. */
#define SUMMARY_VERIFIED_SQL                                                                              \
    "SELECT day, currency, coalesce(counted.revenue, 0)::bigint, coalesce(counted.orders, 0)::bigint, "   \
    "(counted.revenue, counted.orders) IS NOT DISTINCT FROM (rolled.revenue, rolled.orders) "             \
    "FROM (SELECT (order_date AT TIME ZONE 'UTC')::date AS day, currency, sum(total_amount) AS revenue, " \
    "count(*)::numeric AS orders FROM ONLY orders GROUP BY 1, 2) AS counted "                             \
    "FULL JOIN (" SUMMARY_ROLLED ") AS rolled USING (day, currency) ORDER BY day DESC, currency"

/* The columns of all that is summed up by day and currency, and what comes behind them in
 * SUMMARY_VERIFIED_SQL and in SUMMARY_SINCE_SQL. */
enum {
    SUMMARY_DAY,
    SUMMARY_CURRENCY,
    SUMMARY_REVENUE,
    SUMMARY_ORDERS,
    SUMMARY_SAME,
    SUMMARY_KIND = SUMMARY_SAME
};

/* Whether each row has a currency and sums, or the operation fails with DATA_LOSS: somebody has dropped a NOT
 * NULL. */
bool summary_is_whole(struct operation *operation, const PGresult *result);

/* A row's day, "2025-01-16", and its currency. No day is outside the years 1 to 9999, nor null: NULL. Orders
 * of such days count in sums, as every order does. */
char *summary_day(const PGresult *result, int row, struct arena *arena);
char *summary_currency(const PGresult *result, int row, struct arena *arena);

/* Adds a row to others, whose currencies are those of `rows`. False: the operation has failed, as by
 * summary_is_whole. */
bool summary_add_row(struct operation *operation, const PGresult *result, int row, struct summary_rows *to,
                     struct summary_rows *rows);

/* What an operation fails with, besides its message, when a sum leaves int64. */
void summary_overflow(struct operation *operation);

/* Makes an OrderSummary of SUMMARY_VERIFIED_SQL's result, or fails the operation with DATA_LOSS. */
void summary_take_verified(struct operation *operation, const PGresult *result, struct arena *arena);

#endif
