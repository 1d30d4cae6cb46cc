-- Deploy orders:order_rollup_upkeep to pg
-- requires: orders_times_valid

BEGIN;

-- The locks taken here are held for milliseconds, but whoever comes behind waits as long as this does for them.
SET LOCAL lock_timeout = '1s';

-- Every change of an order is counted once, whatever session makes it:
--
-- * The statement triggers count in sessions with session_replication_role = replica too.
-- * A subscription applies rows without statements, so no statement trigger runs there: a row trigger counts in its
--   place. The two tell each other apart by a setting that each statement makes for its transaction.
-- * Rows of the rollup that somebody else writes are left out: a restore of data alone and a subscription to all
--   tables bring the publisher's rollup besides the orders, which are counted as they come.
--
-- pg_restore --disable-triggers switches the triggers off and then on again, but no longer always:
-- order_rollup_arm() sees to that.

CREATE FUNCTION order_rollup_begin_statement() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  PERFORM set_config('orders.rollup_by_statement', 'on', true);
  RETURN NULL;
END
$$;

CREATE FUNCTION order_rollup_row() RETURNS trigger
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

CREATE TRIGGER order_rollup_begin_statement BEFORE INSERT OR UPDATE OR DELETE ON orders
  FOR EACH STATEMENT EXECUTE FUNCTION order_rollup_begin_statement();
CREATE TRIGGER order_rollup_row AFTER INSERT OR UPDATE OR DELETE ON orders
  FOR EACH ROW WHEN (current_setting('orders.rollup_by_statement', true) IS DISTINCT FROM 'on')
  EXECUTE FUNCTION order_rollup_row();

CREATE FUNCTION order_rollup_leave_out() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  RETURN NULL;
END
$$;

CREATE TRIGGER order_rollup_leave_out BEFORE INSERT OR UPDATE OR DELETE ON order_rollup
  FOR EACH ROW WHEN (pg_trigger_depth() = 0 AND current_setting('orders.rollup_upkeep', true) IS DISTINCT FROM 'on')
  EXECUTE FUNCTION order_rollup_leave_out();

-- Enables each trigger where it is to run. Takes a lock that writers wait for only where one is enabled otherwise.
-- Returns how many were.
CREATE FUNCTION order_rollup_arm() RETURNS bigint
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
        ('orders', 'order_rollup_insert', 'A', 'ALWAYS'),
        ('orders', 'order_rollup_update', 'A', 'ALWAYS'),
        ('orders', 'order_rollup_delete', 'A', 'ALWAYS'),
        ('orders', 'order_rollup_truncate', 'A', 'ALWAYS'),
        ('orders', 'order_rollup_begin_statement', 'R', 'REPLICA'),
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

DO $$ BEGIN PERFORM order_rollup_arm(); END $$;

-- Slot 256 is nobody's but the two functions' below, one at a time under its lock (6672, 256).

-- Moves what some pages of the rollup have into slot 256, so that in the end a day and currency has one row beside
-- those in use, or none when it came to nothing. Rows that a writer has in hand are left for the next time: nobody waits
-- for this for longer than a few milliseconds, and it waits for nobody. Returns how many pages there are, and how
-- many rows went; of pages null, when another has the lock and nothing was done.
CREATE FUNCTION order_rollup_fold(first_page bigint, n_pages bigint, OUT pages bigint, OUT folded bigint)
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
    FROM order_rollup
    WHERE ctid >= format('(%s,0)', first_page)::tid AND ctid < format('(%s,0)', first_page + n_pages)::tid
      AND (slot <> 256 OR orders = 0 AND revenue = 0)
    FOR UPDATE SKIP LOCKED
  ), gone AS (
    DELETE FROM order_rollup AS r USING taken
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

-- Counts all orders anew and adds to slot 256 what the rollup lacks or has too much. Both are read in one snapshot, and
-- what others write after it adds up as ever: they go on meanwhile. Returns how many days and currencies were wrong.
CREATE FUNCTION order_rollup_recount() RETURNS bigint
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
  LOCK TABLE orders, order_rollup IN ACCESS SHARE MODE;
  PERFORM set_config('orders.rollup_upkeep', 'on', true);

  INSERT INTO order_rollup AS r (day, currency, slot, orders, revenue)
  SELECT day, currency, 256, coalesce(counted.orders, 0) - coalesce(rolled.orders, 0),
    coalesce(counted.revenue, 0) - coalesce(rolled.revenue, 0)
  FROM (
    SELECT (order_date AT TIME ZONE 'UTC')::date AS day, currency, count(*) AS orders, sum(total_amount) AS revenue
    FROM orders GROUP BY day, currency
  ) AS counted
  FULL JOIN (
    SELECT day, currency, sum(orders) AS orders, sum(revenue) AS revenue
    FROM order_rollup GROUP BY day, currency HAVING sum(orders) <> 0 OR sum(revenue) <> 0
  ) AS rolled USING (day, currency)
  WHERE (counted.orders, counted.revenue) IS DISTINCT FROM (rolled.orders, rolled.revenue)
  ON CONFLICT ON CONSTRAINT order_rollup_pkey
  DO UPDATE SET orders = r.orders + excluded.orders, revenue = r.revenue + excluded.revenue;
  GET DIAGNOSTICS wrong = ROW_COUNT;
  PERFORM set_config('orders.rollup_upkeep', 'off', true);
  RETURN wrong;
END
$$;

-- Functions that run as their owner look for tables in this schema alone. Without pg_temp as the last of their path it
-- comes first, and whoever calls them could put a table of his own, with triggers, in the rollup's place.
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

-- A recount reads all orders: not for everybody.
REVOKE EXECUTE ON FUNCTION order_rollup_fold(bigint, bigint), order_rollup_recount() FROM PUBLIC;

COMMIT;
