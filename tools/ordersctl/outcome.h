/* outcome.h: what became of an order, or would in a dry run: a line for people, an object or a row for
 * programs.
 *
 *   would be updated: status: pending -> shipped
 *   {"order_id":"A-1","outcome":"updated","dry_run":true,"changes":[...],"order":{...}}
 */
#ifndef ORDERSCTL_OUTCOME_H
#define ORDERSCTL_OUTCOME_H

#include "order_changes.h"
#include "orders/v1/orders.pb-c.h"
#include "output.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum outcome_kind { OUTCOME_CREATED, OUTCOME_UPDATED, OUTCOME_UNCHANGED, OUTCOME_DELETED, OUTCOME_KINDS };

struct outcome {
    const char *order_id;
    enum outcome_kind kind;
    bool dry_run;
    size_t line;                    /* of the file that it is from; 0: it is from none */
    struct order_changes changes;   /* of an update */
    const Orders__V1__Order *order; /* as it is now, or would be; NULL: not told */
};

struct outcome_writer {
    enum output_format format;
    bool alone; /* one outcome, which is an object by itself as OUTPUT_JSON */
    size_t n;
};

/* "updated". */
const char *outcome_name(enum outcome_kind kind);

/* In a line: "A-1: updated: status: pending -> shipped". */
const char *outcome_describe(const struct outcome *outcome, struct arena *arena);

/* As JSON. A new reference. */
json_t *outcome_to_json(const struct outcome *outcome);

/* They go to stdout. */
void outcome_write_begin(struct outcome_writer *writer, enum output_format format, bool alone);
void outcome_write(struct outcome_writer *writer, const struct outcome *outcome);
void outcome_write_end(struct outcome_writer *writer);

#endif
