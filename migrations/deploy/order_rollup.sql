-- Deploy orders:order_rollup to pg
-- requires: orders_list_indexes

BEGIN;

-- What the summary is read from: kept in the transaction that changes an order, so that it is exact whoever writes.
--
-- A day and currency have a row for each slot, and a session adds to the rows of its slot alone: today's row in ISK
-- is no queue for all writers. A slot's row by itself may be below zero; only the sum over slots means anything.
CREATE TABLE order_rollup (
  day date NOT NULL,
  currency text COLLATE "C" NOT NULL,
  slot integer NOT NULL,
  orders bigint NOT NULL,
  -- numeric, so that a sum beyond bigint fails whoever reads it and not whoever writes an order.
  revenue numeric NOT NULL,

  CONSTRAINT order_rollup_pkey PRIMARY KEY (day, currency, slot)
) WITH (fillfactor = 50); -- every write updates a row in place: leave room for it (heap-only tuples)

COMMENT ON TABLE order_rollup IS
  'Orders and revenue by UTC day of order_date and currency, in parts that the summary adds up. Kept by triggers.';

-- The session's slot: ordersd takes 0 to 63, each session of it its own, under an advisory lock; other sessions
-- share sixteen further ones, where two in one slot wait for each other's commit and are right all the same.
CREATE FUNCTION order_rollup_slot() RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
  SELECT coalesce(nullif(current_setting('orders.rollup_slot', true), '')::integer, 64 + pg_backend_pid() % 16)
$$;

-- The functions run as their owner: who may write orders need not be allowed to write the rollup. Rows are taken
-- in the order of the key, so that two statements in one slot never wait for each other in a circle.

CREATE FUNCTION order_rollup_insert() RETURNS trigger
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

CREATE FUNCTION order_rollup_delete() RETURNS trigger
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

-- A change of neither day, currency nor amount touches no row.
CREATE FUNCTION order_rollup_update() RETURNS trigger
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

CREATE FUNCTION order_rollup_truncate() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
BEGIN
  TRUNCATE order_rollup;
  RETURN NULL;
END
$$;

CREATE TRIGGER order_rollup_insert AFTER INSERT ON orders
  REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION order_rollup_insert();
CREATE TRIGGER order_rollup_delete AFTER DELETE ON orders
  REFERENCING OLD TABLE AS removed
  FOR EACH STATEMENT EXECUTE FUNCTION order_rollup_delete();
CREATE TRIGGER order_rollup_update AFTER UPDATE ON orders
  REFERENCING OLD TABLE AS removed NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION order_rollup_update();
CREATE TRIGGER order_rollup_truncate AFTER TRUNCATE ON orders
  FOR EACH STATEMENT EXECUTE FUNCTION order_rollup_truncate();

-- The orders there are. The triggers hold the table's lock already, so none is missed and none counted twice.
INSERT INTO order_rollup (day, currency, slot, orders, revenue)
SELECT (order_date AT TIME ZONE 'UTC')::date AS day, currency, 0, count(*), sum(total_amount)
FROM orders
GROUP BY day, currency;

COMMIT;
