/* schema.h: whether the database has the schema this program was built for. */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

/* Asks for the last change that Sqitch deployed. */
#define SCHEMA_SQL \
    "SELECT change FROM sqitch.changes WHERE project = 'orders' ORDER BY committed_at DESC LIMIT 1"

#define FOLD_FUNCTION "to_regprocedure('order_rollup_fold(bigint,bigint)')"

/* A trigger of ours that does not run, or not in sessions that apply what another database has, in a few
 * words for anybody; or null. What is written then is not counted, or keeps its etag. All are to run in those
 * sessions too, or there alone, but for orders_touch_room: see order_rollup_arm() in migrations/deploy. */
#define DISABLED_TRIGGER_SQL                                                                            \
    "(SELECT format('trigger %s of table %s is disabled%s: tools/migrate --recount', tgname, relname, " \
    "CASE tgenabled WHEN 'O' THEN ' in replica sessions' END) "                                         \
    "FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid JOIN pg_proc ON pg_proc.oid = tgfoid "     \
    "WHERE tgrelid IN (to_regclass('orders'), to_regclass('order_rollup')) AND NOT tgisinternal "       \
    "AND proname ~ '^(order_rollup|orders_touch)' "                                                     \
    "AND (tgenabled = 'D' OR tgenabled = 'O' AND proname <> 'orders_touch_room') ORDER BY tgname LIMIT 1)"

/* Asks whether the server takes writes, and for a table, a function or a right that is missing, or rows that
 * are hidden: in a few words for anybody, or null. The rights are those of migrations/grants.sql. And which
 * process answers, and what is wrong while it can serve. */
#define ACCESS_SQL                                                                                        \
    "SELECT pg_is_in_recovery(), current_setting('transaction_read_only')::boolean, "                     \
    "coalesce((SELECT CASE WHEN to_regclass(name) IS NULL THEN 'table ' || name || ' is missing' "        \
    "ELSE 'no right to ' || privilege || ' on table ' || name END FROM (VALUES "                          \
    "('orders', NULL, 'SELECT'), ('orders', NULL, 'INSERT'), ('orders', NULL, 'DELETE'), "                \
    "('orders', 'customer_id', 'UPDATE'), ('orders', 'order_date', 'UPDATE'), "                           \
    "('orders', 'total_amount', 'UPDATE'), ('orders', 'currency', 'UPDATE'), "                            \
    "('orders', 'status', 'UPDATE'), ('orders', 'updated_at', 'UPDATE'), "                                \
    "('idempotency', NULL, 'SELECT'), ('idempotency', NULL, 'INSERT'), ('idempotency', NULL, 'DELETE'), " \
    "('order_rollup', NULL, 'SELECT')) AS needed (name, col, privilege) "                                 \
    "WHERE to_regclass(name) IS NULL OR NOT CASE WHEN col IS NULL "                                       \
    "THEN has_table_privilege(to_regclass(name), privilege) "                                             \
    "ELSE has_column_privilege(to_regclass(name), col, privilege) END LIMIT 1), "                         \
    "CASE WHEN " FOLD_FUNCTION " IS NULL THEN 'function order_rollup_fold is missing' "                   \
    "WHEN NOT has_function_privilege(" FOLD_FUNCTION ", 'EXECUTE') "                                      \
    "THEN 'no right to EXECUTE function order_rollup_fold' END, "                                         \
    "(SELECT 'row level security hides rows of table ' || name "                                          \
    "FROM (VALUES ('orders'), ('idempotency'), ('order_rollup')) AS needed (name) "                       \
    "WHERE row_security_active(to_regclass(name)) LIMIT 1)), "                                            \
    "pg_backend_pid(), " DISABLED_TRIGGER_SQL

enum { SCHEMA_NAME = 128 }; /* room for a change's name, which is cut there, and its NUL */

/* Whether SCHEMA_SQL's result is right, and which change it names; "nothing" when none. */
bool schema_check(const PGresult *result, char deployed[static SCHEMA_NAME]);

/* Why a database at that change cannot be used, in a few words for anybody. */
void schema_explain(const char *deployed, char *why, size_t why_size);

/* The same for who starts the program: which setting it is about, and which command mends it. */
void schema_advise(const char *deployed, char *why, size_t why_size);

#endif
