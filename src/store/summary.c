/* summary.c: days as they come, and the totals by currency added up from them. */
#include "store/summary.h"

#include "base/time.h"
#include "store/row.h"

#include <stdlib.h>
#include <string.h>

enum {
    DAYS_TO_2000 = 10957, /* date counts days from 2000-01-01 */
    S_PER_DAY = 86400,
};

char *summary_day(const PGresult *result, int row, struct arena *arena)
{
    char date[DATE_TEXT];
    if (PQgetisnull(result, row, SUMMARY_DAY))
        return NULL;
    const int64_t days = (int64_t)row_int4(result, row, SUMMARY_DAY) + DAYS_TO_2000;
    if (days < TIMESTAMP_MIN_SECONDS / S_PER_DAY || days > TIMESTAMP_MAX_SECONDS / S_PER_DAY)
        return NULL;
    date_format(days, date);
    return arena_strdup(arena, date);
}

char *summary_currency(const PGresult *result, int row, struct arena *arena)
{
    return arena_copy(arena, PQgetvalue(result, row, SUMMARY_CURRENCY),
                      (size_t)PQgetlength(result, row, SUMMARY_CURRENCY));
}

void summary_overflow(struct operation *operation)
{
    operation->code = STATUS_OUT_OF_RANGE;
    operation->message = "A sum is too large for a 64-bit integer";
}

bool summary_is_whole(struct operation *operation, const PGresult *result)
{
    for (int row = 0; row < PQntuples(result); row++) {
        if (!PQgetisnull(result, row, SUMMARY_CURRENCY) && !PQgetisnull(result, row, SUMMARY_REVENUE) &&
            !PQgetisnull(result, row, SUMMARY_ORDERS))
            continue;
        operation->code = STATUS_DATA_LOSS;
        operation->message = "The summary has a currency or a sum that is null";
        return false;
    }
    return true;
}

static void add_day(Orders__V1__OrderSummary *summary, char *date, char *currency, int64_t revenue,
                    struct arena *arena)
{
    Orders__V1__DailyRevenue *day = arena_alloc(arena, sizeof *day);
    orders__v1__daily_revenue__init(day);
    day->date = date;
    day->currency = currency;
    day->revenue = revenue;
    summary->revenue_per_day[summary->n_revenue_per_day++] = day;
}

/* The total of a currency, made with 0 when it is new. */
static Orders__V1__CurrencyTotal *total_of(Orders__V1__OrderSummary *summary, char *currency,
                                           struct arena *arena)
{
    for (size_t i = 0; i < summary->n_total_revenue; i++) {
        if (strcmp(summary->total_revenue[i]->currency, currency) == 0)
            return summary->total_revenue[i];
    }
    Orders__V1__CurrencyTotal *total = arena_alloc(arena, sizeof *total);
    orders__v1__currency_total__init(total);
    total->currency = currency;
    return summary->total_revenue[summary->n_total_revenue++] = total;
}

static int compare_totals(const void *a, const void *b)
{
    return strcmp((*(Orders__V1__CurrencyTotal *const *)a)->currency,
                  (*(Orders__V1__CurrencyTotal *const *)b)->currency);
}

void summary_take_result(struct operation *operation, const PGresult *result, struct arena *arena)
{
    const size_t rows = (size_t)PQntuples(result);
    if (!summary_is_whole(operation, result))
        return;
    Orders__V1__OrderSummary *summary = arena_alloc(arena, sizeof *summary);
    orders__v1__order_summary__init(summary);
    summary->revenue_per_day = arena_calloc(arena, rows, sizeof *summary->revenue_per_day);
    summary->total_revenue = arena_calloc(arena, rows, sizeof *summary->total_revenue);

    bool overflow = false;
    for (int row = 0; row < (int)rows; row++) {
        char *date = summary_day(result, row, arena), *currency = summary_currency(result, row, arena);
        const int64_t revenue = row_int8(result, row, SUMMARY_REVENUE);
        if (date != NULL)
            add_day(summary, date, currency, revenue, arena);
        Orders__V1__CurrencyTotal *total = total_of(summary, currency, arena);
        overflow |= __builtin_add_overflow(total->total, revenue, &total->total);
        overflow |= __builtin_add_overflow(summary->total_orders, row_int8(result, row, SUMMARY_ORDERS),
                                           &summary->total_orders);
    }
    if (summary->n_total_revenue > 1)
        qsort(summary->total_revenue, summary->n_total_revenue, sizeof *summary->total_revenue,
              compare_totals);
    operation->answer = &summary->base;
    if (overflow)
        summary_overflow(operation);
}

void summary_take_verified(struct operation *operation, const PGresult *result, struct arena *arena)
{
    summary_take_result(operation, result, arena);
    for (int row = 0; row < PQntuples(result); row++) {
        if (*PQgetvalue(result, row, SUMMARY_SAME) != 0)
            continue;
        operation->code = STATUS_DATA_LOSS;
        operation->message = "The summary that is kept differs from the orders";
    }
}
