-- What the connected role lacks to migrate this database, in one line for its operator; nothing when it may.

WITH registry AS (
  SELECT nsp.oid AS schema, rel.oid AS changes
  FROM pg_namespace AS nsp LEFT JOIN pg_class AS rel ON relnamespace = nsp.oid AND relname = 'changes'
  WHERE nspname = 'sqitch'
), ours AS (
  SELECT relname, relowner FROM pg_class
  WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'
    AND relname IN ('orders', 'order_rollup', 'idempotency', 'api_keys')
)
SELECT format('role %I ', current_user) || lacks FROM (
  SELECT format('finds no schema to make tables in: its search_path is %s', current_setting('search_path')) AS lacks
  WHERE current_schema() IS NULL
  UNION ALL
  SELECT format('may not make tables: GRANT CREATE ON SCHEMA %I TO %I', current_schema(), current_user)
  WHERE NOT has_schema_privilege(current_schema(), 'CREATE')
  UNION ALL
  SELECT format('may not make the schema sqitch, where the migrations are recorded: GRANT CREATE ON DATABASE %I TO %I',
    current_database(), current_user)
  WHERE NOT EXISTS (SELECT FROM registry) AND NOT has_database_privilege(current_database(), 'CREATE')
  UNION ALL
  SELECT 'may not write the schema sqitch, where the migrations are recorded: migrate as its owner'
  FROM registry
  WHERE NOT has_schema_privilege(schema, 'USAGE') OR NOT has_table_privilege(changes, 'SELECT, INSERT')
  UNION ALL
  SELECT format('does not own the table %I: migrate as its owner, %I', relname, pg_get_userbyid(relowner))
  FROM ours
  WHERE NOT pg_has_role(relowner, 'USAGE')
) AS missing
LIMIT 1;
