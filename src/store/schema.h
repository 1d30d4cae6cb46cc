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

/* A trigger of ours that is missing or does not run, or not in sessions that apply what another database has,
 * or there alone, in a few words for anybody; or null. What is written then is not counted, or keeps its
 * etag. They are those of order_rollup_arm() in migrations/deploy, each with the states that will do. */
#define DISABLED_TRIGGER_SQL                                                                             \
    "(SELECT format('trigger %s of table %s is ', name, relation) || CASE tgenabled "                    \
    "WHEN 'D' THEN 'disabled: tools/migrate --recount' "                                                 \
    "WHEN 'O' THEN 'disabled in replica sessions: tools/migrate --recount' "                             \
    "WHEN 'R' THEN 'disabled but in replica sessions: tools/migrate --recount' ELSE 'missing' END "      \
    "FROM (VALUES ('orders', 'orders_touch', 'A'), ('orders', 'orders_touch_room', 'OA'), "              \
    "('orders', 'order_rollup_insert', 'A'), ('orders', 'order_rollup_update', 'A'), "                   \
    "('orders', 'order_rollup_delete', 'A'), ('orders', 'order_rollup_truncate', 'A'), "                 \
    "('orders', 'order_rollup_begin_statement', 'RA'), ('orders', 'order_rollup_end_statement', 'RA'), " \
    "('orders', 'order_rollup_row', 'RA'), ('order_rollup', 'order_rollup_leave_out', 'A')) "            \
    "AS wanted (relation, name, states) "                                                                \
    "LEFT JOIN pg_trigger ON tgrelid = to_regclass(relation) AND tgname = name "                         \
    "WHERE coalesce(strpos(states, tgenabled::text), 0) = 0 ORDER BY name LIMIT 1)"

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
    "(SELECT 'row level security is on for table ' || name "                                              \
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
