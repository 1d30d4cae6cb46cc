-- The temporary view `differences`: in what the table orders is not the original service's, a row each.

CREATE TEMPORARY VIEW differences AS
SELECT CASE
    WHEN found.type IS NULL THEN format('%s is missing', wanted.name)
    WHEN wanted.type IS NULL THEN format('%s is no column of it', found.name)
    WHEN wanted.type <> found.type THEN format('%s is %s, not %s', found.name, found.type, wanted.type)
    ELSE format('%s may be null', found.name)
  END AS text
FROM (
  VALUES ('id', 'integer'), ('order_id', 'character varying'), ('customer_id', 'character varying'),
    ('order_date', 'timestamp with time zone'), ('total_amount', 'integer'), ('currency', 'character varying(3)'),
    ('status', 'character varying'), ('created_at', 'timestamp with time zone'),
    ('updated_at', 'timestamp with time zone')
) AS wanted (name, type)
FULL JOIN (
  SELECT attname::text AS name, format_type(atttypid, atttypmod) AS type, attnotnull
  FROM pg_attribute WHERE attrelid = to_regclass('orders') AND attnum > 0 AND NOT attisdropped
) AS found USING (name)
WHERE wanted.type IS DISTINCT FROM found.type OR NOT attnotnull;
