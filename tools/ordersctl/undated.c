/* undated.c: what is left of the totals once the days are taken away. */
#include "undated.h"

#include "report.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static void tell(bool are_some)
{
    if (are_some)
        report_warning(
            "some orders are dated outside the years 1 to 9999: they are in the totals, and in no day");
}

/* Modulo 2^64, as days of both signs may add up beyond it on the way. */
static uint64_t days_revenue(const Orders__V1__OrderSummary *summary, const char *currency)
{
    uint64_t revenue = 0;
    for (size_t i = 0; i < summary->n_revenue_per_day; i++) {
        if (strcmp(summary->revenue_per_day[i]->currency, currency) == 0)
            revenue += (uint64_t)summary->revenue_per_day[i]->revenue;
    }
    return revenue;
}

void undated_tell_summary(const Orders__V1__OrderSummary *summary)
{
    bool are_some = false;
    for (size_t i = 0; i < summary->n_total_revenue; i++) {
        const Orders__V1__CurrencyTotal *total = summary->total_revenue[i];
        are_some |= days_revenue(summary, total->currency) != (uint64_t)total->total;
    }
    tell(are_some);
}

void undated_tell_statistics(const Orders__V1__OrderStatistics *statistics)
{
    uint64_t orders = 0;
    for (size_t i = 0; i < statistics->n_days; i++)
        orders += (uint64_t)statistics->days[i]->order_count;
    tell(orders != (uint64_t)statistics->order_count);
}
