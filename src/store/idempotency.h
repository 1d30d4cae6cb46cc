/* idempotency.h: writes that have an effect once, however often their request is sent.
 *
 * The answer to a write is recorded under its principal and request_id in the transaction of the write; the
 * same request sent again gets the record and changes nothing. The same id of another principal is another
 * request. When two are under way at once, perhaps on two servers, the second waits for the first to commit,
 * fails on the table's primary key, and is tried again, when it finds the record.
 *
 * One run of a statement serves a batch, in which no two writes have an order in common, or a request_id of
 * one principal.
 *
 * Most batches have no request that was answered before, and create no order that exists. So a write has a
 * second, optimistic statement, which looks for neither: where there is a record or an order, it fails on the
 * primary key of the records or on the unique constraint of order_id, and then the first statement is run.
 * Every request_id has a record of part 0, which is made before those of other parts (store/create_many.h),
 * so that the key finds a request_id that was used with another fingerprint, too.
 */
#ifndef STORE_IDEMPOTENCY_H
#define STORE_IDEMPOTENCY_H

#include "store/operation.h"

#include <libpq-fe.h>
#include <stdbool.h>

/* A write is one statement of common table expressions, of which IDEMPOTENT_LOOKED_UP makes the first: what
 * is asked, what of it was answered before, and what is to be done. The arguments are the parameters and the
 * columns they are. A record of the same principal and request_id with another fingerprint counts whatever
 * its part, or a batch could grow under one id. OFFSET 0 keeps a lookup one by index, row by row, whatever
 * the table looked like when the statement was planned. */
#define IDEMPOTENT_LOOKED_UP(arrays, columns)                                                              \
    "WITH given AS (SELECT * FROM unnest(" arrays ") AS g (" columns                                       \
    ", principal, request_id, part, fingerprint)), "                                                       \
    "seen AS (SELECT g.order_id, CASE WHEN i.fingerprint = g.fingerprint THEN i.code ELSE 9 END AS code, " \
    "i.id, i.customer_id, i.order_date, i.total_amount, i.currency, i.status, i.created_at, i.updated_at " \
    "FROM given AS g CROSS JOIN LATERAL (SELECT * FROM ONLY idempotency AS r WHERE r.principal = "         \
    "g.principal "                                                                                         \
    "AND r.request_id = g.request_id AND (r.part = g.part OR r.fingerprint <> g.fingerprint) LIMIT 1 "     \
    "OFFSET 0) AS i), "                                                                                    \
    "fresh AS (SELECT * FROM given AS g WHERE NOT EXISTS (SELECT FROM seen AS s WHERE s.order_id = "       \
    "g.order_id)), "

/* The same of an optimistic one: all that is asked is to be done. It is refused where one of the constraints
 * that it counts on is not there any more: it is parsed anew then, and there is no such relation. */
#define IDEMPOTENT_OPTIMISTIC(arrays, columns)                                                           \
    "WITH fresh AS (SELECT * FROM unnest(" arrays ") AS g (" columns                                     \
    ", principal, request_id, part, fingerprint) WHERE 'orders_order_id_key'::regclass IS NOT NULL AND " \
    "'idempotency_pkey'::regclass IS NOT NULL), "

/* Whether it was replayed. The session that made the write may have been ended while its commit waited for a
 * synchronous standby, so a replayed answer has to wait for the standby too. Only a transaction that writes
 * WAL waits: so where something is replayed, this one emits a message to the WAL, which nobody reads, once.
 */
#define IDEMPOTENT_REPLAYED "code <> 9 AND (SELECT pg_logical_emit_message(true, 'orders', '') IS NOT NULL)"

/* The next one, `done`, is the write's own: the rows it changed, each with its order_id as done_id. The last
 * ones record what became of each and answer it: the code is `failed` for what is not among them. `recorded`
 * and `answered` are the columns of an answer that a record keeps, and that a row gives. All that is done is
 * fresh; a row that is not `as_asked`, by a trigger, fails the statement, as else one of another order_id
 * would be stored and its request refused, and one of another amount be answered as it was sent. The join is
 * a full one because PostgreSQL makes that by hash, and a left one, of so few rows as it expects, by
 * comparing each with each. */
#define IDEMPOTENT_ANSWERED(failed, as_asked, recorded, answered)                                        \
    "outcome AS (SELECT f.order_id, f.principal, f.request_id, f.part, f.fingerprint, "                  \
    "CASE WHEN d.done_id IS NULL THEN " failed " ELSE 0 / (f.order_id IS NOT NULL" as_asked ")::int "    \
    "END::bigint AS code, d.* "                                                                          \
    "FROM fresh AS f FULL JOIN done AS d ON d.done_id = f.order_id), "                                   \
    "recorded AS (INSERT INTO idempotency (principal, request_id, part, fingerprint, code" recorded ") " \
    "SELECT principal, request_id, part, fingerprint, code" recorded " FROM outcome "                    \
    "WHERE request_id IS NOT NULL AND code >= 0 ORDER BY order_id) "                                     \
    "SELECT order_id, code, false" answered " FROM outcome"

/* What follows where records were looked up: the answers that came back. */
#define IDEMPOTENT_AND_SEEN(answered) \
    " UNION ALL SELECT order_id, code, " IDEMPOTENT_REPLAYED answered " FROM seen"

/* The code of a write that was neither made nor recorded, as another session has locked its order, or changed
 * it since the statement began. */
enum { IDEMPOTENT_LOCKED = -1 };

/* The same of a write without effect: a trigger that is not ours skipped the row, or another session has
 * created the order since the statement began, which the next attempt sees. */
enum { IDEMPOTENT_SKIPPED = -2, IDEMPOTENT_SKIPS_MOST = 8 };

/* The columns of every answer; what the write answers follows. */
enum {
    IDEMPOTENT_ORDER_ID_COLUMN,
    IDEMPOTENT_CODE_COLUMN,
    IDEMPOTENT_REPLAYED_COLUMN,
    IDEMPOTENT_ANSWER_COLUMN
};

/* The code when no order was created, and whether the created one is as it was sent. */
#define CREATE_FAILED                                                                                        \
    "CASE WHEN EXISTS (SELECT FROM ONLY orders AS o WHERE o.order_id = f.order_id OFFSET 0) THEN 6 ELSE -2 " \
    "END"
#define CREATE_AS_ASKED                                             \
    " AND (d.customer_id, d.total_amount, d.currency, d.status) = " \
    "(f.customer_id, f.total_amount, f.currency, f.status)"

/* order_date is recorded, as an order without one gets the time of its request. */
#define CREATE_ARRAYS                                                                   \
    "$1::text[], $2::text[], $3::timestamptz[], $4::bigint[], $5::text[], $6::text[], " \
    "$7::text[], $8::text[], $9::bigint[], $10::bigint[]"
#define CREATE_COLUMNS "order_id, customer_id, order_date, total_amount, currency, status"
#define CREATE_ANSWER  ", id, created_at, updated_at, order_date"
#define CREATE_ROWS    "done AS (INSERT INTO orders (" CREATE_COLUMNS ") SELECT " CREATE_COLUMNS " FROM fresh "
#define CREATE_DONE                                                                                        \
    "RETURNING order_id AS done_id" CREATE_ANSWER                                                          \
    ", customer_id, total_amount, currency, status), " IDEMPOTENT_ANSWERED(CREATE_FAILED, CREATE_AS_ASKED, \
                                                                           CREATE_ANSWER, CREATE_ANSWER)

#define IDEMPOTENT_CREATE_SQL                           \
    IDEMPOTENT_LOOKED_UP(CREATE_ARRAYS, CREATE_COLUMNS) \
    CREATE_ROWS "ON CONFLICT (order_id) DO NOTHING " CREATE_DONE IDEMPOTENT_AND_SEEN(CREATE_ANSWER)
#define OPTIMISTIC_CREATE_SQL IDEMPOTENT_OPTIMISTIC(CREATE_ARRAYS, CREATE_COLUMNS) CREATE_ROWS CREATE_DONE

/* Whether the order has the etag that was given; and what to say when a write changed none: that it was
 * skipped where it still is, has another etag, is not there, or is locked or was changed since the statement
 * began. */
#define ETAG_HOLDS "(f.etag_id IS NULL OR (o.id, o.updated_at) = (f.etag_id, f.etag_updated_at))"
#define ETAG_FAILED                                                                     \
    "CASE WHEN EXISTS (SELECT FROM held AS h WHERE h.order_id = f.order_id AND EXISTS " \
    "(SELECT FROM ONLY orders AS o WHERE o.ctid = h.place OFFSET 0)) THEN -2 ELSE "     \
    "coalesce((SELECT CASE WHEN " ETAG_HOLDS                                            \
    " THEN -1 ELSE 10 END FROM ONLY orders AS o WHERE o.order_id = f.order_id OFFSET 0), 5) END"

/* The next one, `held`: the orders to be changed, each locked as the change will. Those that another session
 * has locked are skipped, so that no write ever waits for an order. What is locked stays where it is, so the
 * change finds it there without an index; of one that was changed since the statement began that is a place
 * where it sees none. */
#define IDEMPOTENT_HELD(strength)                                                                            \
    "held AS (SELECT f.*, o.ctid AS place FROM fresh AS f JOIN ONLY orders AS o ON o.order_id = f.order_id " \
    "AND " ETAG_HOLDS " FOR " strength " OF o SKIP LOCKED), "

/* Whether the order already has all values of an update. */
#define UPDATE_HOLDS                                                                                  \
    "(coalesce(f.customer_id, o.customer_id), coalesce(f.order_date, o.order_date), "                 \
    "coalesce(f.total_amount, o.total_amount), coalesce(f.currency, o.currency), coalesce(f.status, " \
    "o.status)) = (o.customer_id, o.order_date, o.total_amount, o.currency, o.status)"

/* updated_at moves with every change, even where the clock stands still or goes back. An update that changes
 * nothing writes the row again as it is: its lock is what the comparison counts on. */
#define UPDATE_ARRAYS                                                                   \
    "$1::text[], $2::text[], $3::timestamptz[], $4::bigint[], $5::text[], $6::text[], " \
    "$7::bigint[], $8::timestamptz[], $9::text[], $10::text[], $11::bigint[], $12::bigint[]"
#define UPDATE_COLUMNS \
    "order_id, customer_id, order_date, total_amount, currency, status, etag_id, etag_updated_at"
#define UPDATE_RECORD ", id, customer_id, order_date, total_amount, currency, status, created_at, updated_at"
#define UPDATE_ANSWER \
    ", id, order_id, customer_id, order_date, total_amount, currency, status, created_at, updated_at"
#define UPDATE_DONE                                                                               \
    IDEMPOTENT_HELD("NO KEY UPDATE")                                                              \
    "done AS (UPDATE ONLY orders AS o SET customer_id = coalesce(f.customer_id, o.customer_id), " \
    "order_date = coalesce(f.order_date, o.order_date), "                                         \
    "total_amount = coalesce(f.total_amount, o.total_amount), "                                   \
    "currency = coalesce(f.currency, o.currency), status = coalesce(f.status, o.status), "        \
    "updated_at = CASE WHEN " UPDATE_HOLDS " THEN o.updated_at "                                  \
    "ELSE greatest(clock_timestamp(), o.updated_at + interval '1 microsecond') END "              \
    "FROM held AS f WHERE o.ctid = f.place RETURNING o.order_id AS done_id, "                     \
    "o.id, o.customer_id, o.order_date, o.total_amount, o.currency, o.status, o.created_at, "     \
    "o.updated_at), " IDEMPOTENT_ANSWERED(ETAG_FAILED, "", UPDATE_RECORD, UPDATE_ANSWER)

#define IDEMPOTENT_UPDATE_SQL \
    IDEMPOTENT_LOOKED_UP(UPDATE_ARRAYS, UPDATE_COLUMNS) UPDATE_DONE IDEMPOTENT_AND_SEEN(UPDATE_ANSWER)
#define OPTIMISTIC_UPDATE_SQL IDEMPOTENT_OPTIMISTIC(UPDATE_ARRAYS, UPDATE_COLUMNS) UPDATE_DONE

#define REMOVE_ARRAYS \
    "$1::text[], $2::bigint[], $3::timestamptz[], $4::text[], $5::text[], $6::bigint[], $7::bigint[]"
#define REMOVE_COLUMNS "order_id, etag_id, etag_updated_at"
#define REMOVE_DONE                                                                 \
    IDEMPOTENT_HELD("UPDATE")                                                       \
    "done AS (DELETE FROM ONLY orders AS o USING held AS f WHERE o.ctid = f.place " \
    "RETURNING o.order_id AS done_id), " IDEMPOTENT_ANSWERED(ETAG_FAILED, "", "", "")

#define IDEMPOTENT_REMOVE_SQL \
    IDEMPOTENT_LOOKED_UP(REMOVE_ARRAYS, REMOVE_COLUMNS) REMOVE_DONE IDEMPOTENT_AND_SEEN("")
#define OPTIMISTIC_REMOVE_SQL IDEMPOTENT_OPTIMISTIC(REMOVE_ARRAYS, REMOVE_COLUMNS) REMOVE_DONE

/* Records a request_id without a write, as a part that was refused: so it is claimed before the parts of the
 * request are written, each in a transaction of its own. */
#define IDEMPOTENT_CLAIM_SQL                                                                           \
    IDEMPOTENT_LOOKED_UP("$1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[]", "order_id") \
    "done AS (SELECT NULL::text AS done_id WHERE false), " IDEMPOTENT_ANSWERED("3", "", "", "")        \
        IDEMPOTENT_AND_SEEN("")

/* The id under which a write is recorded; NULL: its caller gave none, and it is not. */
const char *idempotency_key(const struct operation *operation);

/* Reads how the write ended. False: the operation has its outcome, and no answer is to be read. */
bool idempotency_take(struct operation *operation, const PGresult *result, int row);

/* The message of a code that the store itself gives. Static. */
const char *store_message(enum status_code code);

#endif
