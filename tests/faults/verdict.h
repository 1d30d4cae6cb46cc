/* verdict.h: journals held against what is stored. */
#ifndef FAULTS_VERDICT_H
#define FAULTS_VERDICT_H

#include "journal.h"

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

/* An order as it is stored. */
struct stored {
    char order_id[JOURNAL_TEXT];
    struct state state;
};

/* Every acknowledged write is there once, every write that was refused left nothing, and one without an
 * answer is there once or not at all. `stored` is by order_id, in strcmp's order. Every breach is a
 * violation. */
void verdict_on_orders(const struct journal journals[], size_t n, const struct stored stored[],
                       size_t n_stored);

/* Reads all orders; to be freed. Ends the process when it cannot. */
struct stored *verdict_read_orders(PGconn *database, size_t *n);

/* The record of a write in doubt says the same as the order: made once, and recorded in the same transaction.
 */
void verdict_on_records(const struct journal journals[], size_t n, PGconn *database);

/* The rollup is what a full aggregation is. */
void verdict_on_summary(PGconn *database);

#endif
