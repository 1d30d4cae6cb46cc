/* import_counts.h: what became of the rows of an import, told when it ends; and, of an import with --upsert,
 * each update, as it is made. */
#ifndef ORDERSCTL_IMPORT_COUNTS_H
#define ORDERSCTL_IMPORT_COUNTS_H

#include "outcome.h"
#include "output.h"

#include <stdbool.h>
#include <stddef.h>

struct import_counts {
    enum output_format format;
    bool upsert;
    bool dry_run;       /* what is counted would be done */
    bool tells_changes; /* also as OUTPUT_TABLE */

    size_t created; /* "imported", without --upsert */
    size_t updated;
    size_t unchanged;
    size_t refused_here;  /* as what they are to the reader */
    size_t refused_there; /* by the service; with all those that the journal had */
    size_t skipped;       /* empty rows */

    size_t updates_told; /* the writer's */
};

size_t import_counts_done(const struct import_counts *counts);
size_t import_counts_refused(const struct import_counts *counts);

/* "3 orders imported, 0 rows refused"; "1 order created, 2 updated, 0 unchanged, 0 rows refused". */
const char *import_counts_describe(const struct import_counts *counts, struct arena *arena);

/* Counts an order, and tells of an update on stdout where that is wanted. */
void import_counts_add(struct import_counts *counts, const struct outcome *outcome);

/* Writes them to stdout; for people only if all came to its end. */
void import_counts_write(const struct import_counts *counts, bool complete);

#endif
