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
