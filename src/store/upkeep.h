/* upkeep.h: background walks over tables: they delete recorded answers that have expired, and merge the
 * rollup's slots (migrations/deploy/order_rollup_upkeep.sql).
 *
 * A thread runs one small step a second, each on the next few pages of the table, so that a walk takes half
 * an hour at most; after a failed step it waits a minute. No write waits for a step for more than a few
 * milliseconds, and no index has to be maintained for it. Servers that share a database each do so, starting
 * at different pages.
 */
#ifndef STORE_UPKEEP_H
#define STORE_UPKEEP_H

#include "base/metrics.h"
#include "store/operation.h"
#include "store/page_walk.h"
#include "store/queue.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct upkeep_options {
    const struct statement *step;
    struct queue *queue;   /* of the lane's worker; must outlive the walk */
    uint32_t ttl_s;        /* of PURGE_SQL */
    uint32_t rest_s;       /* between the end of a walk and the next one */
    struct metric *counts; /* rows that went; may be NULL */
};

struct upkeep {
    struct upkeep_options options;
    pthread_t thread;

    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t changed;
    bool stop;
    bool under_way; /* a step, which has what is below to itself */

    struct page_walk walk;
    uint64_t rest_until_ns; /* CLOCK_MONOTONIC */
    struct call call;
    struct operation operation;
};

/* False: errno says why, and there is nothing to stop or free. */
bool upkeep_start(struct upkeep *upkeep, const struct upkeep_options *options);

/* After it no step is begun; one that is under way ends with the lane's worker. */
void upkeep_stop(struct upkeep *upkeep);

/* Once the lane's worker is gone. */
void upkeep_free(struct upkeep *upkeep);

#endif
