/* row.h: columns in PostgreSQL's binary format as fields of messages. */
#ifndef STORE_ROW_H
#define STORE_ROW_H

#include "base/arena.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "orders/v1/orders.pb-c.h"
#include "store/operation.h"

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

/* The columns of an order, in the order row_order reads them. */
#define ROW_ORDER_COLUMNS                                                                                 \
    "o.id, o.order_id, o.customer_id, o.order_date, o.total_amount, o.currency, o.status, o.created_at, " \
    "o.updated_at"

enum { ROW_ORDER_ID_COLUMN = 1 }; /* of ROW_ORDER_COLUMNS */

/* ROW_ORDER_COLUMNS, of which the first is given, as a message in the arena. A row may hold what no message
 * can, as SQL may write where a constraint is gone or not validated: *fault then says what, and the order has
 * its id and order_id alone. NULL: it does not. */
Orders__V1__Order *row_order(const PGresult *result, int row, int first, struct arena *arena,
                             const char **fault);

/* The same as the answer of an operation, which for a fault has DATA_LOSS as its outcome, and the order's
 * name and the fault in its message, which is in the call's arena. */
void row_answer_order(struct operation *operation, const PGresult *result, int row, int first);

/* Gives a new order room for what the database makes, which row_take_made then fills: parts of one
 * BatchCreateOrders are answered by several workers, which must not share the call's arena. */
void row_make_room(Orders__V1__Order *order, struct arena *arena);

/* From a row's columns, of which the first is given: id, created_at, updated_at. */
void row_take_made(const PGresult *result, int row, int column, Orders__V1__Order *order);

bool row_bool(const PGresult *result, int row, int column);
int64_t row_int8(const PGresult *result, int row, int column);
int32_t row_int4(const PGresult *result, int row, int column);
void row_timestamp(const PGresult *result, int row, int column, Google__Protobuf__Timestamp *out);

/* timestamptz counts microseconds from 2000-01-01T00:00:00Z. */
int64_t row_micros_from_timestamp(const Google__Protobuf__Timestamp *timestamp);

#endif
