/* csv_table.c: libcsv cuts a row into cells; the header says which field each of them is. */
#include "csv_table.h"

#include "plural.h"
#include "json/member_name.h"

#include <csv.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    CSV_OPTIONS = CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL,
    NAMES_TOLD = 5,   /* of columns that are unknown */
    SHOWN_BYTES = 60, /* of a name or a row in an error */
};

/* A column without a name, which is to have no values. */
static const ProtobufCFieldDescriptor nameless;

struct column {
    const ProtobufCFieldDescriptor *field; /* NULL: passed over; or &nameless */
    char *name;                            /* owned: as the header has it */
};

struct csv_table {
    const struct row_subject *subject;
    struct column *columns; /* owned */
    size_t n_columns;
    size_t n_unknown;
    size_t n_ignored, ignored_length;
    char ignored[(SHOWN_BYTES + 4) * NAMES_TOLD + 40]; /* a list of names */
    struct csv_parser parser;
    char delimiter; /* '\0': not known yet */
    bool changed;   /* another header came */

    /* The row being read. */
    size_t n_cells;
    size_t n_filled; /* of the cells; of the header: that name a field */
    size_t n_names;  /* of the cells: that are names of columns */
    size_t n_placed; /* of these: that stand where they are no values of a column that is passed over */
    size_t n_same;   /* of the cells: that another header like the first has there */
    json_t *object;
    size_t error_length;
    char error[1024]; /* "" while nothing is wrong with it */
};

struct csv_table *csv_table_new(const struct row_subject *subject)
{
    struct csv_table *table = calloc(1, sizeof *table);
    if (table == NULL || csv_init(&table->parser, CSV_OPTIONS) != 0) {
        free(table);
        return NULL;
    }
    table->subject = subject;
    return table;
}

void csv_table_free(struct csv_table *table)
{
    if (table == NULL)
        return;
    csv_free(&table->parser);
    for (size_t i = 0; i < table->n_columns; i++)
        free(table->columns[i].name);
    free(table->columns);
    free(table);
}

char csv_table_delimiter(const struct csv_table *table)
{
    return table->delimiter;
}

/* Adds to what is wrong with the row. */
__attribute__((format(printf, 2, 3))) static void refuse(struct csv_table *table, const char *format, ...)
{
    const size_t room = sizeof table->error - table->error_length;
    va_list args;
    va_start(args, format);
    const int length = vsnprintf(table->error + table->error_length, room, format, args);
    va_end(args);
    if (length > 0)
        table->error_length += (size_t)length < room ? (size_t)length : room - 1;
}

static void end_row(int terminator, void *arg)
{
    (void)terminator; /* the caller cuts rows: there is one */
    (void)arg;
}

typedef void take_cell_fn(void *cell, size_t length, void *table);

/* Gives each cell of one row to `take_cell`. False: table->error says why. */
static bool parse(struct csv_table *table, const char *text, size_t length, take_cell_fn *take_cell)
{
    table->n_cells = table->n_filled = table->n_names = table->n_placed = table->n_same = 0;
    table->error_length = 0;
    table->error[0] = '\0';
    csv_set_delim(&table->parser, (unsigned char)table->delimiter);
    if (csv_parse(&table->parser, text, length, take_cell, end_row, table) != length ||
        csv_fini(&table->parser, take_cell, end_row, table) != 0) {
        const int error = csv_error(&table->parser);
        table->error_length = table->n_unknown = 0;
        if (error == CSV_EPARSE)
            refuse(table, "not CSV: a quote is misplaced or missing in cell %zu", table->n_cells + 1);
        else
            refuse(table, "not CSV: %s", csv_strerror(error));
        csv_free(&table->parser); /* after an error it stands in the middle of the row */
        csv_init(&table->parser, CSV_OPTIONS);
    }
    return table->error[0] == '\0';
}

/* --- what separates cells --- */

bool csv_table_read_separator(struct csv_table *table, const char *text, size_t length)
{
    static const char name[] = "sep=";
    enum { NAME_LENGTH = sizeof name - 1 };
    if (length >= 2 && text[0] == '"' && text[length - 1] == '"') {
        text++;
        length -= 2;
    }
    if (table->delimiter != '\0' || length != NAME_LENGTH + 1 || strncasecmp(text, name, NAME_LENGTH) != 0)
        return false;
    const char separator = text[NAME_LENGTH];
    if (separator == '"' || !(ispunct((unsigned char)separator) || isblank((unsigned char)separator)))
        return false;
    table->delimiter = separator;
    return true;
}

/* The field that a header's cell names. */
static const ProtobufCFieldDescriptor *field_of(const struct csv_table *table, const char *name,
                                                size_t length)
{
    return strlen(name) == length ? member_name_find(table->subject->type, name) : NULL;
}

static void count_name(void *cell, size_t length, void *arg)
{
    struct csv_table *table = arg;
    if (table->n_cells++ < CSV_COLUMNS_MAX && length > 0)
        table->n_filled += field_of(table, cell, length) != NULL;
}

/* A comma, when nothing is better. */
static void find_delimiter(struct csv_table *table, const char *text, size_t length)
{
    static const char delimiters[] = {',', ';', '\t', '|'};
    size_t most = 0;
    char best = delimiters[0];
    for (size_t i = 0; i < sizeof delimiters; i++) {
        table->delimiter = delimiters[i];
        if (parse(table, text, length, count_name) && table->n_filled > most) {
            most = table->n_filled;
            best = delimiters[i];
        }
    }
    table->delimiter = best;
}

/* --- the header --- */

static bool is_remark(const struct csv_table *table, const char *name)
{
    return table->subject->remark != NULL && strcmp(name, table->subject->remark) == 0;
}

static void add_column(struct csv_table *table, const ProtobufCFieldDescriptor *field, const char *name)
{
    struct column *columns = realloc(table->columns, (table->n_columns + 1) * sizeof *columns);
    char *copy = strdup(name);
    if (columns != NULL)
        table->columns = columns;
    if (columns == NULL || copy == NULL) {
        free(copy);
        refuse(table, "out of memory");
        return;
    }
    struct column *column = &columns[table->n_columns++];
    column->field = field;
    column->name = copy;
}

static void add_field(struct csv_table *table, const ProtobufCFieldDescriptor *field, const char *name)
{
    for (size_t i = 0; i < table->n_columns; i++) {
        if (table->columns[i].field == field) {
            table->error_length = table->n_unknown = 0;
            refuse(table, "the header names %s twice", field->name);
        }
    }
    table->n_filled++;
    add_column(table, field, name);
}

/* Cuts its list short, so that the error has room for what stands behind it. */
static void refuse_unknown(struct csv_table *table, const char *name)
{
    const ProtobufCFieldDescriptor *guess = member_name_guess(table->subject->type, name);
    if (table->n_unknown++ >= NAMES_TOLD)
        return;
    refuse(table, "%s\"%.*s\"", table->n_unknown == 1 ? "the header has unknown columns: " : ", ",
           SHOWN_BYTES, name);
    if (guess != NULL)
        refuse(table, " (did you mean %s?)", guess->name);
}

static void take_name(void *cell, size_t length, void *arg)
{
    struct csv_table *table = arg;
    const struct row_subject *subject = table->subject;
    const ProtobufCFieldDescriptor *field = field_of(table, cell, length);
    table->n_cells++;
    if (table->error[0] != '\0' && table->n_unknown == 0)
        return; /* or each of a MiB of names that stand twice would be looked for among all of them */
    if (table->n_cells > CSV_COLUMNS_MAX) {
        table->error_length = table->n_unknown = 0;
        refuse(table, "the header has more than %d columns", CSV_COLUMNS_MAX);
    } else if (field != NULL) {
        add_field(table, field, cell);
    } else if (is_remark(table, cell)) {
        add_column(table, NULL, cell);
    } else if (length == 0) {
        add_column(table, &nameless, cell);
    } else {
        add_column(table, NULL, cell);
        if (subject->unknown == JSON_UNKNOWN_REFUSED)
            refuse_unknown(table, cell);
    }
}

bool csv_table_has_column(const struct csv_table *table, const ProtobufCFieldDescriptor *field)
{
    for (size_t i = 0; i < table->n_columns; i++) {
        if (table->columns[i].field == field)
            return true;
    }
    return false;
}

/* Of the columns that are to be ignored, refuses one that may be meant for a field that has no column, and
 * lists the others. */
static void take_ignored(void *cell, size_t length, void *arg)
{
    struct csv_table *table = arg;
    const struct row_subject *subject = table->subject;
    const ProtobufCFieldDescriptor *guess = member_name_guess(subject->type, cell);
    const size_t room = sizeof table->ignored - table->ignored_length;
    if (length == 0 || field_of(table, cell, length) != NULL || is_remark(table, cell))
        return;
    if (guess != NULL && !csv_table_has_column(table, guess)) {
        refuse_unknown(table, cell);
        return;
    }
    if (table->n_ignored++ >= NAMES_TOLD)
        return;
    const int written = snprintf(table->ignored + table->ignored_length, room, "%s\"%.*s\"",
                                 table->n_ignored == 1 ? "" : ", ", SHOWN_BYTES, (const char *)cell);
    table->ignored_length += written > 0 ? (size_t)written : 0;
}

static void find_ignored(struct csv_table *table, const char *text, size_t length)
{
    const size_t n_filled = table->n_filled;
    parse(table, text, length, take_ignored);
    table->n_filled = n_filled;
    if (table->n_ignored > NAMES_TOLD)
        snprintf(table->ignored + table->ignored_length, sizeof table->ignored - table->ignored_length,
                 " and %zu more", table->n_ignored - NAMES_TOLD);
}

const char *csv_table_ignored(const struct csv_table *table)
{
    return table->ignored;
}

/* What a header was that is none, as far as it is fit to be shown. */
static void refuse_header(struct csv_table *table, const char *text, size_t length)
{
    const ProtobufCMessageDescriptor *type = table->subject->type;
    const size_t shown = length < SHOWN_BYTES ? length : SHOWN_BYTES;
    table->error_length = 0;
    refuse(table, "the first row names no field of %s, it is \"%.*s\"%s; it is to be like \"%s,%s\"",
           type->short_name, (int)shown, text, shown < length ? "..." : "", type->fields[0].name,
           type->fields[type->n_fields > 1].name);
}

const char *csv_table_read_header(struct csv_table *table, const char *text, size_t length)
{
    if (table->delimiter == '\0')
        find_delimiter(table, text, length);
    table->n_unknown = 0;
    const bool taken = parse(table, text, length, take_name);
    if (!taken && table->n_unknown == 0)
        return table->error;
    if (taken && table->subject->unknown == JSON_UNKNOWN_IGNORED && table->n_filled > 0)
        find_ignored(table, text, length);
    if (table->n_filled == 0) {
        refuse_header(table, text, length);
    } else if (table->n_unknown > 0) {
        if (table->n_unknown > NAMES_TOLD)
            refuse(table, " and %zu more", table->n_unknown - NAMES_TOLD);
        if (table->subject->unknown == JSON_UNKNOWN_REFUSED)
            refuse(table, "; --ignore-unknown leaves them out");
        else
            refuse(table, "; a name that is like a field's is not ignored");
    }
    if (table->error[0] == '\0')
        return NULL;
    table->ignored[0] = '\0';
    return table->error;
}

/* --- rows --- */

/* Whether a cell is the name of a column: of its own, of a field or of the remark. A remark of its own may be
 * anything else, such as why the header was refused. `column` is NULL behind the last. */
static void look_for_name(struct csv_table *table, const char *cell, size_t length,
                          const struct column *column)
{
    const ProtobufCFieldDescriptor *named = field_of(table, cell, length);
    const bool is_own =
        column != NULL && ((named != NULL && named == column->field) ||
                           (strlen(column->name) == length && strcmp(column->name, cell) == 0));
    const bool is_name = length > 0 && (is_own || named != NULL || is_remark(table, cell));
    table->n_same += is_own || (column != NULL && named == NULL && is_remark(table, column->name));
    table->n_names += is_name;
    table->n_placed += is_name && (is_own || column == NULL || column->field != NULL);
}

static void take_value(void *cell, size_t length, void *arg)
{
    struct csv_table *table = arg;
    const size_t at = table->n_cells++;
    const struct column *column = at < table->n_columns ? &table->columns[at] : NULL;
    const ProtobufCFieldDescriptor *field = column != NULL ? column->field : NULL;
    table->n_filled += length > 0;
    look_for_name(table, cell, length, column);
    if (field == NULL)
        return;
    if (length == 0) {
        if ((field->type == PROTOBUF_C_TYPE_MESSAGE || field->type == PROTOBUF_C_TYPE_ENUM) &&
            field != &nameless)
            json_object_set_new(table->object, field->name, json_null());
        return;
    }
    const bool has_nul = memchr(cell, '\0', length) != NULL; /* behind which a reader may see nothing */
    json_t *value = field != &nameless && !has_nul ? json_stringn(cell, length) : NULL;
    if (value != NULL)
        json_object_set_new(table->object, field->name, value);
    else if (table->error[0] != '\0')
        return;
    else if (field == &nameless)
        refuse(table, "cell %zu is not empty, and its column has no name", at + 1);
    else
        refuse(table, "%s: %s", field->name, has_nul ? "there is a NUL in it" : "not UTF-8");
}

/* A file that was put behind another begins with its header. A row is one when two of its cells, wherever
 * they are, are names of columns, unless all that are may be values of columns that are passed over. */
static void refuse_second_header(struct csv_table *table)
{
    enum { NAMES = 2 };
    if (table->n_names < NAMES || table->n_placed == 0)
        return;
    table->changed = table->n_same < table->n_columns || table->n_cells != table->n_columns;
    table->error_length = 0;
    if (table->changed)
        refuse(table, "another header, as of a file that was put behind this one: what follows has other "
                      "columns; make it a file of its own");
    else
        refuse(table, "the header again, as of a file that was put behind this one");
}

bool csv_table_is_changed(const struct csv_table *table)
{
    return table->changed;
}

json_t *csv_table_read_row(struct csv_table *table, const char *text, size_t length, const char **error)
{
    json_t *object = json_object();
    table->object = object;
    const bool parsed = parse(table, text, length, take_value);
    const bool empty = parsed && table->n_filled == 0;
    if (parsed)
        refuse_second_header(table);
    if (parsed && !empty && table->error[0] == '\0' && table->n_cells != table->n_columns)
        refuse(table, "%zu cell%s where the header has %zu", table->n_cells, plural(table->n_cells),
               table->n_columns);
    if (table->error[0] == '\0' && !empty)
        return object;
    json_decref(object);
    *error = empty ? NULL : table->error;
    return NULL;
}

bool csv_table_ends_whole(const struct csv_table *table, const json_t *row)
{
    const ProtobufCFieldDescriptor *last = table->columns[table->n_columns - 1].field;
    if (table->subject->is_whole == NULL || last == NULL || last == &nameless)
        return false;
    const char *value = json_string_value(json_object_get(row, last->name));
    return value != NULL && table->subject->is_whole(last, value);
}
