/* journal.h: how far an import of a file has come, kept in a file beside it, so that it can go on after any
 * end.
 *
 * FILE.ordersctl-resume is there before the first order is sent, and goes when all rows were taken. It holds
 * the name of the run, under which each batch has a request_id of its own (batches.h), and the rows up to
 * which every batch was answered. What was sent behind them is sent again under the same ids: the service
 * answers what it stored with its record, and stores what it has not. So the journal may be behind, and no
 * line of it but the first need be on the disk for an order to be there once.
 *
 *   ordersctl-import 3 RUN SIZE MTIME SERVICE OPTIONS
 *   ROWS IMPORTED REFUSED UPDATED UNCHANGED SUM
 *
 * SIZE and MTIME, in bytes and seconds.nanoseconds, are those of the file as it was; SERVICE is whom the
 * orders were sent to, as another has none of them; OPTIONS say how rows were taken, as otherwise ids would
 * be of other rows. Of the lines behind the first one the last counts. One of fewer numbers, of an
 * older ordersctl, has none of the others. SUM tells a file that was changed without a change of its size and
 * its time.
 */
#ifndef ORDERSCTL_JOURNAL_H
#define ORDERSCTL_JOURNAL_H

#include "base/arena.h"
#include "base/uuid.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

struct journal_counts {
    size_t rows;     /* from the file's begin on, that need not be looked at again */
    size_t imported; /* created */
    size_t refused;
    size_t updated; /* of an import with --upsert, as below */
    size_t unchanged;
    size_t sum; /* of the text of these rows, as import.c counts it; 0: not noted */
};

struct journal {
    int fd;     /* -1: none is kept */
    bool stuck; /* a line could not be written */
    const char *path;
    char run[UUID_TEXT];
    struct journal_counts counts; /* so far */
};

/* What is imported into what. */
struct journal_subject {
    const char *file;
    const struct stat *about; /* the file, as it was opened */
    const char *service;      /* its URLs, comma-separated, without a blank */
    const char *options;      /* what of the command line says how rows are taken */
};

enum journal_opening {
    JOURNAL_OPEN,
    JOURNAL_UNWRITABLE, /* none can be kept here: *error says why */
    JOURNAL_REFUSED,    /* *error says what is in the way */
};

/* Begins the journal of an import; or goes on with the one that is there. It is locked, so that no other
 * process imports the file. Strings are in the arena. */
enum journal_opening journal_open(struct journal *journal, const struct journal_subject *subject, bool resume,
                                  struct arena *arena, const char **error);

/* Notes that all batches of so many rows were answered. */
void journal_advance(struct journal *journal, const struct journal_counts *counts);

/* Closes it, and removes it unless it is to be gone on with. */
void journal_close(struct journal *journal, bool keep);

#endif
