-- Verify orders:order_rollup on pg
--
-- The triggers are there and on, and the rollup says what the orders do.

BEGIN;

DO $$
DECLARE
  wrong text;
BEGIN
  SELECT string_agg(wanted.name, ', ') INTO wrong FROM (
    VALUES ('order_rollup_insert'), ('order_rollup_delete'), ('order_rollup_update'), ('order_rollup_truncate')
  ) AS wanted (name)
  WHERE NOT EXISTS (
    SELECT FROM pg_trigger
    WHERE tgrelid = 'orders'::regclass AND tgname = wanted.name AND tgenabled <> 'D'
      AND tgfoid = to_regproc(wanted.name)
  );
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION 'orders lacks triggers, or they are disabled: %', wrong;
  END IF;

  SELECT string_agg(format('%s %s', day, currency), ', ') INTO wrong
  FROM (
    SELECT (order_date AT TIME ZONE 'UTC')::date AS day, currency, count(*) AS orders, sum(total_amount) AS revenue
    FROM ONLY orders GROUP BY day, currency
  ) AS counted
  FULL JOIN (
    SELECT day, currency, sum(orders) AS orders, sum(revenue) AS revenue
    FROM ONLY order_rollup GROUP BY day, currency HAVING sum(orders) <> 0 OR sum(revenue) <> 0
  ) AS rolled USING (day, currency)
  WHERE (counted.orders, counted.revenue) IS DISTINCT FROM (rolled.orders, rolled.revenue);
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION 'order_rollup differs from orders in: %', wrong;
  END IF;
END
$$;

ROLLBACK;
