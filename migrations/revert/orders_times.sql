-- Revert orders:orders_times from pg

BEGIN;

SET LOCAL lock_timeout = '10s';
DROP TRIGGER orders_touch ON orders;
DROP FUNCTION orders_touch();
ALTER TABLE orders
  DROP CONSTRAINT orders_order_date_check,
  DROP CONSTRAINT orders_created_at_check,
  DROP CONSTRAINT orders_updated_at_check;

COMMIT;
