/* summary_rows.h: orders and revenue by day and currency, as a summary has them, and the answers made of
 * them.
 *
 * Rows are sorted: newest day first, then currency A to Z. Their packed form is kept as well, so that for the
 * next answer only the days that changed are packed.
 *
 * Used by one thread at a time.
 */
#ifndef STORE_SUMMARY_ROWS_H
#define STORE_SUMMARY_ROWS_H

#include "base/arena.h"
#include "base/time.h"
#include "orders/v1/orders.pb-c.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Days count from 2000-01-01, as PostgreSQL's do. The last of all, as it has no date: null. */
enum { SUMMARY_NO_DAY = INT32_MIN };

/* A day of which there are no orders, in place of a currency. */
enum { SUMMARY_NOTHING = UINT16_MAX };

struct summary_row {
    int32_t day;
    uint32_t start; /* in the days that are packed, of this one, if it has a date */
    int64_t revenue, orders;
    uint16_t currency; /* an index of the rows' */
};

/* Zeros: none. */
struct summary_rows {
    struct summary_row *rows; /* owned */
    size_t n, capacity;
    char **currencies; /* owned; in the order in which they came */
    size_t n_currencies;
};

void summary_rows_free(struct summary_rows *rows);

/* The index of a currency, which is mostly the one behind `last`; SUMMARY_NOTHING: there are too many. */
uint16_t summary_rows_currency(struct summary_rows *rows, const char *currency, uint16_t last);

/* Adds a row behind the others. */
void summary_rows_add(struct summary_rows *rows, struct summary_row row);

/* Whose currencies are those of `of`. */
void summary_rows_sort(struct summary_rows *rows, const struct summary_rows *of);

/* A day as in an answer, "2025-01-16". False: it is outside the years 1 to 9999, or none. Orders of such a
 * day count in sums, as every order does. */
bool summary_rows_date(int32_t day, char date[static DATE_TEXT]);

/* The days of an answer as bytes: the field revenue_per_day of an OrderSummary. */
struct summary_packed {
    uint8_t *bytes;
    size_t size;
};

/* Puts sorted rows, whose currencies are those of `rows`, in the place of all that `rows` has of their days,
 * and packs what comes of that into the arena; the bytes of what there was so far are only read. */
void summary_rows_replace(struct summary_rows *rows, const struct summary_rows *by,
                          struct summary_packed *packed, struct arena *arena);

/* The answer in the arena, which must outlive it; but for its days where they are packed, and then are
 * unknown fields of it: it can be packed, and not be read. NULL: a sum leaves int64. */
Orders__V1__OrderSummary *summary_rows_message(const struct summary_rows *rows,
                                               const struct summary_packed *packed, struct arena *arena);

#endif
