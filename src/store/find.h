/* find.h: the statement of a list by any filters, in any order, for which there is no prepared statement.
 *
 * It is composed for each query and sent as an unnamed statement with parameters: eight filters, three orders
 * and two directions would make hundreds of prepared statements in each session, and each run should be
 * planned for its own parameters anyway. The text is made of constants alone; what a caller gives is always a
 * parameter.
 *
 * What it reads is bounded. Where indexes serve the whole query, it reads the orders of the page and those
 * that it skips. Otherwise it looks at FIND_ROWS orders at most, in the order of the list, and the next page
 * begins behind the last one. A filter by order_date or customer that the order of the list does not serve is
 * first looked up by its own index: if no more than FIND_ROWS orders match it, only they are read.
 * total_amount has no index: each page reads and sorts all orders that match. A count reads all orders that
 * match, too; without filters the rollup has it.
 */
#ifndef STORE_FIND_H
#define STORE_FIND_H

#include "base/arena.h"
#include "store/params.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

/* Orders that a call looks at, at most. */
enum { FIND_ROWS = 20000 };

/* The statement's parameters, in this order. Those that its text does not use are sent all the same. */
enum { FIND_PARAMS = 14 };
#define FIND_TYPES                                                                                       \
    PG_INT8, PG_TIMESTAMPTZ, PG_INT8, PG_INT8, PG_INT8, PG_INT8, PG_TEXT_ARRAY, PG_TEXT, PG_TIMESTAMPTZ, \
        PG_TIMESTAMPTZ, PG_TEXT, PG_INT8, PG_INT8, PG_TEXT

/* The columns of its result before ORDER_ROW_COLUMNS: how many match, null unless asked for; of the orders
 * looked at, which one this is, from 1 on, null where none was found; how many of them match so far; whether
 * this one does. One that does not is the last that was looked at. */
enum { FIND_TOTAL, FIND_NTH, FIND_MATCHED, FIND_MATCHES, FIND_ORDER };

/* Whether a prepared statement cannot answer a list. */
bool find_is_needed(const struct store_query *query);

/* How many orders it looks at, at most; `most` where no index serves it. And whether it takes longer than a
 * page by an index does (LANE_LONG). */
uint64_t find_rows(const struct store_query *query, unsigned most);
bool find_is_long(const struct store_query *query);

/* The statement, in the arena. */
const char *find_compose(const struct store_query *query, struct arena *arena);

/* Adds its parameters, for one that looks at so many orders. */
void find_encode(struct params *params, const struct store_query *query, uint64_t rows);

#endif
