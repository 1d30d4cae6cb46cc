/* csv_table.h: rows of a CSV file (RFC 4180, but for its delimiter) as JSON objects, by its header.
 *
 * The header names the fields of a message, in any order, as JSON may too. Cells are separated by what a line
 * before it says, "sep=;" as spreadsheets write it; else by that of comma, semicolon, tab and bar with which
 * the header names most fields. An empty cell leaves its field absent; but the field of a message, such as a
 * Timestamp, or of an enum is null then, so that the caller can tell it from one that has no column.
 */
#ifndef ORDERSCTL_CSV_TABLE_H
#define ORDERSCTL_CSV_TABLE_H

#include "json/mapping.h"

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

enum { CSV_COLUMNS_MAX = 1024 };

/* What rows are to be. */
struct row_subject {
    const ProtobufCMessageDescriptor *type;
    enum json_unknown unknown; /* columns that are no field */
    const char *remark;        /* a column of this name is no field and passed over; NULL: none is */
    /* Whether a field may have this value, and none that begins with it: what was cut off is not taken for
     * it. NULL: there is no such field. */
    bool (*is_whole)(const ProtobufCFieldDescriptor *field, const char *value);
};

struct csv_table;

/* A table without a header yet. The subject is the caller's and outlives it. NULL when out of memory. */
struct csv_table *csv_table_new(const struct row_subject *subject);
void csv_table_free(struct csv_table *table);

/* Whether this first line says what separates cells, and is none of the table's rows. */
bool csv_table_read_separator(struct csv_table *table, const char *text, size_t length);

/* Takes the header, without its line break. Returns NULL, or what is wrong with it. */
const char *csv_table_read_header(struct csv_table *table, const char *text, size_t length);

/* The columns that are ignored, as a list of some of their names; "": none is. */
const char *csv_table_ignored(const struct csv_table *table);

/* Whether a column is this field's. */
bool csv_table_has_column(const struct csv_table *table, const ProtobufCFieldDescriptor *field);

/* What separates cells; known behind the header. */
char csv_table_delimiter(const struct csv_table *table);

/* Reads one row, without its line break. Every value is a string, or null. A new reference; NULL: *error says
 * what is wrong with the row, until the next one is read, or is NULL when all of its cells are empty. */
json_t *csv_table_read_row(struct csv_table *table, const char *text, size_t length, const char **error);

/* Whether the last cell of a row that was read is whole, by the subject. */
bool csv_table_ends_whole(const struct csv_table *table, const json_t *row);

/* Whether the last row was another header: what comes behind it is not to be read by the first. */
bool csv_table_is_changed(const struct csv_table *table);

#endif
