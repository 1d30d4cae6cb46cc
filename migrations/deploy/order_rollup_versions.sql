-- Deploy orders:order_rollup_versions to pg
-- requires: order_rollup_private

BEGIN;

-- No writer may be under way that counts by the functions of before, and no recount: what they change would move no
-- version. Whoever comes behind waits as long as this does for them. Should it not get the locks, deploy again.
SET LOCAL lock_timeout = '1s';
LOCK TABLE ONLY orders IN SHARE ROW EXCLUSIVE MODE;
DO $$ BEGIN PERFORM pg_advisory_xact_lock(6672, 256); END $$;

-- By which a reader that has kept the sums of all days asks what of them is old, in one statement, so that the versions
-- are those of the snapshot that its rows are of.
--
-- * Whoever changes the sums of some days moves the version of its slot, in the same transaction. The row stays locked
--   until that ends, so a slot's versions become visible in the order of their numbers: who has seen one has seen all
--   that it stands for, and all before it. (A sequence, or a transaction id, has no such order: the smaller one may be
--   committed later.) What is rolled back, to a savepoint too, takes its version along.
-- * Sums are those over all slots, so a fold, which moves none of them, moves no version.
-- * `days` has the days that changed, and `versions` with which version each of them did, for all versions above
--   `since`. Who knows a smaller one, or a larger one, which is of a row that is no more, is to read all days.
-- * A version is the clock's microseconds, or one more than the last: a row that was deleted and is made again, or was
--   brought back from a dump, does not come to a version that somebody knows of something else.
-- * What a server knows counts for one session of its with one server of the database: after a failover, or a restore
--   to a point in time, the same number may stand for something else.
--
-- Only sessions in one slot wait for each other, who share its rows anyway. One that is REPEATABLE READ or SERIALIZABLE
-- is refused with 40001 (try again) when another has used its slot since its snapshot.
CREATE TABLE order_rollup_versions (
  slot integer NOT NULL,
  version bigint NOT NULL,
  since bigint NOT NULL,
  days date[] NOT NULL,
  versions bigint[] NOT NULL,

  CONSTRAINT order_rollup_versions_pkey PRIMARY KEY (slot)
) WITH (fillfactor = 50); -- as with order_rollup

COMMENT ON TABLE order_rollup_versions IS
  'What of the rollup changed last, by slot: how a server knows whether the summary that it has kept is still right.';

-- Moves a slot's version: these days have changed, or all may have, for null. First of all, so that two sessions in one
-- slot never wait for each other in a circle.
--
-- A transaction has one version in a slot, since nobody else sees those between: a thousand statements of one update the
-- row as often as they come to a further day. What is of a savepoint may have more.
CREATE FUNCTION order_rollup_move(own integer, moved date[]) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  most CONSTANT integer := 32; -- days that are told one by one
  clock CONSTANT bigint := extract(epoch FROM clock_timestamp()) * 1000000;
  n integer := cardinality(moved);
BEGIN
  IF n > most THEN
    moved := NULL;
    n := NULL;
  END IF;
  -- A transaction's id comes again after four thousand million others, but not with a version of this one's time.
  INSERT INTO order_rollup_versions AS v VALUES (own, clock, clock, '{}', '{}')
  ON CONFLICT ON CONSTRAINT order_rollup_versions_pkey DO UPDATE SET
    version = greatest(v.version + 1, clock),
    since = CASE
      WHEN n IS NULL THEN greatest(v.version + 1, clock) WHEN cardinality(v.days) + n <= most THEN v.since ELSE v.version END,
    days = CASE WHEN n IS NULL THEN '{}' WHEN cardinality(v.days) + n <= most THEN v.days || moved ELSE moved END,
    versions = CASE WHEN n IS NULL THEN '{}' ELSE
      CASE WHEN cardinality(v.days) + n <= most THEN v.versions END || array_fill(greatest(v.version + 1, clock), ARRAY[n]) END
  WHERE v.xmin <> pg_current_xact_id()::xid OR v.version < extract(epoch FROM transaction_timestamp()) * 1000000;
  IF NOT FOUND THEN
    PERFORM order_rollup_move_on(own, moved, most);
  END IF;
END
$$;

-- The same of a transaction that has moved the version already: what is new is told of the version that it has.
CREATE FUNCTION order_rollup_move_on(own integer, moved date[], most integer) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  kept order_rollup_versions;
BEGIN
  SELECT v.* INTO kept FROM ONLY order_rollup_versions AS v WHERE v.slot = own;
  IF kept.since = kept.version OR moved <@ (
      SELECT array_agg(e.day) FROM unnest(kept.days, kept.versions) AS e (day, version) WHERE e.version = kept.version) THEN
    RETURN;
  END IF;
  IF moved IS NULL OR cardinality(kept.days) + cardinality(moved) > most THEN
    UPDATE ONLY order_rollup_versions AS v SET since = v.version, days = '{}', versions = '{}' WHERE v.slot = own;
  ELSE
    UPDATE ONLY order_rollup_versions AS v
    SET days = v.days || moved, versions = v.versions || array_fill(v.version, ARRAY[cardinality(moved)])
    WHERE v.slot = own;
  END IF;
END
$$;

-- What was there before, but that the version moves first, and the slot is asked for once a statement and not once a row.

CREATE OR REPLACE FUNCTION order_rollup_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
DECLARE
  moved date[] := ARRAY(SELECT DISTINCT (order_date AT TIME ZONE 'UTC')::date FROM added);
  own integer;
BEGIN
  IF cardinality(moved) = 0 THEN
    RETURN NULL;
  END IF;
  own := order_rollup_slot();
  PERFORM order_rollup_move(own, moved);
  INSERT INTO order_rollup AS r (day, currency, slot, orders, revenue)
  SELECT (order_date AT TIME ZONE 'UTC')::date AS day, currency, own, count(*), sum(total_amount)
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
DECLARE
  moved date[] := ARRAY(SELECT DISTINCT (order_date AT TIME ZONE 'UTC')::date FROM removed);
  own integer;
BEGIN
  IF cardinality(moved) = 0 THEN
    RETURN NULL;
  END IF;
  own := order_rollup_slot();
  PERFORM order_rollup_move(own, moved);
  INSERT INTO order_rollup AS r (day, currency, slot, orders, revenue)
  SELECT (order_date AT TIME ZONE 'UTC')::date AS day, currency, own, -count(*), -sum(total_amount)
  FROM removed
  GROUP BY day, currency
  ORDER BY day, currency
  ON CONFLICT ON CONSTRAINT order_rollup_pkey
  DO UPDATE SET orders = r.orders + excluded.orders, revenue = r.revenue + excluded.revenue;
  RETURN NULL;
END
$$;

-- A change of neither day, currency nor amount touches no row, and moves no version.
CREATE OR REPLACE FUNCTION order_rollup_update() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
DECLARE
  moved date[] := ARRAY(
    SELECT DISTINCT day
    FROM (
      SELECT (order_date AT TIME ZONE 'UTC')::date, currency, 1, total_amount FROM added
      UNION ALL
      SELECT (order_date AT TIME ZONE 'UTC')::date, currency, -1, -total_amount FROM removed
    ) AS changes (day, currency, orders, revenue)
    GROUP BY day, currency
    HAVING sum(orders) <> 0 OR sum(revenue) <> 0);
  own integer;
BEGIN
  IF cardinality(moved) = 0 THEN
    RETURN NULL;
  END IF;
  own := order_rollup_slot();
  PERFORM order_rollup_move(own, moved);
  INSERT INTO order_rollup AS r (day, currency, slot, orders, revenue)
  SELECT day, currency, own, sum(orders), sum(revenue)
  FROM (
    SELECT (order_date AT TIME ZONE 'UTC')::date, currency, 1, total_amount FROM added
    UNION ALL
    SELECT (order_date AT TIME ZONE 'UTC')::date, currency, -1, -total_amount FROM removed
  ) AS changes (day, currency, orders, revenue)
  GROUP BY day, currency
  HAVING sum(orders) <> 0 OR sum(revenue) <> 0
  ORDER BY day, currency
  ON CONFLICT ON CONSTRAINT order_rollup_pkey
  DO UPDATE SET orders = r.orders + excluded.orders, revenue = r.revenue + excluded.revenue;
  RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION order_rollup_row() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
DECLARE
  moved date[] := ARRAY(
    SELECT DISTINCT day
    FROM (
      VALUES
        ((NEW.order_date AT TIME ZONE 'UTC')::date, NEW.currency, 1, NEW.total_amount),
        ((OLD.order_date AT TIME ZONE 'UTC')::date, OLD.currency, -1, -OLD.total_amount)
    ) AS changes (day, currency, orders, revenue)
    WHERE day IS NOT NULL
    GROUP BY day, currency
    HAVING sum(orders) <> 0 OR sum(revenue) <> 0);
  own integer;
BEGIN
  IF cardinality(moved) = 0 THEN
    RETURN NULL;
  END IF;
  own := order_rollup_slot();
  PERFORM order_rollup_move(own, moved);
  INSERT INTO order_rollup AS r (day, currency, slot, orders, revenue)
  SELECT day, currency, own, sum(orders), sum(revenue)
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

-- Versions stay, and move on: one that began anew could come to where it was.
CREATE OR REPLACE FUNCTION order_rollup_truncate() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
BEGIN
  TRUNCATE order_rollup;
  PERFORM order_rollup_move(order_rollup_slot(), NULL);
  RETURN NULL;
END
$$;

-- Moves the version whatever it finds: it is there for what was changed past the triggers.
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
  PERFORM order_rollup_move(256, NULL);

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

-- Rows that others write are left out, as with the rollup: those of a restore of data alone, or of a publisher.
CREATE TRIGGER order_rollup_leave_out BEFORE INSERT OR UPDATE OR DELETE ON order_rollup_versions
  FOR EACH ROW WHEN (pg_trigger_depth() = 0 AND current_setting('orders.rollup_upkeep', true) IS DISTINCT FROM 'on')
  EXECUTE FUNCTION order_rollup_leave_out();

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
        ('order_rollup', 'order_rollup_leave_out', 'A', 'ALWAYS'),
        ('order_rollup_versions', 'order_rollup_leave_out', 'A', 'ALWAYS')
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
