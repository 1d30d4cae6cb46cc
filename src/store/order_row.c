/* order_row.c: from columns to an order, and what of it no message can say. */
#include "store/order_row.h"

#include "base/message.h"
#include "base/time.h"
#include "orders/currency.h"
#include "orders/status.h"
#include "store/etag.h"
#include "store/row.h"

static char *text(const PGresult *result, int row, int column, struct arena *arena)
{
    return arena_copy(arena, PQgetvalue(result, row, column), (size_t)PQgetlength(result, row, column));
}

static bool is_within(const Google__Protobuf__Timestamp *timestamp)
{
    return timestamp->seconds >= TIMESTAMP_MIN_SECONDS && timestamp->seconds <= TIMESTAMP_MAX_SECONDS;
}

/* Of ORDER_ROW_COLUMNS. */
static const char *const null_faults[] = {
    "an id that is null",         "an order_id that is null",    "a customer_id that is null",
    "an order_date that is null", "a total_amount that is null", "a currency that is null",
    "a status that is null",      "a created_at that is null",   "an updated_at that is null",
};

/* The first column that has no value, where each should: somebody has dropped its NOT NULL. NULL: none. */
static const char *null_fault_of(const PGresult *result, int row, int first)
{
    for (int i = 0; i < (int)(sizeof null_faults / sizeof null_faults[0]); i++) {
        if (PQgetisnull(result, row, first + i))
            return null_faults[i];
    }
    return NULL;
}

/* Why an order cannot be answered; NULL: it can. */
static const char *fault_of(const Orders__V1__Order *order)
{
    if (!is_within(order->order_date))
        return "an order_date outside the years 1 to 9999";
    if (!is_within(order->created_at))
        return "a created_at outside the years 1 to 9999";
    if (!is_within(order->updated_at))
        return "an updated_at outside the years 1 to 9999";
    if (order->status == ORDERS__V1__ORDER_STATUS__ORDER_STATUS_UNSPECIFIED)
        return "a status that is none";
    return NULL;
}

/* A row without nulls. */
static Orders__V1__Order *read_whole(const PGresult *result, int row, int first, struct arena *arena)
{
    struct stored {
        Orders__V1__Order order;
        Google__Protobuf__Timestamp order_date, created_at, updated_at;
        char etag[ETAG_TEXT];
    } *stored = arena_alloc(arena, sizeof *stored);
    Orders__V1__Order *order = &stored->order;

    orders__v1__order__init(order);
    order->id = row_int8(result, row, first);
    order->order_id = text(result, row, first + ORDER_ROW_ID_COLUMN, arena);
    order->customer_id = text(result, row, first + 2, arena);
    row_timestamp(result, row, first + 3, order->order_date = &stored->order_date);
    order->total_amount = row_int8(result, row, first + 4);
    const char *currency = currency_find(PQgetvalue(result, row, first + 5));
    order->currency = currency != NULL ? message_text(currency) : text(result, row, first + 5, arena);
    order->status = order_status_from_word(PQgetvalue(result, row, first + 6),
                                           (size_t)PQgetlength(result, row, first + 6));
    row_timestamp(result, row, first + 7, order->created_at = &stored->created_at);
    row_timestamp(result, row, first + 8, order->updated_at = &stored->updated_at);
    order->etag = etag_write(order, stored->etag);
    return order;
}

/* What names a row, and is there to be read. */
static Orders__V1__Order *read_name(const PGresult *result, int row, int first, struct arena *arena)
{
    Orders__V1__Order *order = arena_alloc(arena, sizeof *order);
    orders__v1__order__init(order);
    order->id = PQgetisnull(result, row, first) ? 0 : row_int8(result, row, first);
    order->order_id = text(result, row, first + ORDER_ROW_ID_COLUMN, arena);
    return order;
}

Orders__V1__Order *order_row_read(const PGresult *result, int row, int first, struct arena *arena,
                                  const char **fault)
{
    *fault = null_fault_of(result, row, first);
    if (*fault == NULL) {
        Orders__V1__Order *order = read_whole(result, row, first, arena);
        *fault = fault_of(order);
        if (*fault == NULL)
            return order;
    }
    return read_name(result, row, first, arena);
}

void order_row_make_room(Orders__V1__Order *order, struct arena *arena)
{
    struct made {
        Google__Protobuf__Timestamp created_at, updated_at;
        char etag[ETAG_TEXT];
    } *made = arena_calloc(arena, 1, sizeof *made);
    google__protobuf__timestamp__init(order->created_at = &made->created_at);
    google__protobuf__timestamp__init(order->updated_at = &made->updated_at);
    order->etag = made->etag;
}

bool order_row_take_made(const PGresult *result, int row, int column, Orders__V1__Order *order)
{
    for (int i = 0; i < ORDER_ROW_MADE_COLUMNS; i++) {
        if (PQgetisnull(result, row, column + i))
            return false;
    }
    order->id = row_int8(result, row, column);
    row_timestamp(result, row, column + 1, order->created_at);
    row_timestamp(result, row, column + 2, order->updated_at);
    row_timestamp(result, row, column + 3, order->order_date);
    etag_write(order, order->etag);
    return fault_of(order) == NULL;
}
