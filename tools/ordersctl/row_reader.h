/* row_reader.h: a file of rows, read as it comes in.
 *
 * Takes a JSON array (or JSON values one after the other), NDJSON, or CSV with a header, packed and encoded
 * as text_decoder.h has it. A member that stands twice in an object makes it malformed. Keeps no more than
 * the row being read, which is bounded; a row that is malformed is told with its line, and reading goes on
 * behind it. Of CSV a last row without a line break is malformed, unless its last cell is whole by the
 * subject: of what was cut off in it, nothing else tells. A byte order mark in front of a row is skipped, as
 * of files that were put together.
 */
#ifndef ORDERSCTL_ROW_READER_H
#define ORDERSCTL_ROW_READER_H

#include "csv_table.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum { ROW_MAX_BYTES = 1 << 20 };

/* The error of a row of CSV that the file ends in without a line break. */
#define ROW_CUT                                                                                           \
    "the file ends without a line break, and may have been cut off in this row; when it is whole, add a " \
    "line "                                                                                               \
    "break"

enum row_format {
    ROWS_BY_CONTENT, /* finds out: "[" opens an array, "{" NDJSON or, at the end of its line, JSON; else CSV
                      */
    ROWS_JSON,
    ROWS_NDJSON,
    ROWS_CSV,
};

struct row {
    size_t line;        /* where it starts, from 1 */
    const json_t *json; /* any value; NULL when malformed */
    const char *error;  /* why it is malformed; holds parts of the row as they are */
    const char *text;   /* the row itself, as UTF-8 when it is that; NULL: it is too long, or none */
    size_t length;
};

/* Takes a row; what it points to is the reader's. */
typedef void row_fn(const struct row *row, void *arg);

struct row_reader;

/* The subject says what CSV's header may name; it is the caller's and outlives the reader. NULL when out of
 * memory. */
struct row_reader *row_reader_new(enum row_format format, const struct row_subject *subject, row_fn *on_row,
                                  void *arg);
void row_reader_free(struct row_reader *reader);

/* What the file is; ROWS_BY_CONTENT before its first row. */
enum row_format row_reader_format(const struct row_reader *reader);

/* CSV's header as it stands in the file, and what separates its cells; NULL before it was read. */
const char *row_reader_header(const struct row_reader *reader, size_t *length, char *delimiter);

/* The columns that are ignored, as a list of some of their names; "": none is. */
const char *row_reader_ignored(const struct row_reader *reader);

/* How many rows of CSV had nothing but empty cells, as spreadsheets leave them, and were passed over. */
size_t row_reader_empty_rows(const struct row_reader *reader);

/* Reads on, with any part of the file; on_row is called for each row that ends in it. False: nothing can be
 * read of this file, as the last call of on_row said. */
bool row_reader_feed(struct row_reader *reader, const char *bytes, size_t length);

/* The file ends here: reads what is left. */
bool row_reader_finish(struct row_reader *reader);

#endif
