/* find.h: the statement of a list that no prepared one answers: by any of the filters, in any order.
 *
 * It is composed for what is asked, and sent as an unnamed statement with parameters: eight filters, three
 * orders and two directions would be hundreds of prepared ones in each session, which a plan of their own for
 * each run gains nothing from. The text is of constants alone: what a caller gave is a parameter, always.
 *
 * What it reads is bounded. Where indexes serve all that is asked, it reads the orders of the page and those
 * that it passes over. Where not, it looks at FIND_ROWS orders, in the order of the list, for those that
 * match, and the list goes on behind the last one it looked at. An order_date by which it is not ordered, and
 * a customer by whom it is not, are first looked up by their index: where there are no more than FIND_ROWS
 * such orders, they are all it looks at. By total_amount there is no index: all that match are read, and
 * sorted, for each page. To count is to read all that match, too, but where nothing is filtered: the rollup
 * says how many there are.
 */
#ifndef STORE_FIND_H
#define STORE_FIND_H

#include "base/arena.h"
#include "store/params.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

/* At which a call looks, at most. */
enum { FIND_ROWS = 20000 };

/* Of the statement, in this order. Those that it does not name are sent, and not used. */
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

/* How many orders it looks at, at most, where one that no index serves may look at `most`; and whether that
 * takes longer than a page by an index, or it reads the table. */
uint64_t find_rows(const struct store_query *query, unsigned most);
bool find_is_long(const struct store_query *query);

/* The statement, in the arena. */
const char *find_compose(const struct store_query *query, struct arena *arena);

/* Adds its parameters, for one that looks at so many orders. */
void find_encode(struct params *params, const struct store_query *query, uint64_t rows);

#endif
