/* statement.c: the SQL, and what goes in and comes out of it. */
#include "store/statement.h"

#include "orders/rules.h"
#include "orders/status.h"
#include "store/find.h"
#include "store/idempotency.h"
#include "store/list.h"
#include "store/order_row.h"
#include "store/page_walk.h"
#include "store/row.h"
#include "store/statistics.h"
#include "store/summary.h"
#include "store/summary_memory.h"

#include <stdlib.h>
#include <string.h>

/* --- parameters --- */

static void encode_keys(struct params *params, struct operation *const operations[], size_t n)
{
    params_array(params, PG_TEXT, n);
    for (size_t i = 0; i < n; i++)
        params_add_text(params, operations[i]->order_id);
}

/* The columns that idempotency.h names: writes. */
static void encode_request_ids(struct params *params, struct operation *const operations[], size_t n)
{
    params_array(params, PG_TEXT, n);
    for (size_t i = 0; i < n; i++)
        params_add_text(params, operations[i]->call->principal);
    params_array(params, PG_TEXT, n);
    for (size_t i = 0; i < n; i++)
        params_add_text_or_null(params, idempotency_key(operations[i]));
    params_array(params, PG_INT8, n);
    for (size_t i = 0; i < n; i++)
        params_add_int8(params, (int64_t)operations[i]->index);
    params_array(params, PG_INT8, n);
    for (size_t i = 0; i < n; i++)
        params_add_int8(params, (int64_t)operations[i]->call->fingerprint);
}

/* Null where none is given. A timestamptz is its microseconds. */
static void encode_etags(struct params *params, struct operation *const operations[], size_t n)
{
    params_array(params, PG_INT8, n);
    for (size_t i = 0; i < n; i++)
        params_add_int8_or_null(params, operations[i]->etag.given, operations[i]->etag.id);
    params_array(params, PG_TIMESTAMPTZ, n);
    for (size_t i = 0; i < n; i++)
        params_add_int8_or_null(params, operations[i]->etag.given, operations[i]->etag.updated_at);
}

static void encode_remove(struct params *params, struct operation *const operations[], size_t n)
{
    encode_keys(params, operations, n);
    encode_etags(params, operations, n);
    encode_request_ids(params, operations, n);
}

static void encode_claim(struct params *params, struct operation *const operations[], size_t n)
{
    encode_keys(params, operations, n);
    encode_request_ids(params, operations, n);
}

static void encode_create(struct params *params, struct operation *const operations[], size_t n)
{
    encode_keys(params, operations, n);
    params_array(params, PG_TEXT, n);
    for (size_t i = 0; i < n; i++)
        params_add_text(params, operations[i]->order->customer_id);
    params_array(params, PG_TIMESTAMPTZ, n);
    for (size_t i = 0; i < n; i++)
        params_add_timestamp(params, operations[i]->order->order_date);
    params_array(params, PG_INT8, n);
    for (size_t i = 0; i < n; i++)
        params_add_int8(params, operations[i]->order->total_amount);
    params_array(params, PG_TEXT, n);
    for (size_t i = 0; i < n; i++)
        params_add_text(params, operations[i]->order->currency);
    params_array(params, PG_TEXT, n);
    for (size_t i = 0; i < n; i++)
        params_add_text(params, order_status_word(operations[i]->order->status));
    encode_request_ids(params, operations, n);
}

/* Text for a field that is to change, or null for one that stays. */
static void add_text_if(struct params *params, bool changes, const char *value)
{
    params_add_text_or_null(params, changes ? value : NULL);
}

static void encode_update(struct params *params, struct operation *const operations[], size_t n)
{
    encode_keys(params, operations, n);
    params_array(params, PG_TEXT, n);
    for (size_t i = 0; i < n; i++)
        add_text_if(params, operations[i]->fields & ORDER_CUSTOMER_ID, operations[i]->order->customer_id);
    params_array(params, PG_TIMESTAMPTZ, n);
    for (size_t i = 0; i < n; i++) {
        if ((operations[i]->fields & ORDER_ORDER_DATE) != 0)
            params_add_timestamp(params, operations[i]->order->order_date);
        else
            params_add_null(params);
    }
    params_array(params, PG_INT8, n);
    for (size_t i = 0; i < n; i++) {
        if ((operations[i]->fields & ORDER_TOTAL_AMOUNT) != 0)
            params_add_int8(params, operations[i]->order->total_amount);
        else
            params_add_null(params);
    }
    params_array(params, PG_TEXT, n);
    for (size_t i = 0; i < n; i++)
        add_text_if(params, operations[i]->fields & ORDER_CURRENCY, operations[i]->order->currency);
    params_array(params, PG_TEXT, n);
    for (size_t i = 0; i < n; i++)
        add_text_if(params, operations[i]->fields & ORDER_STATUS,
                    order_status_word(operations[i]->order->status));
    encode_etags(params, operations, n);
    encode_request_ids(params, operations, n);
}

static void encode_nothing(struct params *params, struct operation *const operations[], size_t n)
{
    (void)params;
    (void)operations;
    (void)n;
}

/* --- answers --- */

/* An order as the answer; one that cannot be answered is a fault, which names it. */
static void answer_order(struct operation *operation, const PGresult *result, int row, int first)
{
    const char *fault;
    const Orders__V1__Order *order = order_row_read(result, row, first, &operation->call->arena, &fault);
    if (fault == NULL) {
        operation->answer = &order->base;
        return;
    }
    operation->answer = NULL;
    operation->code = STATUS_DATA_LOSS;
    operation->message =
        arena_printf(&operation->call->arena, "Order %s is stored with %s", order->order_id, fault);
}

static void take_order(struct operation *operation, const PGresult *result, int row)
{
    answer_order(operation, result, row, 0);
}

/* The order that was sent is the answer, with what the database made. */
static void take_created(struct operation *operation, const PGresult *result, int row)
{
    if (!idempotency_take(operation, result, row))
        return;
    Orders__V1__Order *order = operation->order;
    if (order_row_take_made(result, row, IDEMPOTENT_ANSWER_COLUMN, order)) {
        operation->answer = &order->base;
        return;
    }
    operation->answer = NULL;
    operation->code = STATUS_DATA_LOSS;
    operation->message = "The order is stored with what cannot be answered";
}

static void take_updated(struct operation *operation, const PGresult *result, int row)
{
    if (idempotency_take(operation, result, row))
        answer_order(operation, result, row, IDEMPOTENT_ANSWER_COLUMN);
}

static void take_removed(struct operation *operation, const PGresult *result, int row)
{
    static const Google__Protobuf__Empty empty = GOOGLE__PROTOBUF__EMPTY__INIT;
    if (idempotency_take(operation, result, row))
        operation->answer = &empty.base;
}

/* --- the table --- */

/* One of the lists: those from $1 on that match, in one of two directions. */
#define LIST(called, from, direction, where, parameters, encoder, ...)                             \
    .name = (called), .n_params = (parameters), .types = {PG_INT8, PG_INT8, PG_INT8, __VA_ARGS__}, \
    .sql = "SELECT " ORDER_ROW_COLUMNS " FROM ONLY orders o WHERE o.id " from " $1" where          \
           " ORDER BY o.id" direction " LIMIT $2 OFFSET $3",                                       \
    .lane = LANE_SCAN, .encode = (encoder), .take_result = list_take_result

#define BY_STATUS   " AND o.status = $4"
#define BY_CUSTOMER " AND o.customer_id = $4"
#define BY_BOTH     " AND o.status = $4 AND o.customer_id = $5"

const struct statement statements[STATEMENTS] =
    {
        [STATEMENT_GET] =
            {
                .name = "get",
                .sql = "SELECT " ORDER_ROW_COLUMNS " FROM ONLY orders o WHERE o.order_id = ANY ($1)",
                .n_params = 1,
                .types = {PG_TEXT_ARRAY},
                .lane = LANE_GET,
                .folds = true,
                .keyed = true,
                .encode = encode_keys,
                .take_row = take_order,
                .key_column = ORDER_ROW_ID_COLUMN,
                .absent = STATUS_NOT_FOUND,
            },
        [STATEMENT_LIST] = {LIST("list", ">=", "", "", 3, list_encode, )},
        [STATEMENT_LIST_BY_STATUS] = {LIST("list_by_status", ">=", "", BY_STATUS, 4, list_encode_by_status,
                                           PG_TEXT)},
        [STATEMENT_LIST_BY_CUSTOMER] = {LIST("list_by_customer", ">=", "", BY_CUSTOMER, 4,
                                             list_encode_by_customer, PG_TEXT)},
        [STATEMENT_LIST_BY_BOTH] = {LIST("list_by_both", ">=", "", BY_BOTH, 5, list_encode_by_both, PG_TEXT,
                                         PG_TEXT)},
        [STATEMENT_NEWEST] = {LIST("newest", "<=", " DESC", "", 3, list_encode, )},
        [STATEMENT_NEWEST_BY_STATUS] = {LIST("newest_by_status", "<=", " DESC", BY_STATUS, 4,
                                             list_encode_by_status, PG_TEXT)},
        [STATEMENT_NEWEST_BY_CUSTOMER] = {LIST("newest_by_customer", "<=", " DESC", BY_CUSTOMER, 4,
                                               list_encode_by_customer, PG_TEXT)},
        [STATEMENT_NEWEST_BY_BOTH] = {LIST("newest_by_both", "<=", " DESC", BY_BOTH, 5, list_encode_by_both,
                                           PG_TEXT, PG_TEXT)},
        [STATEMENT_FIND] =
            {
                .name = "find",
                .n_params = FIND_PARAMS,
                .types = {FIND_TYPES},
                .lane = LANE_SCAN,
                .encode = list_encode_found,
                .take_result = list_take_found,
            },
        [STATEMENT_SUMMARY] =
            {
                .name = "summary",
                .sql = SUMMARY_SINCE_SQL,
                .n_params = 2,
                .types = {PG_INT8_ARRAY, PG_INT8_ARRAY},
                .lane = LANE_SUMMARY,
                .folds = true,
                .encode = summary_memory_encode,
                .take_result = summary_memory_take_result,
                .give = summary_memory_give,
            },
        [STATEMENT_SUMMARY_VERIFIED] =
            {
                .name = "summary_verified",
                .sql = SUMMARY_VERIFIED_SQL,
                .lane = LANE_SCAN,
                .folds = true,
                .encode = encode_nothing,
                .take_result = summary_take_verified,
            },
        [STATEMENT_STATISTICS] =
            {
                .name = "statistics",
                .sql = STATISTICS_SQL,
                .n_params = 2,
                .types = {PG_TEXT, PG_TEXT},
                .lane = LANE_SCAN,
                .encode = statistics_encode,
                .take_result = statistics_take_result,
            },
        [STATEMENT_STATISTICS_BY_STATUS] =
            {
                .name = "statistics_by_status",
                .sql = STATISTICS_BY_STATUS_SQL,
                .n_params = 2,
                .types = {PG_TEXT, PG_TEXT},
                .lane = LANE_SCAN,
                .encode = statistics_encode,
                .take_result = statistics_take_by_status,
            },
        [STATEMENT_CREATE] =
            {
                .name = "create",
                .sql = IDEMPOTENT_CREATE_SQL,
                .optimistic_name = "optimistic_create",
                .optimistic_sql = OPTIMISTIC_CREATE_SQL,
                .n_params = 10,
                .types = {PG_TEXT_ARRAY, PG_TEXT_ARRAY, PG_TIMESTAMPTZ_ARRAY, PG_INT8_ARRAY, PG_TEXT_ARRAY,
                          PG_TEXT_ARRAY, PG_TEXT_ARRAY, PG_TEXT_ARRAY, PG_INT8_ARRAY, PG_INT8_ARRAY},
                .lane = LANE_WRITE,
                .folds = true,
                .keyed = true,
                .absent = STATUS_INTERNAL /* a write always has a row */,
                .encode = encode_create,
                .take_row = take_created,
            },
        [STATEMENT_UPDATE] =
            {
                .name = "update",
                .sql = IDEMPOTENT_UPDATE_SQL,
                .optimistic_name = "optimistic_update",
                .optimistic_sql = OPTIMISTIC_UPDATE_SQL,
                .n_params = 12,
                .types = {PG_TEXT_ARRAY, PG_TEXT_ARRAY, PG_TIMESTAMPTZ_ARRAY, PG_INT8_ARRAY, PG_TEXT_ARRAY,
                          PG_TEXT_ARRAY, PG_INT8_ARRAY, PG_TIMESTAMPTZ_ARRAY, PG_TEXT_ARRAY, PG_TEXT_ARRAY,
                          PG_INT8_ARRAY, PG_INT8_ARRAY},
                .lane = LANE_WRITE,
                .folds = true,
                .keyed = true,
                .encode = encode_update,
                .take_row = take_updated,
                .absent = STATUS_INTERNAL /* a write always has a row */,
            },
        [STATEMENT_REMOVE] =
            {
                .name = "remove",
                .sql = IDEMPOTENT_REMOVE_SQL,
                .optimistic_name = "optimistic_remove",
                .optimistic_sql = OPTIMISTIC_REMOVE_SQL,
                .n_params = 7,
                .types = {PG_TEXT_ARRAY, PG_INT8_ARRAY, PG_TIMESTAMPTZ_ARRAY, PG_TEXT_ARRAY, PG_TEXT_ARRAY,
                          PG_INT8_ARRAY, PG_INT8_ARRAY},
                .lane = LANE_WRITE,
                .folds = true,
                .keyed = true,
                .encode = encode_remove,
                .take_row = take_removed,
                .absent = STATUS_INTERNAL /* a write always has a row */,
            },
        [STATEMENT_CLAIM] =
            {
                .name = "claim",
                .sql = IDEMPOTENT_CLAIM_SQL,
                .n_params = 5,
                .types = {PG_TEXT_ARRAY, PG_TEXT_ARRAY, PG_TEXT_ARRAY, PG_INT8_ARRAY, PG_INT8_ARRAY},
                .lane = LANE_WRITE,
                .folds = true,
                .keyed = true,
                .encode = encode_claim,
                .take_row = take_removed,
                .absent = STATUS_INTERNAL /* a write always has a row */,
            },
        [STATEMENT_PURGE] =
            {
                .name = "purge",
                .sql = PURGE_SQL,
                .n_params = 3,
                .types = {PG_INT8, PG_INT8, PG_INT8},
                .lane = LANE_PURGE,
                .encode = page_walk_encode_purge,
                .take_result = page_walk_take_result,
            },
        [STATEMENT_FOLD] =
            {
                .name = "fold",
                .sql = FOLD_SQL,
                .n_params = 2,
                .types = {PG_INT8, PG_INT8},
                .lane = LANE_PURGE,
                .encode = page_walk_encode_fold,
                .take_result = page_walk_take_result,
            },
};

/* --- which row is whose --- */

static int compare_operations(const void *a, const void *b)
{
    const struct operation *x = *(struct operation *const *)a, *y = *(struct operation *const *)b;
    int order = (x->statement > y->statement) - (x->statement < y->statement);
    if (order == 0 && x->statement->keyed)
        order = strcmp(x->order_id, y->order_id);
    return order != 0 ? order : (x->sequence > y->sequence) - (x->sequence < y->sequence);
}

void statement_sort(struct operation *operations[], size_t n)
{
    if (n > 1)
        qsort(operations, n, sizeof *operations, compare_operations);
}

/* The first operation whose order_id is not below the key. */
static size_t lower_bound(struct operation *const operations[], size_t n, const char *key)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(operations[middle]->order_id, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void answer_keyed(const struct statement *statement, const PGresult *result,
                         struct operation *operations[], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        operations[i]->code = statement->absent;
        operations[i]->replayed = operations[i]->locked = false;
        operations[i]->message = store_message(statement->absent);
    }
    for (int row = 0; row < PQntuples(result); row++) {
        const char *key = PQgetvalue(result, row, statement->key_column);
        for (size_t i = lower_bound(operations, n, key); i < n && strcmp(operations[i]->order_id, key) == 0;
             i++) {
            operations[i]->code = STATUS_OK;
            statement->take_row(operations[i], result, row);
        }
    }
}

void statement_answer(const struct statement *statement, const PGresult *result,
                      struct operation *operations[], size_t n, struct arena *shared)
{
    if (statement->keyed) {
        answer_keyed(statement, result, operations, n);
        return;
    }
    operations[0]->code = STATUS_OK;
    statement->take_result(operations[0], result, shared);
    for (size_t i = 1; i < n; i++) {
        operations[i]->code = operations[0]->code;
        operations[i]->message = operations[0]->message;
        operations[i]->answer = operations[0]->answer;
    }
    for (size_t i = 0; i < n && statement->give != NULL; i++) {
        if (operations[i]->code == STATUS_OK && !operation_abandoned(operations[i]))
            statement->give(operations[i]);
    }
}
