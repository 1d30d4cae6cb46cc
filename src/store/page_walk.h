/* page_walk.h: a walk over all pages of a table, some pages with each statement.
 *
 * While a step is under way, its operation owns the walk, as its closure_data. That is NULL when the step
 * took too long and was given up: its result is then ignored.
 */
#ifndef STORE_PAGE_WALK_H
#define STORE_PAGE_WALK_H

#include "store/operation.h"
#include "store/params.h"

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

/* A step's parameters begin with $1: the first page; $2: how many. Its result: how many pages the table has,
 * and how many rows went; of pages null: nothing was done, and the step is to be repeated. */

/* $3: the age in seconds. */
#define PURGE_SQL                                                                         \
    "WITH gone AS (DELETE FROM ONLY idempotency WHERE ctid >= format('(%s,0)', $1)::tid " \
    "AND ctid < format('(%s,0)', $1 + $2)::tid "                                          \
    "AND answered_at < now() - make_interval(secs => $3::double precision) RETURNING 1) " \
    "SELECT pg_relation_size('idempotency') / current_setting('block_size')::bigint, count(*) FROM gone"

#define FOLD_SQL "SELECT pages, folded FROM order_rollup_fold($1, $2)"

struct page_walk {
    int64_t page;   /* where the next step begins */
    int64_t pages;  /* of the table, as the last step found it */
    uint32_t ttl_s; /* of PURGE_SQL */
    int64_t rows;   /* that went in the last step */
    bool is_over;   /* the last step had the last page: the next one begins anew */
};

/* For the table of statements. */
void page_walk_encode_purge(struct params *params, struct operation *const operations[], size_t n);
void page_walk_encode_fold(struct params *params, struct operation *const operations[], size_t n);
void page_walk_take_result(struct operation *operation, const PGresult *result, struct arena *arena);

#endif
