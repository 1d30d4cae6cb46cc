/* statistics.c: days as they come, those of a currency added up, and statuses in their order. */
#include "store/statistics.h"

#include "orders/status.h"
#include "store/row.h"

#include <stdlib.h>
#include <string.h>

void statistics_encode(struct params *params, struct operation *const operations[], size_t n)
{
    (void)n;
    params_text(params, operations[0]->count->first_day);
    params_text(params, operations[0]->count->last_day);
}

/* The sums of a currency, made with 0 when it is new. */
static Orders__V1__CurrencyStatistics *sums_of(Orders__V1__OrderStatistics *statistics, char *currency,
                                               struct arena *arena)
{
    for (size_t i = 0; i < statistics->n_currencies; i++) {
        if (strcmp(statistics->currencies[i]->currency, currency) == 0)
            return statistics->currencies[i];
    }
    Orders__V1__CurrencyStatistics *sums = arena_alloc(arena, sizeof *sums);
    orders__v1__currency_statistics__init(sums);
    sums->currency = currency;
    return statistics->currencies[statistics->n_currencies++] = sums;
}

static int compare_currencies(const void *a, const void *b)
{
    return strcmp((*(Orders__V1__CurrencyStatistics *const *)a)->currency,
                  (*(Orders__V1__CurrencyStatistics *const *)b)->currency);
}

/* An amount is above 0, and so is the revenue of any orders; a rollup that somebody has changed by hand may
 * say otherwise. */
static int64_t average(int64_t revenue, int64_t orders)
{
    if (revenue <= 0 || orders <= 0)
        return 0;
    const int64_t rest = revenue % orders;
    return revenue / orders + (rest >= orders - rest);
}

static bool is_status(const PGresult *result, int row)
{
    return !PQgetisnull(result, row, STATISTICS_STATUS);
}

/* Adds a day's row to the sums of its currency, and as a day, where it is one. False: a sum leaves int64. */
static bool add_row(Orders__V1__OrderStatistics *statistics, const PGresult *result, int row,
                    struct arena *arena)
{
    char *date = summary_day(result, row, arena), *currency = summary_currency(result, row, arena);
    const int64_t orders = row_int8(result, row, SUMMARY_ORDERS);
    const int64_t revenue = row_int8(result, row, SUMMARY_REVENUE);
    const int64_t cancelled = row_int8(result, row, STATISTICS_CANCELLED_ORDERS);
    const int64_t cancelled_revenue = row_int8(result, row, STATISTICS_CANCELLED_REVENUE);
    if (date != NULL) {
        Orders__V1__DayStatistics *day = arena_alloc(arena, sizeof *day);
        orders__v1__day_statistics__init(day);
        day->date = date;
        day->currency = currency;
        day->order_count = orders;
        day->revenue = revenue;
        day->cancelled_count = cancelled;
        day->cancelled_revenue = cancelled_revenue;
        statistics->days[statistics->n_days++] = day;
    }
    Orders__V1__CurrencyStatistics *sums = sums_of(statistics, currency, arena);
    bool overflow = __builtin_add_overflow(sums->revenue, revenue, &sums->revenue);
    overflow |= __builtin_add_overflow(sums->order_count, orders, &sums->order_count);
    overflow |= __builtin_add_overflow(sums->cancelled_revenue, cancelled_revenue, &sums->cancelled_revenue);
    overflow |= __builtin_add_overflow(statistics->order_count, orders, &statistics->order_count);
    sums->cancelled_count += cancelled; /* counted one by one: these sums stay within */
    statistics->cancelled_count += cancelled;
    return !overflow;
}

/* The answer, without counts by status; NULL: there is none. */
static Orders__V1__OrderStatistics *take_days(struct operation *operation, const PGresult *result,
                                              struct arena *arena)
{
    const size_t rows = (size_t)PQntuples(result);
    if (!summary_is_whole(operation, result))
        return NULL;
    Orders__V1__OrderStatistics *statistics = arena_alloc(arena, sizeof *statistics);
    orders__v1__order_statistics__init(statistics);
    statistics->days = arena_calloc(arena, rows, sizeof *statistics->days);
    statistics->currencies = arena_calloc(arena, rows, sizeof *statistics->currencies);
    bool fits = true;
    for (int row = 0; row < (int)rows; row++)
        fits &= is_status(result, row) || add_row(statistics, result, row, arena);
    for (size_t i = 0; i < statistics->n_currencies; i++) {
        Orders__V1__CurrencyStatistics *sums = statistics->currencies[i];
        sums->average_revenue = average(sums->revenue, sums->order_count);
    }
    if (statistics->n_currencies > 1)
        qsort(statistics->currencies, statistics->n_currencies, sizeof *statistics->currencies,
              compare_currencies);
    operation->answer = &statistics->base;
    if (!fits)
        summary_overflow(operation);
    return statistics;
}

void statistics_take_result(struct operation *operation, const PGresult *result, struct arena *arena)
{
    take_days(operation, result, arena);
}

/* One for each that there is, with 0 orders. */
static void add_statuses(Orders__V1__OrderStatistics *statistics, struct arena *arena)
{
    enum { FIRST = ORDERS__V1__ORDER_STATUS__ORDER_STATUS_PENDING };
    while (order_status_word((Orders__V1__OrderStatus)(FIRST + statistics->n_statuses)) != NULL)
        statistics->n_statuses++;
    statistics->statuses = arena_calloc(arena, statistics->n_statuses, sizeof *statistics->statuses);
    for (size_t i = 0; i < statistics->n_statuses; i++) {
        Orders__V1__StatusCount *count = arena_alloc(arena, sizeof *count);
        orders__v1__status_count__init(count);
        count->status = (Orders__V1__OrderStatus)(FIRST + i);
        statistics->statuses[i] = count;
    }
}

void statistics_take_by_status(struct operation *operation, const PGresult *result, struct arena *arena)
{
    Orders__V1__OrderStatistics *statistics = take_days(operation, result, arena);
    if (statistics == NULL)
        return;
    add_statuses(statistics, arena);
    for (int row = 0; row < PQntuples(result); row++) {
        if (!is_status(result, row))
            continue;
        const char *word = PQgetvalue(result, row, STATISTICS_STATUS);
        const size_t length = (size_t)PQgetlength(result, row, STATISTICS_STATUS);
        for (size_t i = 0; i < statistics->n_statuses; i++) {
            if (statistics->statuses[i]->status == order_status_from_word(word, length))
                statistics->statuses[i]->order_count = row_int8(result, row, SUMMARY_ORDERS);
        }
    }
}
