/* order_writer.h: orders going out, in each format there is. */
#ifndef ORDERSCTL_ORDER_WRITER_H
#define ORDERSCTL_ORDER_WRITER_H

#include "order_columns.h"
#include "orders/v1/orders.pb-c.h"
#include "output.h"
#include "table.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* How orders are to look. */
struct order_look {
    enum output_format format;
    struct order_columns columns;
    bool to_terminal;    /* which what is written must not steer, in any format */
    bool quote_formulas; /* OUTPUT_CSV: a cell that a spreadsheet would run has a ' before it */
    bool colored;        /* OUTPUT_TABLE: titles bold, a status in the colour of its meaning */
};

struct order_writer {
    FILE *file;
    struct order_look look; /* columns: those there are */
    size_t n;               /* orders written */
    struct table table;     /* OUTPUT_TABLE */
    struct table_column titles[ORDER_COLUMNS_MAX];
};

/* Writes what stands before the orders. The file stays the caller's, and so does looking for its errors. */
void order_writer_begin(struct order_writer *writer, FILE *file, const struct order_look *look);
void order_writer_add(struct order_writer *writer, size_t n, Orders__V1__Order *const orders[]);

/* Adds a page's orders to the writer that is `writer`, and shows them (order_pages.h). False: it cannot. */
bool order_writer_take_page(const Orders__V1__ListOrdersResponse *page, void *writer);

/* Writes what stands behind them, unless some are missing: what breaks off is then not taken for the whole.
 * Frees what the writer holds. */
void order_writer_end(struct order_writer *writer, bool complete);

/* Whether a line has nothing but titles of columns of OUTPUT_TABLE. */
bool order_writer_are_titles(const char *line, size_t length);

/* Writes one order by itself: as OUTPUT_TABLE a line a field, as OUTPUT_JSON an object over several lines. */
void order_write(FILE *file, const struct order_look *look, Orders__V1__Order *order);

#endif
