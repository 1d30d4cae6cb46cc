/* csv_table.h: rows of a CSV file (RFC 4180) as JSON objects, by its header.
 *
 * The header names the fields of a message, in any order. Columns that are named after none are ignored, and
 * so is an empty cell: its field is absent.
 */
#ifndef ORDERSCTL_CSV_TABLE_H
#define ORDERSCTL_CSV_TABLE_H

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

struct csv_table;

/* A table without a header yet, for messages of this type. NULL when out of memory. */
struct csv_table *csv_table_new(const ProtobufCMessageDescriptor *type);
void csv_table_free(struct csv_table *table);

/* Takes the header, without its line break. Returns NULL, or what is wrong with it. */
const char *csv_table_read_header(struct csv_table *table, const char *text, size_t length);

/* Reads one row, without its line break. Every value is a string. A new reference; NULL: *error says what is
 * wrong with the row, until the next one is read. */
json_t *csv_table_read_row(struct csv_table *table, const char *text, size_t length, const char **error);

#endif
