/* summary.c: days as they come, and the totals by currency added up from them. */
#include "store/summary.h"

#include "base/time.h"
#include "store/row.h"

#include <stdlib.h>
#include <string.h>

enum { DAY, CURRENCY, REVENUE, COUNT, SAME }; /* the columns; SAME only of SUMMARY_VERIFIED_SQL */
enum { DAYS_TO_2000 = 10957 };                /* date counts days from 2000-01-01 */

static char *text(struct arena *arena, const PGresult *result, int row, int column)
{
    return arena_copy(arena, PQgetvalue(result, row, column), (size_t)PQgetlength(result, row, column));
}

static void add_day(Orders__V1__OrderSummary *summary, const PGresult *result, int row, struct arena *arena)
{
    Orders__V1__DailyRevenue *day = arena_alloc(arena, sizeof *day);
    char date[DATE_TEXT];
    orders__v1__daily_revenue__init(day);
    date_format((int64_t)row_int4(result, row, DAY) + DAYS_TO_2000, date);
    day->date = arena_strdup(arena, date);
    day->currency = text(arena, result, row, CURRENCY);
    day->revenue = row_int8(result, row, REVENUE);
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
    Orders__V1__OrderSummary *summary = arena_alloc(arena, sizeof *summary);
    orders__v1__order_summary__init(summary);
    summary->revenue_per_day = arena_calloc(arena, rows, sizeof *summary->revenue_per_day);
    summary->total_revenue = arena_calloc(arena, rows, sizeof *summary->total_revenue);

    bool overflow = false;
    for (int row = 0; row < (int)rows; row++) {
        add_day(summary, result, row, arena);
        const Orders__V1__DailyRevenue *day = summary->revenue_per_day[row];
        Orders__V1__CurrencyTotal *total = total_of(summary, day->currency, arena);
        overflow |= __builtin_add_overflow(total->total, day->revenue, &total->total);
        overflow |= __builtin_add_overflow(summary->total_orders, row_int8(result, row, COUNT),
                                           &summary->total_orders);
    }
    if (summary->n_total_revenue > 1)
        qsort(summary->total_revenue, summary->n_total_revenue, sizeof *summary->total_revenue,
              compare_totals);
    operation->answer = &summary->base;
    if (overflow) {
        operation->code = STATUS_OUT_OF_RANGE;
        operation->message = "A sum is too large for a 64-bit integer";
    }
}

void summary_take_verified(struct operation *operation, const PGresult *result, struct arena *arena)
{
    summary_take_result(operation, result, arena);
    for (int row = 0; row < PQntuples(result); row++) {
        if (*PQgetvalue(result, row, SAME) != 0)
            continue;
        operation->code = STATUS_DATA_LOSS;
        operation->message = "The summary that is kept differs from the orders";
    }
}
