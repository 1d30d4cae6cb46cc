/* csv_table.c: libcsv cuts a row into cells; the header says which field each of them is. */
#include "csv_table.h"

#include <csv.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CSV_OPTIONS = CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL };

struct csv_table {
    const ProtobufCMessageDescriptor *type;
    const ProtobufCFieldDescriptor **columns; /* owned; NULL where no field has the column's name */
    size_t n_columns;
    struct csv_parser parser;

    /* The row being read. */
    size_t n_cells;
    json_t *object;
    char error[256]; /* "" while nothing is wrong with it */
};

struct csv_table *csv_table_new(const ProtobufCMessageDescriptor *type)
{
    struct csv_table *table = calloc(1, sizeof *table);
    if (table == NULL || csv_init(&table->parser, CSV_OPTIONS) != 0) {
        free(table);
        return NULL;
    }
    table->type = type;
    return table;
}

void csv_table_free(struct csv_table *table)
{
    if (table == NULL)
        return;
    csv_free(&table->parser);
    free(table->columns);
    free(table);
}

#define refuse(table, ...) snprintf((table)->error, sizeof(table)->error, __VA_ARGS__)

static void end_row(int terminator, void *arg)
{
    (void)terminator; /* the caller cuts rows: there is one */
    (void)arg;
}

/* Gives each cell of one row to `take_cell`. False: table->error says why. */
static bool parse(struct csv_table *table, const char *text, size_t length,
                  void (*take_cell)(void *cell, size_t length, void *table))
{
    table->n_cells = 0;
    table->error[0] = '\0';
    if (csv_parse(&table->parser, text, length, take_cell, end_row, table) != length ||
        csv_fini(&table->parser, take_cell, end_row, table) != 0) {
        const int error = csv_error(&table->parser);
        if (error == CSV_EPARSE)
            refuse(table, "not CSV: a quote is misplaced or missing in cell %zu", table->n_cells + 1);
        else
            refuse(table, "not CSV: %s", csv_strerror(error));
        csv_free(&table->parser); /* after an error it stands in the middle of the row */
        csv_init(&table->parser, CSV_OPTIONS);
    }
    return table->error[0] == '\0';
}

static void take_name(void *cell, size_t length, void *arg)
{
    struct csv_table *table = arg;
    const char *name = cell;
    const ProtobufCFieldDescriptor *field =
        strlen(name) == length ? protobuf_c_message_descriptor_get_field_by_name(table->type, name) : NULL;

    table->n_cells++;
    if (table->error[0] != '\0')
        return; /* or each of a MiB of names that stand twice would be looked for among all of them */
    for (size_t i = 0; i < table->n_columns && field != NULL; i++) {
        if (table->columns[i] == field)
            refuse(table, "the header names %s twice", field->name);
    }
    const ProtobufCFieldDescriptor **columns =
        realloc(table->columns, (table->n_columns + 1) * sizeof *table->columns);
    if (columns == NULL) {
        refuse(table, "out of memory");
        return;
    }
    columns[table->n_columns++] = field;
    table->columns = columns;
}

const char *csv_table_read_header(struct csv_table *table, const char *text, size_t length)
{
    if (!parse(table, text, length, take_name))
        return table->error;
    for (size_t i = 0; i < table->n_columns; i++) {
        if (table->columns[i] != NULL)
            return NULL;
    }
    refuse(table, "the first row names no field of %s; it is to be like \"%s,%s\"", table->type->short_name,
           table->type->fields[0].name, table->type->fields[table->type->n_fields > 1].name);
    return table->error;
}

static void take_value(void *cell, size_t length, void *arg)
{
    struct csv_table *table = arg;
    const size_t column = table->n_cells++;
    if (column >= table->n_columns || table->columns[column] == NULL || length == 0)
        return;
    json_t *value = json_stringn(cell, length);
    if (value == NULL)
        refuse(table, "%s: not UTF-8", table->columns[column]->name);
    else
        json_object_set_new(table->object, table->columns[column]->name, value);
}

json_t *csv_table_read_row(struct csv_table *table, const char *text, size_t length, const char **error)
{
    json_t *object = json_object();
    table->object = object;
    if (parse(table, text, length, take_value) && table->n_cells != table->n_columns)
        refuse(table, "%zu cells where the header has %zu", table->n_cells, table->n_columns);
    if (table->error[0] == '\0')
        return object;
    json_decref(object);
    *error = table->error;
    return NULL;
}
