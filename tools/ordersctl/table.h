/* table.h: rows in aligned columns, for people.
 *
 * Rows are gathered and written many at a time: the columns are as wide as what has been seen so far, so
 * that a list of any length is written as it comes in.
 */
#ifndef ORDERSCTL_TABLE_H
#define ORDERSCTL_TABLE_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { TABLE_COLUMNS = 16 };

struct table_column {
    const char *title;
    bool right; /* aligned to the right, as numbers are */
};

struct table_row;

struct table {
    const struct table_column *columns;
    size_t n_columns;
    struct arena arena;      /* owns the rows gathered */
    struct table_row *first; /* gathered, not written yet */
    struct table_row **last;
    struct table_row *newest; /* of those gathered */
    size_t n_gathered;
    size_t widths[TABLE_COLUMNS];
    bool titled;  /* the titles are written */
    bool colored; /* titles are bold, and cells in their styles; false until the owner says so */
};

/* A table of up to TABLE_COLUMNS columns, which must outlive it. Columns without any title get no line of
 * titles. */
void table_init(struct table *table, const struct table_column *columns, size_t n_columns);

/* Gathers a row; the cells are copied and made printable. */
void table_add(struct table *table, const char *const cells[]);

/* Gives a cell of the row gathered last one of screen.h's styles; NULL: none. */
void table_style(struct table *table, size_t column, const char *style);

/* Writes what was gathered; the first time, the titles before it. */
void table_write(struct table *table, FILE *file);

void table_free(struct table *table);

#endif
