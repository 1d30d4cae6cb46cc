-- Deploy orders:orders_times_valid to pg
-- requires: orders_times

BEGIN;

-- Reads the whole table, and holds up nobody meanwhile. Orders that break the rule are named, for somebody to decide
-- what their dates are to be; until then the change before this one holds for what is written.
DO $$
DECLARE
  n bigint;
  named text;
BEGIN
  ALTER TABLE orders
    VALIDATE CONSTRAINT orders_order_date_check,
    VALIDATE CONSTRAINT orders_created_at_check,
    VALIDATE CONSTRAINT orders_updated_at_check;
EXCEPTION
  WHEN check_violation THEN
    SELECT count(*), string_agg(format('%s', to_json(order_id)), ', ' ORDER BY id) FILTER (WHERE nth <= 20)
    INTO n, named
    FROM (
      SELECT id, order_id, row_number() OVER (ORDER BY id) AS nth
      FROM orders
      WHERE least(order_date, created_at, updated_at) < '0001-01-01 00:00:00+00'
        OR greatest(order_date, created_at, updated_at) >= '10000-01-01 00:00:00+00'
    ) AS outside;
    RAISE EXCEPTION '% orders have an order_date, created_at or updated_at outside the years 1 to 9999: %', n, named
      USING HINT = 'Give them one within by SQL, then run tools/migrate again.';
END
$$;

COMMIT;
