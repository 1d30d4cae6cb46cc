/* list.c: rows become a page, and the last of them says where the next one begins. */
#include "store/list.h"

#include "orders/status.h"
#include "store/find.h"
#include "store/order_row.h"
#include "store/row.h"

#include <stdlib.h>
#include <strings.h>

/* --- parameters --- */

/* The first id that a list may have. False: it may have none, as it goes on behind the last that there can
 * be. */
static bool find_first(const struct store_query *query, int64_t *first)
{
    *first = query->descending ? INT64_MAX : INT64_MIN;
    if (!query->is_after)
        return true;
    return query->descending ? !__builtin_sub_overflow(query->after_id, 1, first)
                             : !__builtin_add_overflow(query->after_id, 1, first);
}

void list_encode(struct params *params, struct operation *const operations[], size_t n)
{
    const struct store_query *query = operations[0]->query;
    int64_t first;
    (void)n;
    const bool has_some = find_first(query, &first);
    params_int8(params, first);
    params_int8(params, has_some ? query->limit + 1 : 0);
    params_int8(params, query->skip);
}

/* Of the one status that it is about. */
static const char *status_word_of(unsigned statuses)
{
    return order_status_word((Orders__V1__OrderStatus)(ffs((int)statuses) - 1));
}

void list_encode_by_status(struct params *params, struct operation *const operations[], size_t n)
{
    list_encode(params, operations, n);
    params_text(params, status_word_of(operations[0]->query->statuses));
}

void list_encode_by_customer(struct params *params, struct operation *const operations[], size_t n)
{
    list_encode(params, operations, n);
    params_text(params, operations[0]->query->customer_id);
}

void list_encode_by_both(struct params *params, struct operation *const operations[], size_t n)
{
    list_encode_by_status(params, operations, n);
    params_text(params, operations[0]->query->customer_id);
}

void list_encode_found(struct params *params, struct operation *const operations[], size_t n)
{
    (void)n;
    params_sql(params, operations[0]->sql);
    find_encode(params, operations[0]->query, operations[0]->rows);
}

/* --- answers --- */

static Orders__V1__ListOrdersResponse *page_make(size_t most, struct arena *arena)
{
    Orders__V1__ListOrdersResponse *page = arena_alloc(arena, sizeof *page);
    orders__v1__list_orders_response__init(page);
    page->orders = arena_calloc(arena, most, sizeof *page->orders);
    return page;
}

/* An order that cannot be answered has its place, so that the page token passes over it. */
static void page_add_order(Orders__V1__ListOrdersResponse *page, const PGresult *result, int row, int first,
                           struct arena *arena)
{
    const char *fault;
    page->orders[page->n_orders++] = order_row_read(result, row, first, arena, &fault);
}

static void query_note_next(const struct store_query *query, struct store_next next)
{
    if (query->next != NULL)
        *query->next = next;
}

void list_take_result(struct operation *operation, const PGresult *result, struct arena *arena)
{
    const struct store_query *query = operation->query;
    if (query == NULL)
        return;
    const bool more = PQntuples(result) > query->limit;
    const int rows = more ? (int)query->limit : PQntuples(result);
    Orders__V1__ListOrdersResponse *page = page_make((size_t)rows, arena);
    for (int row = 0; row < rows; row++)
        page_add_order(page, result, row, 0, arena);
    query_note_next(query, (struct store_next){.more = more, .id = more ? page->orders[rows - 1]->id : 0});
    operation->answer = &page->base;
}

/* Behind the order of a row. */
static struct store_next next_behind(const struct store_query *query, const PGresult *result, int row)
{
    static const int keys[] = {[STORE_BY_ORDER_DATE] = FIND_ORDER + ORDER_ROW_DATE_COLUMN,
                               [STORE_BY_TOTAL_AMOUNT] = FIND_ORDER + ORDER_ROW_AMOUNT_COLUMN};
    const int64_t matched = row_int8(result, row, FIND_MATCHED);
    const bool has_key = query->order != STORE_BY_ID;
    const bool is_null = has_key && PQgetisnull(result, row, keys[query->order]);
    return (struct store_next){
        .more = true,
        .is_key_null = is_null,
        .key = has_key && !is_null ? row_int8(result, row, keys[query->order]) : 0,
        .id = row_int8(result, row, FIND_ORDER),
        .skip = query->skip > matched ? query->skip - matched : 0,
    };
}

/* The list goes on behind the last order of a full page, or behind the last that was looked at. */
void list_take_found(struct operation *operation, const PGresult *result, struct arena *arena)
{
    const struct store_query *query = operation->query;
    if (query == NULL)
        return;
    struct store_next next = {0};
    Orders__V1__ListOrdersResponse *page = page_make((size_t)query->limit, arena);
    for (int row = 0; row < PQntuples(result) && !PQgetisnull(result, row, FIND_NTH); row++) {
        const bool matches = !PQgetisnull(result, row, FIND_MATCHES) && row_bool(result, row, FIND_MATCHES) &&
                             row_int8(result, row, FIND_MATCHED) > query->skip;
        if (matches && page->n_orders == (size_t)query->limit) {
            next = next_behind(query, result, row - 1);
            break;
        }
        if (matches)
            page_add_order(page, result, row, FIND_ORDER, arena);
        if ((uint64_t)row_int8(result, row, FIND_NTH) == operation->rows)
            next = next_behind(query, result, row);
    }
    if (query->count)
        page->total = row_int8(result, 0, FIND_TOTAL);
    query_note_next(query, next);
    operation->answer = &page->base;
}
