-- Revert orders:order_rollup_versions from pg

BEGIN;

-- Whoever still counts by the functions of this change would find no table.
SET LOCAL lock_timeout = '10s';
LOCK TABLE ONLY orders IN SHARE ROW EXCLUSIVE MODE;

CREATE OR REPLACE FUNCTION order_rollup_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
BEGIN
  INSERT INTO order_rollup AS r (day, currency, slot, orders, revenue)
  SELECT (order_date AT TIME ZONE 'UTC')::date AS day, currency, order_rollup_slot(), count(*), sum(total_amount)
  FROM added
  GROUP BY day, currency
  ORDER BY day, currency
  ON CONFLICT ON CONSTRAINT order_rollup_pkey
  DO UPDATE SET orders = r.orders + excluded.orders, revenue = r.revenue + excluded.revenue;
  RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION order_rollup_delete() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
BEGIN
  INSERT INTO order_rollup AS r (day, currency, slot, orders, revenue)
  SELECT (order_date AT TIME ZONE 'UTC')::date AS day, currency, order_rollup_slot(), -count(*), -sum(total_amount)
  FROM removed
  GROUP BY day, currency
  ORDER BY day, currency
  ON CONFLICT ON CONSTRAINT order_rollup_pkey
  DO UPDATE SET orders = r.orders + excluded.orders, revenue = r.revenue + excluded.revenue;
  RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION order_rollup_update() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
BEGIN
  INSERT INTO order_rollup AS r (day, currency, slot, orders, revenue)
  SELECT day, currency, order_rollup_slot(), sum(orders), sum(revenue)
  FROM (
    SELECT (order_date AT TIME ZONE 'UTC')::date AS day, currency, 1 AS orders, total_amount AS revenue FROM added
    UNION ALL
    SELECT (order_date AT TIME ZONE 'UTC')::date, currency, -1, -total_amount FROM removed
  ) AS changes
  GROUP BY day, currency
  HAVING sum(orders) <> 0 OR sum(revenue) <> 0
  ORDER BY day, currency
  ON CONFLICT ON CONSTRAINT order_rollup_pkey
  DO UPDATE SET orders = r.orders + excluded.orders, revenue = r.revenue + excluded.revenue;
  RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION order_rollup_truncate() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
BEGIN
  TRUNCATE order_rollup;
  RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION order_rollup_row() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
BEGIN
  INSERT INTO order_rollup AS r (day, currency, slot, orders, revenue)
  SELECT day, currency, order_rollup_slot(), sum(orders), sum(revenue)
  FROM (
    VALUES
      ((NEW.order_date AT TIME ZONE 'UTC')::date, NEW.currency, 1, NEW.total_amount),
      ((OLD.order_date AT TIME ZONE 'UTC')::date, OLD.currency, -1, -OLD.total_amount)
  ) AS changes (day, currency, orders, revenue)
  WHERE day IS NOT NULL
  GROUP BY day, currency
  HAVING sum(orders) <> 0 OR sum(revenue) <> 0
  ORDER BY day, currency
  ON CONFLICT ON CONSTRAINT order_rollup_pkey
  DO UPDATE SET orders = r.orders + excluded.orders, revenue = r.revenue + excluded.revenue;
  RETURN NULL;
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

CREATE OR REPLACE FUNCTION order_rollup_arm() RETURNS bigint
LANGUAGE plpgsql SET search_path FROM CURRENT
AS $$
DECLARE
  each record;
  n bigint := 0;
BEGIN
  FOR each IN
    SELECT wanted.relation, wanted.name, wanted.word
    FROM (
      VALUES
        ('orders'::regclass, 'orders_touch', 'A', 'ALWAYS'),
        ('orders', 'orders_touch_room', 'O', ''),
        ('orders', 'order_rollup_insert', 'A', 'ALWAYS'),
        ('orders', 'order_rollup_update', 'A', 'ALWAYS'),
        ('orders', 'order_rollup_delete', 'A', 'ALWAYS'),
        ('orders', 'order_rollup_truncate', 'A', 'ALWAYS'),
        ('orders', 'order_rollup_begin_statement', 'R', 'REPLICA'),
        ('orders', 'order_rollup_end_statement', 'R', 'REPLICA'),
        ('orders', 'order_rollup_row', 'R', 'REPLICA'),
        ('order_rollup', 'order_rollup_leave_out', 'A', 'ALWAYS')
    ) AS wanted (relation, name, state, word)
    LEFT JOIN pg_trigger ON tgrelid = wanted.relation AND tgname = wanted.name
    WHERE tgenabled IS DISTINCT FROM wanted.state::"char"
  LOOP
    EXECUTE format('ALTER TABLE %s ENABLE %s TRIGGER %I', each.relation, each.word, each.name);
    n := n + 1;
  END LOOP;
  RETURN n;
END
$$;

DROP TABLE order_rollup_versions;
DROP FUNCTION order_rollup_move(integer, date[]), order_rollup_move_on(integer, date[], integer);

-- Without pg_temp as the last of the path it comes first: see order_rollup_upkeep.
DO $$
DECLARE
  each regprocedure;
BEGIN
  FOR each IN
    SELECT oid FROM pg_proc
    WHERE prosecdef AND pronamespace = current_schema()::regnamespace AND proname LIKE 'order\_rollup\_%'
  LOOP
    EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', each, current_schema());
  END LOOP;
END
$$;

COMMIT;
