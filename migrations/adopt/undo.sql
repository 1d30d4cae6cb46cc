-- Gives the original's tables what the orders are now, and puts them back; the first of what tools/migrate --adopt undo
-- runs in one transaction. The revert scripts follow, newest first, and undone.sql after them.

SET LOCAL lock_timeout = '10s';
SET LOCAL search_path = public;
LOCK TABLE public.orders, original.orders IN ACCESS EXCLUSIVE MODE;

DO $$
DECLARE
  n bigint;
  named text;
BEGIN
  SELECT count(*), (array_agg(to_json(order_id) ORDER BY id))[1:20]::text INTO n, named
  FROM orders WHERE id > 2147483647 OR total_amount > 2147483647;
  IF n > 0 THEN
    RAISE EXCEPTION '% orders do not fit the original''s columns, whose integers end at 2147483647: %', n, named;
  END IF;
END
$$;

DELETE FROM original.orders AS o WHERE NOT EXISTS (SELECT FROM original.left_behind AS l WHERE l.id = o.id);
INSERT INTO original.orders
  (id, order_id, customer_id, order_date, total_amount, currency, status, created_at, updated_at)
SELECT id, order_id, customer_id, order_date, total_amount, currency, status, created_at, updated_at
FROM orders ORDER BY id;
SELECT setval('original.orders_id_seq', last_value, is_called) AS next_id FROM orders_id_seq \gset
SELECT format('%s orders given back, %s', count(*), coalesce(sum(total_amount), 0)) FROM orders;
