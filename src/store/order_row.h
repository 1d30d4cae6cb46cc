/* order_row.h: a row of the table orders as a message. */
#ifndef STORE_ORDER_ROW_H
#define STORE_ORDER_ROW_H

#include "base/arena.h"
#include "orders/v1/orders.pb-c.h"

#include <libpq-fe.h>

/* The columns of an order, in the order order_row_read reads them. */
#define ORDER_ROW_COLUMNS                                                                                 \
    "o.id, o.order_id, o.customer_id, o.order_date, o.total_amount, o.currency, o.status, o.created_at, " \
    "o.updated_at"

enum {
    ORDER_ROW_ID_COLUMN = 1, /* of ORDER_ROW_COLUMNS, as the two below */
    ORDER_ROW_DATE_COLUMN = 3,
    ORDER_ROW_AMOUNT_COLUMN = 4,
    ORDER_ROW_MADE_COLUMNS = 4, /* of order_row_take_made */
};

/* Reads ORDER_ROW_COLUMNS, which begin at column `first`, as a message in the arena. SQL may have stored what
 * no message can hold, where a constraint is gone or not validated: *fault then says what, and the message
 * has id and order_id alone, 0 and "" where those are null. Otherwise *fault is NULL. */
Orders__V1__Order *order_row_read(const PGresult *result, int row, int first, struct arena *arena,
                                  const char **fault);

/* Gives a new order room for what the database makes, which order_row_take_made then fills: parts of one
 * BatchCreateOrders are answered by several workers, which must not share the call's arena. */
void order_row_make_room(Orders__V1__Order *order, struct arena *arena);

/* Reads id, created_at, updated_at and order_date, which begin at `column`. False: the row has a value that
 * no message can hold. */
bool order_row_take_made(const PGresult *result, int row, int column, Orders__V1__Order *order);

#endif
