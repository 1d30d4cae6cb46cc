/* rejects.h: rows that were refused, in a file that can be corrected and imported again.
 *
 * Of CSV it has the file's own header and rows as they stood there, behind a column with the reason; else the
 * objects as NDJSON, with the reason as a member. What cannot stand there as it was (no JSON, a quote that is
 * not closed, a row longer than a row may be) stands there as text, and is refused again until it is
 * corrected.
 */
#ifndef ORDERSCTL_REJECTS_H
#define ORDERSCTL_REJECTS_H

#include "row_reader.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>

/* The name of the column or member; import passes it over. */
#define REJECT_REASON "reject_reason"

struct rejects {
    FILE *file; /* NULL: none is kept */
    const char *path;
    bool begun;   /* there are rows in it */
    bool checked; /* it is empty, or rejects_begin has looked */
    bool is_file;
    bool unsynced;
    int error; /* the errno of a row that could not be written; 0: none */
};

/* A row of the file that is being imported. */
struct reject {
    size_t line;
    const char *why;
    const char *text; /* the row as it stood there; NULL: it is too long */
    size_t length;
};

/* Makes the file, which is not to be there, unless it is a pipe or a device; or goes on with it. It must not
 * be the one that is imported. False, and reported: it is not to be. */
bool rejects_open(struct rejects *rejects, const char *path, bool go_on, const struct stat *imported);

/* Once the reader has read a header: a file that is gone on with is to be one of rows of the same kind, and
 * of a row of which only a part is in it, as whoever wrote it was killed, none is left. Called again it does
 * nothing. False, and reported: the file is another's. */
bool rejects_begin(struct rejects *rejects, const struct row_reader *reader);

/* Adds a row that the reader gave. A failure comes out with the next flush. */
void rejects_add(struct rejects *rejects, const struct row_reader *reader, const struct reject *reject);

/* Has what was added on the disk. False, and reported: it is not. */
bool rejects_flush(struct rejects *rejects);

/* As rejects_flush; and closes the file, or removes it when no row is in it. */
bool rejects_close(struct rejects *rejects);

#endif
