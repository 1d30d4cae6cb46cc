-- updated_at, of which an etag is made, moves on with every change, whoever writes and however the clock stands.

INSERT INTO orders (order_id, customer_id, order_date, total_amount, currency, status)
VALUES ('A', 'C', '2025-01-15', 1, 'ISK', 'pending');

-- Each statement, and whether it changes the order.
CREATE FUNCTION pg_temp.check_updated_at(role text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  before timestamptz;
  after timestamptz;
  statement text;
  changes boolean;
BEGIN
  PERFORM set_config('session_replication_role', role, true);
  -- All in one transaction, where now() stands still.
  FOR statement, changes IN VALUES
    ('UPDATE orders SET total_amount = total_amount + 1', true),
    ('UPDATE orders SET total_amount = total_amount + 1', true),
    ('UPDATE orders SET status = ''shipped'', updated_at = now()', true),
    ('UPDATE orders SET status = ''pending'', updated_at = now()', true),
    ('UPDATE orders SET customer_id = ''D'', updated_at = updated_at', true),
    ('UPDATE orders SET customer_id = ''E'', updated_at = ''2001-01-01''', true),
    ('UPDATE orders SET updated_at = ''2001-01-01''', true),
    ('UPDATE orders SET created_at = created_at - interval ''1 day''', true),
    ('UPDATE orders SET updated_at = updated_at + interval ''1 year''', true), -- as by a clock that was wrong
    ('UPDATE orders SET total_amount = total_amount + 1', true),
    ('INSERT INTO orders (order_id, customer_id, order_date, total_amount, currency, status) '
      'SELECT order_id, customer_id, order_date, total_amount, currency, status FROM orders '
      'ON CONFLICT (order_id) DO UPDATE SET total_amount = orders.total_amount + 1', true),
    ('UPDATE orders SET total_amount = total_amount, status = status', false)
  LOOP
    SELECT updated_at INTO before FROM orders;
    EXECUTE statement;
    SELECT updated_at INTO after FROM orders;
    IF changes THEN
      ASSERT after > before, format('%s: updated_at does not move on: %s, %s', statement, before, after);
    ELSE
      ASSERT after = before, format('%s: updated_at moves from %s to %s', statement, before, after);
    END IF;
  END LOOP;
  PERFORM set_config('session_replication_role', 'origin', true);
END
$$;

SELECT pg_temp.check_updated_at(role) FROM unnest(ARRAY['origin', 'replica', 'local']) AS role;

DO $$
BEGIN
  UPDATE orders SET updated_at = '2200-01-02 00:00:00+00';
  ASSERT (SELECT updated_at = '2200-01-02 00:00:00+00' FROM orders), 'a time that does move on is not kept';
END
$$;

TRUNCATE orders;

-- Nobody can give an order an updated_at from which it cannot be changed any more: neither by a statement that leaves
-- updated_at to the database, nor by the service's, which moves it itself. And none comes twice.
INSERT INTO orders (order_id, customer_id, order_date, total_amount, currency, status, updated_at) VALUES
  ('moved', 'C', '2025-01-15', 1, 'ISK', 'pending', '9998-12-31 23:59:59.999998+00'),
  ('late', 'C', '2025-01-15', 1, 'ISK', 'pending', '9999-06-01 00:00:00+00'),
  ('last but one', 'C', '2025-01-15', 1, 'ISK', 'pending', '9999-12-31 23:59:59.999998+00'),
  ('last', 'C', '2025-01-15', 1, 'ISK', 'pending', '9999-12-31 23:59:59.999999+00');
CREATE TEMPORARY TABLE seen AS SELECT id, updated_at FROM orders;
CREATE UNIQUE INDEX ON seen (id, updated_at);

DO $$
DECLARE
  role text;
  change text;
  refused_by text;
BEGIN
  FOREACH role IN ARRAY ARRAY['origin', 'replica', 'local'] LOOP
    PERFORM set_config('session_replication_role', role, true);
    FOREACH change IN ARRAY ARRAY[
      'total_amount = total_amount + 1',
      'total_amount = total_amount + 1, updated_at = greatest(clock_timestamp(), updated_at + interval ''1 microsecond'')',
      'status = ''shipped'', updated_at = now()',
      'status = ''pending'''
    ] LOOP
      EXECUTE 'UPDATE orders SET ' || change;
      INSERT INTO seen SELECT id, updated_at FROM orders;
    END LOOP;
  END LOOP;
  PERFORM set_config('session_replication_role', 'origin', true);
  ASSERT (SELECT bool_and(total_amount = 7) FROM orders), 'an order was not changed';
  ASSERT (SELECT array_agg(order_id ORDER BY id) = ARRAY['last but one', 'last'] FROM orders
    WHERE updated_at BETWEEN now() - interval '1 day' AND clock_timestamp()), 'not on with the clock''s time';
  ASSERT (SELECT updated_at = '9999-01-01 00:00:00.000010+00' FROM orders WHERE order_id = 'moved'), 'not moved on';

  FOREACH change IN ARRAY ARRAY['9999-01-01 00:00:00+00', '9999-12-31 23:59:59.999999+00', 'infinity'] LOOP
    refused_by := 'nothing';
    BEGIN
      EXECUTE format('UPDATE orders SET updated_at = %L WHERE order_id = ''last''', change);
    EXCEPTION
      WHEN check_violation THEN GET STACKED DIAGNOSTICS refused_by = CONSTRAINT_NAME;
    END;
    ASSERT refused_by = 'orders_updated_at_check', format('an updated_at of %s is refused by %s', change, refused_by);
  END LOOP;
  UPDATE orders SET updated_at = '9998-12-31 23:59:59.999999+00' WHERE order_id = 'last';
  UPDATE orders SET total_amount = 8 WHERE order_id = 'last';
  ASSERT (SELECT updated_at = '9999-01-01 00:00:00+00' FROM orders WHERE order_id = 'last'), 'no room was left';
END
$$;

TRUNCATE orders;
