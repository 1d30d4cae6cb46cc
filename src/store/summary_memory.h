/* summary_memory.h: a cache of the last summary, and how a server knows which days of it are out of date.
 *
 * The rollup (migrations/deploy/order_rollup_versions.sql) has a version for each slot, and every change of a
 * sum sets a later one, in the same transaction. The statement below is run with the versions that the cache
 * has. It returns, of one snapshot, which versions have changed, and the sums of the days that changed since,
 * or of all days where that cannot be told. So
 *
 * - what is answered is what the rollup adds up to in that snapshot: where a version is the same, nothing of
 *   its slot has changed, whoever may be writing meanwhile; and the days that did are read with it;
 * - the snapshot is taken after the call was asked, so it has every write that was answered before;
 * - when nothing has changed, no row comes, and the answer is the one that was given before, as it is.
 *
 * That holds for one session: with another one the memory begins anew (summary_memory_forget), since the
 * server that it leads to may have taken a write back, or not have it.
 *
 * It keeps up to SUMMARY_MEMORY_ROWS days and currencies (16 years of eleven), of which each takes some 32
 * bytes, 28 in the answer that is packed, and 75 in the one that is not, once a caller wants that. Beyond it
 * nothing is kept, and each run of the statement reads all of the rollup.
 *
 * Used by the thread of one worker. Answers live as long as a call holds them.
 */
#ifndef STORE_SUMMARY_MEMORY_H
#define STORE_SUMMARY_MEMORY_H

#include "base/shared_arena.h"
#include "store/operation.h"
#include "store/params.h"
#include "store/summary.h"
#include "store/summary_rows.h"

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SUMMARY_MEMORY_ROWS = 1 << 16,
    SUMMARY_MEMORY_SLOTS = 1024, /* there are 385; whoever writes by SQL may set others */
};

struct summary_version {
    int64_t slot, version;
};

/* One and the same message, in the memory of those that have it. */
struct summary_answer {
    struct shared_arena *arena; /* held; NULL: it is not made yet */
    const Orders__V1__OrderSummary *message;
};

/* Zeros: nothing is known. */
struct summary_memory {
    bool is_known;                    /* what is below is the summary of these versions */
    struct summary_version *versions; /* owned */
    size_t n_versions;
    struct summary_rows rows;
    struct summary_packed packed;  /* in the arena of the following */
    struct summary_answer to_pack; /* for who only packs it */
    struct summary_answer to_read;
};

void summary_memory_free(struct summary_memory *memory);

/* A session with the database is new. The argument is the memory. */
void summary_memory_forget(void *memory);

/* $1 and $2: the slots and the versions that are known. A row is of a slot whose version is another, with the
 * slot in the place of revenue and the version, null for none, in that of orders; or of a day and currency;
 * or of a day that has nothing any more. */
#define SUMMARY_SINCE_SQL                                                                                    \
    "WITH changed AS MATERIALIZED (SELECT slot, version, days, versions, known, "                            \
    "coalesce(known < since OR known > version, true) AS anew FROM "                                         \
    "(SELECT slot::bigint, version, since, days, versions FROM ONLY order_rollup_versions) AS v "            \
    "FULL JOIN unnest($1, $2) AS k (slot, known) USING (slot) WHERE version IS DISTINCT FROM known) "        \
    "SELECT NULL::date, NULL::text, slot, version, CASE WHEN anew THEN 1 ELSE 0 END FROM changed "           \
    "UNION ALL "                                                                                             \
    "SELECT moved.day, sums.currency, sums.revenue::bigint, sums.orders::bigint, CASE WHEN is_there THEN 2 " \
    "ELSE 3 END "                                                                                            \
    "FROM (SELECT DISTINCT c.day FROM changed, unnest(days, versions) AS c (day, version) "                  \
    "WHERE c.version > known) AS moved LEFT JOIN LATERAL (SELECT currency, sum(revenue) AS revenue, "        \
    "sum(orders) AS orders, true AS is_there FROM ONLY order_rollup AS r WHERE r.day = moved.day "           \
    "GROUP BY currency HAVING sum(orders) <> 0 OR sum(revenue) <> 0) AS sums ON true "                       \
    "WHERE NOT (SELECT bool_or(anew) FROM changed) "                                                         \
    "UNION ALL "                                                                                             \
    "SELECT day, currency, revenue::bigint, orders::bigint, 2 FROM (" SUMMARY_ROLLED ") AS rolled "          \
    "WHERE (SELECT bool_or(anew) FROM changed)"

/* For the table of statements; operation->summary is the memory. */
void summary_memory_encode(struct params *params, struct operation *const operations[], size_t n);
void summary_memory_take_result(struct operation *operation, const PGresult *result, struct arena *arena);
void summary_memory_give(struct operation *operation);

#endif
