/* idempotency.h: writes that have an effect once, however often their request is sent.
 *
 * What a write is answered is recorded under its request_id in the transaction that makes it; the same
 * request sent again gets the record and changes nothing. Two at once, on two servers perhaps: the one that
 * comes second waits for the first to commit, is undone by the table's primary key, and tried again, when it
 * finds the record.
 *
 * One run of a statement serves a batch, in which no two writes have an order or a request_id in common.
 */
#ifndef STORE_IDEMPOTENCY_H
#define STORE_IDEMPOTENCY_H

#include "store/operation.h"
#include "store/row.h"

#include <libpq-fe.h>
#include <stdbool.h>

/* The three common table expressions every write begins with: what is asked, what of it was answered before,
 * and what is to be done. The arguments are the parameters and the columns they are. A record of the same
 * request_id with another fingerprint counts whatever its part, or a batch could grow under one id. OFFSET 0
 * keeps the lookup one by index, row by row, whatever the table looked like when the statement was planned.
 */
#define IDEMPOTENT_GIVEN(arrays, columns)                                                                   \
    "WITH given AS (SELECT * FROM unnest(" arrays ") AS g (" columns ", request_id, part, fingerprint)), "  \
    "seen AS (SELECT g.order_id, CASE WHEN i.fingerprint = g.fingerprint THEN i.code ELSE 9 END AS code, "  \
    "i.id, "                                                                                                \
    "i.customer_id, i.order_date, i.total_amount, i.currency, i.status, i.created_at, i.updated_at "        \
    "FROM given AS g CROSS JOIN LATERAL (SELECT * FROM idempotency AS r WHERE r.request_id = g.request_id " \
    "AND (r.part = g.part OR r.fingerprint <> g.fingerprint) LIMIT 1 OFFSET 0) AS i), "                     \
    "fresh AS (SELECT * FROM given AS g WHERE NOT EXISTS (SELECT FROM seen AS s WHERE s.order_id = "        \
    "g.order_id)), "

#define IDEMPOTENT_ORDERS                                                                                \
    IDEMPOTENT_GIVEN("$1::text[], $2::text[], $3::timestamptz[], $4::bigint[], $5::text[], $6::text[], " \
                     "$7::text[], $8::bigint[], $9::bigint[]",                                           \
                     "order_id, customer_id, order_date, total_amount, currency, status")

/* order_date is recorded, since a request that has none gets the time at which it came. */
#define IDEMPOTENT_CREATE_SQL                                                                            \
    IDEMPOTENT_ORDERS                                                                                    \
    "done AS (INSERT INTO orders (order_id, customer_id, order_date, total_amount, currency, status) "   \
    "SELECT order_id, customer_id, order_date, total_amount, currency, status FROM fresh "               \
    "ON CONFLICT DO NOTHING RETURNING order_id, id, created_at, updated_at, order_date), "               \
    "recorded AS (INSERT INTO idempotency (request_id, part, fingerprint, code, id, created_at, "        \
    "updated_at, "                                                                                       \
    "order_date) SELECT f.request_id, f.part, f.fingerprint, CASE WHEN d.id IS NULL THEN 6 ELSE 0 END, " \
    "d.id, "                                                                                             \
    "d.created_at, d.updated_at, d.order_date FROM fresh AS f LEFT JOIN done AS d USING (order_id) "     \
    "WHERE f.request_id IS NOT NULL) "                                                                   \
    "SELECT order_id, id, created_at, updated_at, order_date, NULL::bigint FROM done "                   \
    "UNION ALL SELECT order_id, id, created_at, updated_at, order_date, code FROM seen"

/* updated_at moves even where the clock stands still or goes back. */
#define IDEMPOTENT_UPDATE_SQL                                                                      \
    IDEMPOTENT_ORDERS                                                                              \
    "done AS (UPDATE orders AS o SET customer_id = coalesce(f.customer_id, o.customer_id), "       \
    "order_date = coalesce(f.order_date, o.order_date), "                                          \
    "total_amount = coalesce(f.total_amount, o.total_amount), "                                    \
    "currency = coalesce(f.currency, o.currency), status = coalesce(f.status, o.status), "         \
    "updated_at = greatest(clock_timestamp(), o.updated_at + interval '1 microsecond') "           \
    "FROM fresh AS f WHERE o.order_id = f.order_id RETURNING " ROW_ORDER_COLUMNS "), "             \
    "recorded AS (INSERT INTO idempotency (request_id, part, fingerprint, code, id, customer_id, " \
    "order_date, "                                                                                 \
    "total_amount, currency, status, created_at, updated_at) "                                     \
    "SELECT f.request_id, f.part, f.fingerprint, CASE WHEN d.id IS NULL THEN 5 ELSE 0 END, d.id, " \
    "d.customer_id, "                                                                              \
    "d.order_date, d.total_amount, d.currency, d.status, d.created_at, d.updated_at "              \
    "FROM fresh AS f LEFT JOIN done AS d USING (order_id) WHERE f.request_id IS NOT NULL) "        \
    "SELECT " ROW_ORDER_COLUMNS ", NULL::bigint FROM done AS o "                                   \
    "UNION ALL SELECT " ROW_ORDER_COLUMNS ", o.code FROM seen AS o"

#define IDEMPOTENT_REMOVE_SQL                                                                     \
    IDEMPOTENT_GIVEN("$1::text[], $2::text[], $3::bigint[], $4::bigint[]", "order_id")            \
    "done AS (DELETE FROM orders AS o USING fresh AS f WHERE o.order_id = f.order_id RETURNING "  \
    "o.order_id), "                                                                               \
    "recorded AS (INSERT INTO idempotency (request_id, part, fingerprint, code) "                 \
    "SELECT f.request_id, f.part, f.fingerprint, CASE WHEN d.order_id IS NULL THEN 5 ELSE 0 END " \
    "FROM fresh AS f LEFT JOIN done AS d USING (order_id) WHERE f.request_id IS NOT NULL) "       \
    "SELECT order_id, NULL::bigint FROM done UNION ALL SELECT order_id, code FROM seen"

/* Where the code is that was recorded; null: the write was made now. */
enum { CREATED_CODE_COLUMN = 5, UPDATED_CODE_COLUMN = 9, REMOVED_CODE_COLUMN = 1 };

/* The id under which a write is recorded; NULL: its caller gave none, and it is not. */
const char *idempotency_key(const struct operation *operation);

/* Reads whether the row is a record. False: the operation has its outcome, and no answer is to be read. */
bool idempotency_take(struct operation *operation, const PGresult *result, int row, int code_column);

/* What is said with a code that the store gives of itself. Static. */
const char *store_message(enum status_code code);

#endif
