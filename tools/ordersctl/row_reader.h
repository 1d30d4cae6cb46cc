/* row_reader.h: a file of rows, read as it comes in.
 *
 * Takes a JSON array (or JSON values one after the other), NDJSON, or CSV with a header. Keeps no more than
 * the row being read, which is bounded; a row that is malformed is told with its line, and reading goes on
 * behind it.
 */
#ifndef ORDERSCTL_ROW_READER_H
#define ORDERSCTL_ROW_READER_H

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

enum { ROW_MAX_BYTES = 1 << 20 };

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
};

/* Takes a row; what it points to is the reader's. */
typedef void row_fn(const struct row *row, void *arg);

struct row_reader;

/* A reader of rows that are messages of this type, which CSV needs to know what the header may name. NULL
 * when out of memory. */
struct row_reader *row_reader_new(enum row_format format, const ProtobufCMessageDescriptor *type,
                                  row_fn *on_row, void *arg);
void row_reader_free(struct row_reader *reader);

/* Reads on, with any part of the file; on_row is called for each row that ends in it. False: nothing can be
 * read of this file, as the last call of on_row said. */
bool row_reader_feed(struct row_reader *reader, const char *bytes, size_t length);

/* The file ends here: reads what is left. */
bool row_reader_finish(struct row_reader *reader);

#endif
