/* import_state.h: an import under way, as the files import*.c share it: import.c reads the file and ends it,
 * import_rows.c makes orders of rows, import_results.c takes what the service answers of them. */
#ifndef ORDERSCTL_IMPORT_STATE_H
#define ORDERSCTL_IMPORT_STATE_H

#include "batches.h"
#include "id_set.h"
#include "import_arguments.h"
#include "import_counts.h"
#include "interrupt.h"
#include "journal.h"
#include "left_out.h"
#include "progress.h"
#include "rejects.h"
#include "row_reader.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { IMPORT_TOLD_ON_SCREEN = 10 }; /* refused rows */

struct import {
    struct session *session;
    const struct import_arguments *arguments;
    int fd;
    const char *name; /* of the file, for people */
    struct row_subject subject;
    struct rejects rejects;
    size_t told; /* refusals that are on the screen */
    struct row_reader *reader;
    struct batches *batches;
    struct batch_terms terms;
    struct journal journal;
    struct interrupt interrupt;
    struct progress progress;
    struct arena file_arena; /* of the journal's strings */
    struct arena arena;      /* of the row being read */
    uint64_t bytes_read;
    size_t rows; /* read */
    size_t sum;  /* of their text */
    struct import_counts counts;
    struct left_out left_out;
    struct id_set ids;   /* with --upsert: of the orders that came, each by its line */
    bool in_doubt;       /* a batch may be stored or not */
    enum exit_code code; /* not EXIT_OK: something failed, and no more is read */
};

/* No more is read, and the import ends with this code, unless another was first. */
void import_stop(struct import *import, enum exit_code code);

/* Whether there is a place where all refusals are but the screen. */
bool import_tells_few(const struct import *import);

/* Tells that a row is refused, on the screen while it is one of the first, and in the file of rejects. */
void import_tell_refusal(struct import *import, const struct reject *reject);

/* Takes a row of the reader's; `import` is the struct import. */
void import_take_row(const struct row *row, void *import);

/* Takes what became of a batch; likewise. */
void import_take_result(const struct batch_result *result, void *import);

#endif
