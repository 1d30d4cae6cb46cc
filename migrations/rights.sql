-- What the connected role lacks to migrate this database, in one line for its operator; nothing when it may. The path may lead
-- to another role's schema first: a function that his could fit better, as pg_catalog's takes text or any type, is qualified.

WITH registry AS (
  SELECT nsp.oid AS schema, rel.oid AS changes
  FROM pg_namespace AS nsp LEFT JOIN pg_class AS rel ON relnamespace = nsp.oid AND relname = 'changes'
  WHERE nspname = 'sqitch'
), places AS (
  -- Where our tables are: those of who migrated before, or who may act as that role.
  SELECT nspname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace, registry
  WHERE relname = 'orders' AND relkind = 'r' AND nspname = ANY (current_schemas(false))
    AND pg_has_role(relowner, (SELECT relowner FROM pg_class WHERE oid = changes), 'MEMBER')
), ours AS (
  SELECT relname, relowner FROM pg_class
  WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'
    AND relname IN ('orders', 'order_rollup', 'order_rollup_versions', 'idempotency', 'api_keys')
)
SELECT pg_catalog.format('role %I ', current_user) || lacks FROM (
  SELECT pg_catalog.format('finds no schema to make tables in: its search_path is %s', current_setting('search_path')) AS lacks
  WHERE current_schema() IS NULL
  UNION ALL
  SELECT pg_catalog.format('finds schema %I, of role %I, before any other: ALTER ROLE %I SET search_path = %s', nspname,
    pg_get_userbyid(nspowner), current_user, coalesce((SELECT string_agg(pg_catalog.quote_ident(nspname), ', ') FROM places), 'public'))
  FROM pg_namespace
  WHERE nspname = current_schema() AND CASE WHEN EXISTS (SELECT FROM places)
    THEN nspname NOT IN (SELECT nspname FROM places)
    -- Nobody asked for the schema by name that another role has made in this one's.
    ELSE nspname = current_user AND (NOT pg_has_role(nspowner, 'USAGE') OR (
        -- A superuser has every role.
        (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
        AND NOT (SELECT rolsuper FROM pg_roles WHERE oid = nspowner)))
      AND (SELECT source FROM pg_settings WHERE name = 'search_path') = 'default' END
  UNION ALL
  SELECT pg_catalog.format('may not make tables: GRANT CREATE ON SCHEMA %I TO %I', current_schema(), current_user)
  WHERE NOT pg_catalog.has_schema_privilege(current_schema(), 'CREATE')
  UNION ALL
  SELECT pg_catalog.format('may not make the schema sqitch, where the migrations are recorded: GRANT CREATE ON DATABASE %I TO %I',
    current_database(), current_user)
  WHERE NOT EXISTS (SELECT FROM registry) AND NOT pg_catalog.has_database_privilege(current_database(), 'CREATE')
  UNION ALL
  SELECT 'may not write the schema sqitch, where the migrations are recorded: migrate as its owner'
  FROM registry
  WHERE NOT has_schema_privilege(schema, 'USAGE') OR NOT has_table_privilege(changes, 'SELECT, INSERT')
  UNION ALL
  SELECT pg_catalog.format('does not own the table %I: migrate as its owner, %I', relname, pg_get_userbyid(relowner))
  FROM ours
  WHERE NOT pg_has_role(relowner, 'USAGE')
) AS missing
LIMIT 1;
