/* order_writer.h: orders going out, in each format there is. */
#ifndef ORDERSCTL_ORDER_WRITER_H
#define ORDERSCTL_ORDER_WRITER_H

#include "orders/v1/orders.pb-c.h"
#include "table.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum order_format { ORDERS_TABLE, ORDERS_JSON, ORDERS_NDJSON, ORDERS_CSV };

struct order_writer {
    FILE *file;
    enum order_format format;
    size_t n;           /* orders written */
    struct table table; /* ORDERS_TABLE */
    bool to_terminal;
};

/* Writes what stands before the orders. The file stays the caller's, and so does looking for its errors. */
void order_writer_begin(struct order_writer *writer, FILE *file, enum order_format format);
void order_writer_add(struct order_writer *writer, size_t n, Orders__V1__Order *const orders[]);

/* Writes what stands behind them, unless some are missing: what breaks off is then not taken for the whole.
 * Frees what the writer holds. */
void order_writer_end(struct order_writer *writer, bool complete);

/* Writes one order by itself: a line a field, or a JSON object over several lines. */
void order_write(FILE *file, bool as_json, const Orders__V1__Order *order);

#endif
