/* schema.c: compares Sqitch's registry with the last change of the plan, whose name the build passes in. */
#include "store/schema.h"
#include "store/session_settings.h"

#include <stdio.h>
#include <string.h>

const char schema_sql[] =
    "SELECT change FROM sqitch.changes WHERE project = 'orders' ORDER BY committed_at DESC LIMIT 1";

#define FOLD_FUNCTION "to_regprocedure('order_rollup_fold(bigint,bigint)')"

/* SQL, of rows wanted (relation, index, columns): the first unique index that is not there. One that is
 * deferrable, or of some rows alone, keeps nothing apart when a statement relies on it. Where index is null
 * any will do. */
#define INDEX_MISSING "format('table %s has no unique index%s on (%s)', relation, ' ' || index, columns)"
#define INDEX_IS_MISSING                                                                       \
    "AS wanted (relation, index, columns) WHERE NOT EXISTS (SELECT FROM pg_index "             \
    "JOIN pg_class ON pg_class.oid = indexrelid WHERE indrelid = to_regclass(relation) "       \
    "AND relname = coalesce(index, relname) AND indisunique AND indisvalid AND indimmediate "  \
    "AND indpred IS NULL AND indexprs IS NULL AND columns = (SELECT string_agg(attname, ', ' " \
    "ORDER BY attname) FROM pg_attribute WHERE attrelid = indrelid "                           \
    "AND attnum = ANY ((indkey::int2[])[0:indnkeyatts - 1]))) LIMIT 1"

/* The rights are those of migrations/grants.sql. The triggers are those of order_rollup_arm() in
 * migrations/deploy, each with the states that will do: A in all sessions, O not in those that apply what
 * another database has, R in those alone. tests/store/test_schema.c holds both lists against a database.
 * Every statement names our tables as ONLY, since what others derive from them has none of our keys and
 * triggers; of a table that is partitioned that is nothing. */
const char schema_access_sql[] =
    "SELECT pg_is_in_recovery() AS is_standby, "
    "current_setting('transaction_read_only')::boolean AS is_read_only, "
    "coalesce((SELECT format('database is in %s, UTF8 is wanted', getdatabaseencoding()) "
    "WHERE getdatabaseencoding() <> 'UTF8'), "
    "(SELECT CASE WHEN to_regclass(name) IS NULL THEN 'table ' || name || ' is missing' "
    "ELSE 'no right to ' || privilege || ' on table ' || name END FROM (VALUES "
    "('orders', NULL, 'SELECT'), ('orders', NULL, 'INSERT'), ('orders', NULL, 'DELETE'), "
    "('orders', 'customer_id', 'UPDATE'), ('orders', 'order_date', 'UPDATE'), "
    "('orders', 'total_amount', 'UPDATE'), ('orders', 'currency', 'UPDATE'), "
    "('orders', 'status', 'UPDATE'), ('orders', 'updated_at', 'UPDATE'), "
    "('idempotency', NULL, 'SELECT'), ('idempotency', NULL, 'INSERT'), ('idempotency', NULL, 'DELETE'), "
    "('order_rollup', NULL, 'SELECT'), ('order_rollup_versions', NULL, 'SELECT'), ('api_keys', NULL, "
    "'SELECT'), ('api_keys', NULL, 'INSERT'), "
    "('api_keys', 'revoked_at', 'UPDATE'), ('api_keys', 'last_used_at', 'UPDATE')) "
    "AS needed (name, col, privilege) "
    "WHERE to_regclass(name) IS NULL OR NOT CASE WHEN col IS NULL "
    "THEN has_table_privilege(to_regclass(name), privilege) "
    "ELSE has_column_privilege(to_regclass(name), col, privilege) END LIMIT 1), "
    "CASE WHEN " FOLD_FUNCTION " IS NULL THEN 'function order_rollup_fold is missing' "
    "WHEN NOT has_function_privilege(" FOLD_FUNCTION ", 'EXECUTE') "
    "THEN 'no right to EXECUTE function order_rollup_fold' END, "
    "(SELECT 'table ' || relname || ' is not of the role that migrated the database' FROM pg_class "
    "WHERE oid IN (to_regclass('orders'), to_regclass('idempotency'), to_regclass('order_rollup'), "
    "to_regclass('order_rollup_versions'), to_regclass('api_keys')) AND NOT " SESSION_IS_OURS(
        "relowner") " ORDER BY relname LIMIT 1), "
                    "(SELECT 'row level security is on for table ' || name "
                    "FROM (VALUES ('orders'), ('idempotency'), ('order_rollup'), ('order_rollup_versions'), "
                    "('api_keys')) AS needed "
                    "(name) "
                    "WHERE row_security_active(to_regclass(name)) LIMIT 1), "
                    "(SELECT 'table ' || relname || ' is partitioned' FROM pg_class WHERE relkind = 'p' AND "
                    "oid IN "
                    "(to_regclass('orders'), to_regclass('idempotency'), to_regclass('order_rollup'), "
                    "to_regclass('order_rollup_versions'), to_regclass('api_keys')) LIMIT 1), "
                    "(SELECT format('column %s of table %s is %s, %s is wanted', col, name, "
                    "format_type(atttypid, NULL), format_type(type, NULL)) FROM (VALUES "
                    "('id', 'bigint'::regtype), ('total_amount', 'bigint'), ('order_date', 'timestamptz'), "
                    "('created_at', 'timestamptz'), ('updated_at', 'timestamptz')) AS needed (col, type) "
                    "CROSS JOIN (VALUES ('orders'), ('idempotency')) AS tables (name) "
                    "JOIN pg_attribute ON attrelid = to_regclass(name) AND attname = col "
                    "WHERE atttypid <> type LIMIT 1), (SELECT " INDEX_MISSING " FROM (VALUES "
                    "('idempotency', 'idempotency_pkey', 'part, principal, request_id')) " INDEX_IS_MISSING
                    ")) AS lacks, "
                    "pg_backend_pid() AS pid, "
                    "coalesce((SELECT format('trigger %s of table %s is ', name, relation) || CASE tgenabled "
                    "WHEN 'D' THEN 'disabled: tools/migrate --recount' "
                    "WHEN 'O' THEN 'disabled in replica sessions: tools/migrate --recount' "
                    "WHEN 'R' THEN 'disabled but in replica sessions: tools/migrate --recount' ELSE "
                    "'missing' END "
                    "FROM (VALUES ('orders', 'orders_touch', 'A'), ('orders', 'orders_touch_room', 'OA'), "
                    "('orders', 'order_rollup_insert', 'A'), ('orders', 'order_rollup_update', 'A'), "
                    "('orders', 'order_rollup_delete', 'A'), ('orders', 'order_rollup_truncate', 'A'), "
                    "('orders', 'order_rollup_begin_statement', 'RA'), ('orders', "
                    "'order_rollup_end_statement', 'RA'), "
                    "('orders', 'order_rollup_row', 'RA'), ('order_rollup', 'order_rollup_leave_out', 'A'), "
                    "('order_rollup_versions', 'order_rollup_leave_out', 'A')) "
                    "AS wanted (relation, name, states) "
                    "LEFT JOIN pg_trigger ON tgrelid = to_regclass(relation) AND tgname = name "
                    "WHERE coalesce(strpos(states, tgenabled::text), 0) = 0 ORDER BY name LIMIT 1), "
                    "(SELECT format('table %s is unlogged: a crash of the database empties it', "
                    "oid::regclass) FROM pg_class "
                    "WHERE relpersistence = 'u' AND oid IN (to_regclass('orders'), "
                    "to_regclass('idempotency'), "
                    "to_regclass('order_rollup'), to_regclass('order_rollup_versions'), "
                    "to_regclass('api_keys')) ORDER BY 1 LIMIT 1), "
                    "(SELECT format('table %s inherits from orders: SQL without ONLY counts its orders', "
                    "inhrelid::regclass) "
                    "FROM pg_inherits WHERE inhparent = to_regclass('orders') ORDER BY inhrelid LIMIT 1), "
                    "(SELECT format('anybody may execute function %s: REVOKE EXECUTE ON FUNCTION %1$s FROM "
                    "PUBLIC', "
                    "pg_proc.oid::regprocedure) FROM pg_proc JOIN pg_class ON relnamespace = pronamespace "
                    "WHERE pg_class.oid = to_regclass('orders') AND prosecdef AND proname LIKE "
                    "'order\\_rollup\\_%' "
                    "AND has_function_privilege('public', pg_proc.oid, 'EXECUTE') ORDER BY proname LIMIT 1), "
                    "(SELECT format('anybody may make objects in schema %1$I: REVOKE CREATE ON SCHEMA %1$I "
                    "FROM PUBLIC', nspname) "
                    "FROM pg_namespace JOIN pg_class ON relnamespace = pg_namespace.oid "
                    "WHERE pg_class.oid = to_regclass('orders') AND has_schema_privilege('public', nspname, "
                    "'CREATE')), "
                    "(SELECT format('column %s of table orders may be NULL', attname) FROM pg_attribute "
                    "WHERE attrelid = to_regclass('orders') AND attnum > 0 AND NOT attisdropped AND NOT "
                    "attnotnull AND "
                    "attname "
                    "IN ('id', 'order_id', 'customer_id', 'order_date', 'total_amount', 'currency', "
                    "'status', 'created_at', "
                    "'updated_at') ORDER BY attnum LIMIT 1), (SELECT " INDEX_MISSING " FROM (VALUES "
                    "('orders', NULL, 'id'), ('orders', NULL, 'order_id'), "
                    "('api_keys', NULL, 'id')) " INDEX_IS_MISSING ")) AS degraded";

static bool is_wanted(const char *deployed)
{
    return strcmp(deployed, SCHEMA_CHANGE) == 0;
}

bool schema_check(const PGresult *result, char deployed[static SCHEMA_NAME])
{
    const bool is_told = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1;
    snprintf(deployed, SCHEMA_NAME, "%s", is_told ? PQgetvalue(result, 0, 0) : "nothing");
    return is_wanted(deployed);
}

void schema_explain(const char *deployed, char *why, size_t why_size)
{
    if (is_wanted(deployed))
        snprintf(why, why_size, "schema lacks what this program needs");
    else
        snprintf(why, why_size, "schema is at %s, %s is wanted", deployed, SCHEMA_CHANGE);
}

void schema_advise(const char *deployed, char *why, size_t why_size)
{
    snprintf(why, why_size,
             "DATABASE_URL: the schema is at %s, and this program was built for \"%s\"; bring it there with "
             "tools/migrate (it runs sqitch --chdir migrations deploy)",
             deployed, SCHEMA_CHANGE);
}
