/* summary.c: rows of day, currency and sums. */
#include "store/summary.h"

#include "base/time.h"
#include "store/row.h"

char *summary_day(const PGresult *result, int row, struct arena *arena)
{
    char date[DATE_TEXT];
    if (PQgetisnull(result, row, SUMMARY_DAY) || !summary_rows_date(row_int4(result, row, SUMMARY_DAY), date))
        return NULL;
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

static bool row_is_whole(struct operation *operation, const PGresult *result, int row)
{
    if (!PQgetisnull(result, row, SUMMARY_CURRENCY) && !PQgetisnull(result, row, SUMMARY_REVENUE) &&
        !PQgetisnull(result, row, SUMMARY_ORDERS))
        return true;
    operation->code = STATUS_DATA_LOSS;
    operation->message = "The summary has a currency or a sum that is null";
    return false;
}

bool summary_is_whole(struct operation *operation, const PGresult *result)
{
    for (int row = 0; row < PQntuples(result); row++) {
        if (!row_is_whole(operation, result, row))
            return false;
    }
    return true;
}

bool summary_add_row(struct operation *operation, const PGresult *result, int row, struct summary_rows *to,
                     struct summary_rows *rows)
{
    if (!row_is_whole(operation, result, row))
        return false;
    const uint16_t guess = to->n > 0 ? to->rows[to->n - 1].currency : 0;
    const struct summary_row made = {
        .day = PQgetisnull(result, row, SUMMARY_DAY) ? SUMMARY_NO_DAY : row_int4(result, row, SUMMARY_DAY),
        .currency = summary_rows_currency(rows, PQgetvalue(result, row, SUMMARY_CURRENCY), guess),
        .revenue = row_int8(result, row, SUMMARY_REVENUE),
        .orders = row_int8(result, row, SUMMARY_ORDERS),
    };
    if (made.currency == SUMMARY_NOTHING) {
        operation->code = STATUS_RESOURCE_EXHAUSTED;
        operation->message = "The summary has too many currencies";
        return false;
    }
    summary_rows_add(to, made);
    return true;
}

void summary_take_verified(struct operation *operation, const PGresult *result, struct arena *arena)
{
    struct summary_rows rows = {0};
    bool is_same = true, is_whole = true;
    for (int row = 0; row < PQntuples(result) && is_whole; row++) {
        is_whole = summary_add_row(operation, result, row, &rows, &rows);
        is_same &= row_bool(result, row, SUMMARY_SAME);
    }
    const Orders__V1__OrderSummary *summary = is_whole ? summary_rows_message(&rows, NULL, arena) : NULL;
    if (!is_same) {
        operation->code = STATUS_DATA_LOSS;
        operation->message = "The summary that is kept differs from the orders";
    } else if (summary != NULL) {
        operation->answer = &summary->base;
    } else if (is_whole) {
        summary_overflow(operation);
    }
    summary_rows_free(&rows);
}
