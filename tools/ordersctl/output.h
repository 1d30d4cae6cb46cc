/* output.h: the formats of what goes to stdout or a file, and writing it so that no failure goes unseen. */
#ifndef ORDERSCTL_OUTPUT_H
#define ORDERSCTL_OUTPUT_H

#include "exit_code.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

enum output_format {
    OUTPUT_TABLE,  /* for people; money with its decimals */
    OUTPUT_JSON,   /* one document; money as the integer it is stored as, here and below */
    OUTPUT_NDJSON, /* a JSON document a line */
    OUTPUT_CSV,    /* RFC 4180, but for line ends: a header, then a line a row */
    OUTPUT_FORMATS,
};

/* The format of this name, "ndjson"; OUTPUT_FORMATS: none has it. */
enum output_format output_format_find(const char *name);

/* Writes one JSON document: over several lines, or for OUTPUT_NDJSON on one. Takes the reference. */
void output_json(FILE *file, enum output_format format, json_t *json);

/* Writes one cell of CSV, quoted where it must be. */
void output_csv_cell(FILE *file, const char *text);

/* Writes out what is buffered. False, and reported, when that or any write before failed (a full disk). When
 * nobody reads any more (`ordersctl list | head`) it ends the process as SIGPIPE does, without a word. */
bool output_flush(FILE *file, const char *name);

/* Flushes stdout at the end of a command that came to this exit code. */
enum exit_code output_end(enum exit_code code);

#endif
