/* import_upsert.h: what is left to do behind a batch of an import with --upsert: the rows whose orders are
 * there already, or can only be such. */
#ifndef ORDERSCTL_IMPORT_UPSERT_H
#define ORDERSCTL_IMPORT_UPSERT_H

#include "batches.h"
#include "outcome.h"

struct import_upsert {
    struct session *session;
    struct interrupt *interrupt;
    const struct batch_terms *terms;
    const struct batch_result *batch; /* with a response */
    bool resumed;                     /* the run began earlier */
    struct arena *arena;

    /* Out. */
    struct row_outcome *rows; /* one for each of the batch, in the arena */
    struct status failure; /* not STATUS_OK: it stopped, as all that was left would have failed so, and what
                              became of the rows is not told */
    bool unreachable;      /* of the failure: no server was connected */

    /* Its own. */
    bool again; /* an earlier run may have come to the batch */
};

struct row_outcome {
    const char *refusal; /* NULL: all went well */
    enum outcome_kind kind;
    struct order_changes changes; /* of an update */
};

/* Does it, and waits until it is done, whatever signal comes. */
void import_upsert(struct import_upsert *upsert);

#endif
