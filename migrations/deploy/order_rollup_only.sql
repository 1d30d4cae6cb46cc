-- Deploy orders:order_rollup_only to pg
-- requires: order_rollup_statements

BEGIN;

-- The locks taken here are held for milliseconds, but whoever comes behind waits as long as this does for them.
SET LOCAL lock_timeout = '1s';

-- A table that somebody derives from one of ours (CREATE TABLE ... INHERITS) shows its rows wherever ours is named without
-- ONLY. They are not ours: they have none of our keys and none of our triggers, so that they were never counted.

CREATE OR REPLACE FUNCTION order_rollup_fold(first_page bigint, n_pages bigint, OUT pages bigint, OUT folded bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
BEGIN
  folded := 0;
  IF NOT pg_try_advisory_xact_lock(6672, 256) THEN
    RETURN;
  END IF;
  pages := pg_relation_size('order_rollup') / current_setting('block_size')::bigint;
  PERFORM set_config('orders.rollup_upkeep', 'on', true);
  WITH taken AS MATERIALIZED (
    SELECT day, currency, slot
    FROM ONLY order_rollup
    WHERE ctid >= format('(%s,0)', first_page)::tid AND ctid < format('(%s,0)', first_page + n_pages)::tid
      AND (slot <> 256 OR orders = 0 AND revenue = 0)
    FOR UPDATE SKIP LOCKED
  ), gone AS (
    DELETE FROM ONLY order_rollup AS r USING taken
    WHERE (r.day, r.currency, r.slot) = (taken.day, taken.currency, taken.slot)
    RETURNING r.day, r.currency, r.orders, r.revenue
  ), moved AS (
    INSERT INTO order_rollup AS r (day, currency, slot, orders, revenue)
    SELECT day, currency, 256, sum(orders), sum(revenue)
    FROM gone
    GROUP BY day, currency
    HAVING sum(orders) <> 0 OR sum(revenue) <> 0
    ON CONFLICT ON CONSTRAINT order_rollup_pkey
    DO UPDATE SET orders = r.orders + excluded.orders, revenue = r.revenue + excluded.revenue
  )
  SELECT count(*) INTO folded FROM gone;
  PERFORM set_config('orders.rollup_upkeep', 'off', true);
END
$$;

CREATE OR REPLACE FUNCTION order_rollup_recount() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
DECLARE
  wrong bigint;
BEGIN
  -- A snapshot of before the lock could miss what another recount has set right, and do so again.
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'order_rollup_recount runs in READ COMMITTED transactions alone';
  END IF;
  PERFORM pg_advisory_xact_lock(6672, 256);
  -- In the order in which a TRUNCATE takes them.
  LOCK TABLE ONLY orders, ONLY order_rollup IN ACCESS SHARE MODE;
  PERFORM set_config('orders.rollup_upkeep', 'on', true);

  INSERT INTO order_rollup AS r (day, currency, slot, orders, revenue)
  SELECT day, currency, 256, coalesce(counted.orders, 0) - coalesce(rolled.orders, 0),
    coalesce(counted.revenue, 0) - coalesce(rolled.revenue, 0)
  FROM (
    SELECT (order_date AT TIME ZONE 'UTC')::date AS day, currency, count(*) AS orders, sum(total_amount) AS revenue
    FROM ONLY orders GROUP BY day, currency
  ) AS counted
  FULL JOIN (
    SELECT day, currency, sum(orders) AS orders, sum(revenue) AS revenue
    FROM ONLY order_rollup GROUP BY day, currency HAVING sum(orders) <> 0 OR sum(revenue) <> 0
  ) AS rolled USING (day, currency)
  WHERE (counted.orders, counted.revenue) IS DISTINCT FROM (rolled.orders, rolled.revenue)
  ON CONFLICT ON CONSTRAINT order_rollup_pkey
  DO UPDATE SET orders = r.orders + excluded.orders, revenue = r.revenue + excluded.revenue;
  GET DIAGNOSTICS wrong = ROW_COUNT;
  PERFORM set_config('orders.rollup_upkeep', 'off', true);
  RETURN wrong;
END
$$;

-- Without pg_temp as the last of the path it comes first: see order_rollup_upkeep.
DO $$
DECLARE
  each regprocedure;
BEGIN
  FOREACH each IN ARRAY ARRAY['order_rollup_fold(bigint, bigint)', 'order_rollup_recount()']::regprocedure[] LOOP
    EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', each, current_schema());
  END LOOP;
END
$$;

COMMIT;
