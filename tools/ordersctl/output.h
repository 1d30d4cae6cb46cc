/* output.h: the formats of what goes to stdout or a file, and writing it so that no failure goes unseen. */
#ifndef ORDERSCTL_OUTPUT_H
#define ORDERSCTL_OUTPUT_H

#include "base/arena.h"
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

/* Takes what --output says: the name of a format, "ndjson"; or "template=TEXT", by which each document that
 * OUTPUT_NDJSON writes on a line is written instead (template.h), for the whole process; or "name", the
 * template of the order_id. NULL, or what is wrong, in the arena. */
const char *output_choose(const char *text, enum output_format *format, struct arena *arena);

/* The same for a template alone, "{{.order_id}}". */
const char *output_choose_template(const char *text, enum output_format *format, struct arena *arena);

/* Whether OUTPUT_NDJSON is written by a template; and whether by that of "name". */
bool output_has_template(void);
bool output_is_name(void);

/* NULL, or what that template, if there is one, cannot write of such a document, in the arena. */
const char *output_check(json_t *document, struct arena *arena);

/* Writes one JSON document: over several lines, or for OUTPUT_NDJSON on one, or by the template. Takes the
 * reference. One that the template does not fit is reported, and makes output_flush fail. */
void output_json(FILE *file, enum output_format format, json_t *json);

/* Writes one cell of CSV, quoted where it must be. */
void output_csv_cell(FILE *file, const char *text);

/* A line that a program reads ends here. Writes out what is buffered before the buffer would have to be cut
 * within a line: a pipe takes so little whole, so that what a reader has of a process that was killed ends
 * with a line, unless one is longer than 2 KiB. */
void output_end_line(FILE *file);

/* Writes out what is buffered. False, and reported, when that or any write before failed (a full disk). When
 * nobody reads any more (`ordersctl list | head`) it ends the process as SIGPIPE does, without a word. */
bool output_flush(FILE *file, const char *name);

/* Flushes stdout at the end of a command that came to this exit code. */
enum exit_code output_end(enum exit_code code);

#endif
