/* summary.h: the aggregate over all orders. */
#ifndef STORE_SUMMARY_H
#define STORE_SUMMARY_H

#include "store/operation.h"

#include <libpq-fe.h>

/* One row a UTC day and currency: newest day first, then currency A to Z. One statement, so one snapshot. */
#define SUMMARY_SQL                                                                                       \
    "SELECT (order_date AT TIME ZONE 'UTC')::date AS day, currency, sum(total_amount)::bigint, count(*) " \
    "FROM orders GROUP BY day, currency ORDER BY day DESC, currency"

/* Makes an OrderSummary of SUMMARY_SQL's result. */
void summary_take_result(struct operation *operation, const PGresult *result);

#endif
