/* purge.h: forgets the answers to writes that are older than they are to be kept.
 *
 * A thread asks for one small step a second: the old rows of some pages of the table, and the next pages the
 * next time, so that the whole table is walked in half an hour at most. No write ever waits for it, and no
 * index on the time has to be kept up with every write. Servers that share a database each do so, from pages
 * of their own.
 */
#ifndef STORE_PURGE_H
#define STORE_PURGE_H

#include "base/metrics.h"
#include "store/operation.h"
#include "store/params.h"
#include "store/queue.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* $1: the first page; $2: how many; $3: the age in seconds. */
#define PURGE_SQL                                                                         \
    "WITH gone AS (DELETE FROM idempotency WHERE ctid >= format('(%s,0)', $1)::tid "      \
    "AND ctid < format('(%s,0)', $1 + $2)::tid "                                          \
    "AND answered_at < now() - make_interval(secs => $3::double precision) RETURNING 1) " \
    "SELECT pg_relation_size('idempotency') / current_setting('block_size')::bigint, count(*) FROM gone"

struct purge {
    pthread_t thread;
    struct queue *queue; /* of the lane's worker */
    uint32_t ttl_s;
    struct metric *purged; /* counts what was forgotten; may be NULL */

    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t changed;
    bool stop;
    bool under_way; /* a step, which has what is below to itself */

    int64_t page; /* where the next step begins */
    int64_t pages;
    struct call call;
    struct operation operation;
};

/* The queue must outlive it. False: errno says why. */
bool purge_start(struct purge *purge, struct queue *queue, uint32_t ttl_s, struct metric *purged);

/* After it no step is begun; one that is under way ends with the lane's worker. */
void purge_stop(struct purge *purge);

/* Once the lane's worker is gone. */
void purge_free(struct purge *purge);

/* For the table of statements. */
void purge_encode(struct params *params, struct operation *const operations[], size_t n);
void purge_take_result(struct operation *operation, const PGresult *result, struct arena *arena);

#endif
