-- Gives the original's tables what the orders are now, and puts them back; the first of what tools/migrate --adopt undo
-- runs in one transaction. The revert scripts follow, newest first, and undone.sql after them.
--
-- :choice says what becomes of an order that was left behind when one made since has its order_id: stop (nothing is given
-- back while there are any), original or service (that one is kept, and the other told, whole, and given up).

SET LOCAL lock_timeout = '10s';
SET LOCAL search_path = public;
SET LOCAL client_min_messages = warning; -- not of what is there or gone already
LOCK TABLE public.orders, original.orders IN ACCESS EXCLUSIVE MODE;

-- What an earlier version took over has none.
CREATE TABLE IF NOT EXISTS original.scale (currency text PRIMARY KEY, factor bigint NOT NULL);

-- An id comes twice only where SQL gave one.
CREATE TEMPORARY TABLE twice ON COMMIT DROP AS
WITH theirs AS (
  SELECT id, order_id FROM original.orders JOIN original.left_behind USING (id)
)
SELECT theirs.id AS original_id, theirs.order_id AS original_order_id, ours.id AS service_id
FROM theirs JOIN orders AS ours ON ours.order_id = theirs.order_id
UNION
SELECT theirs.id, theirs.order_id, ours.id
FROM theirs JOIN orders AS ours ON ours.id = theirs.id;

SELECT :'choice' = 'stop' AND EXISTS (SELECT FROM twice) AS stop \gset
\if :stop
  DO $$
  DECLARE
    n bigint;
    named text;
  BEGIN
    SELECT count(*), string_agg(told, ', ' ORDER BY original_id) FILTER (WHERE nth <= 20) INTO n, named
    FROM (
      SELECT original_id, format('%s (id %s, since id %s)', to_json(original_order_id), original_id, service_id) AS told,
        row_number() OVER (ORDER BY original_id) AS nth
      FROM twice
    ) AS pairs;
    RAISE EXCEPTION 'orders left behind with the order_id or id of one made since: %: %', n, named
      USING HINT = 'tools/migrate --adopt undo original keeps those that were left behind, tools/migrate --adopt undo '
        'service those made since. The others are told, whole, and given up.';
  END
  $$;
\endif

WITH gone AS (
  DELETE FROM orders WHERE :'choice' = 'original' AND id IN (SELECT service_id FROM twice) RETURNING *
)
SELECT concat_ws(E'\t', 'given up', 'service', to_json(gone)) FROM gone ORDER BY id;
WITH gone AS (
  DELETE FROM original.orders WHERE :'choice' = 'service' AND id IN (SELECT original_id FROM twice) RETURNING *
)
SELECT concat_ws(E'\t', 'given up', 'original', to_json(gone)) FROM gone ORDER BY id;

DO $$
DECLARE
  n bigint;
  named text;
BEGIN
  SELECT count(*), (array_agg(to_json(order_id) ORDER BY id))[1:20]::text INTO n, named
  FROM orders JOIN original.scale USING (currency) WHERE total_amount % factor <> 0;
  IF n > 0 THEN
    RAISE EXCEPTION 'orders with an amount that is no multiple of what --scale multiplied by: %: %', n, named
      USING HINT = 'Change their amounts, by ordersctl update or SQL, and run tools/migrate --adopt undo again.';
  END IF;
  SELECT count(*), (array_agg(to_json(order_id) ORDER BY id))[1:20]::text INTO n, named
  FROM orders LEFT JOIN original.scale USING (currency)
  WHERE id > 2147483647 OR total_amount / coalesce(factor, 1) > 2147483647;
  IF n > 0 THEN
    RAISE EXCEPTION 'orders that do not fit the original''s columns, whose integers end at 2147483647: %: %', n, named
      USING HINT = 'Change or delete them, by ordersctl or SQL, and run tools/migrate --adopt undo again.';
  END IF;
END
$$;

DELETE FROM original.orders AS o WHERE NOT EXISTS (SELECT FROM original.left_behind AS l WHERE l.id = o.id);
INSERT INTO original.orders
  (id, order_id, customer_id, order_date, total_amount, currency, status, created_at, updated_at)
SELECT id, order_id, customer_id, order_date, total_amount / coalesce(factor, 1), currency, status, created_at, updated_at
FROM orders LEFT JOIN original.scale USING (currency) ORDER BY id;
SELECT setval('original.orders_id_seq', last_value, is_called) AS next_id FROM orders_id_seq \gset
SELECT format('orders given back: %s%s', coalesce(sum(n), 0),
  ' (' || string_agg(format('%s %s', total, currency), ', ' ORDER BY currency) || ')')
FROM (
  SELECT currency, count(*) AS n, sum(total_amount / coalesce(factor, 1)) AS total
  FROM orders LEFT JOIN original.scale USING (currency) GROUP BY currency
) AS sums;
