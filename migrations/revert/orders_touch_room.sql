-- Revert orders:orders_touch_room from pg

BEGIN;

SET LOCAL lock_timeout = '10s';
DROP TRIGGER orders_touch_room ON orders;
DROP FUNCTION orders_touch_room();

CREATE OR REPLACE FUNCTION orders_touch() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  NEW.updated_at := greatest(clock_timestamp(), OLD.updated_at + interval '1 microsecond');
  RETURN NEW;
END
$$;

CREATE OR REPLACE TRIGGER orders_touch BEFORE UPDATE ON orders
  FOR EACH ROW WHEN (NEW.updated_at <= OLD.updated_at AND NEW.* IS DISTINCT FROM OLD.*)
  EXECUTE FUNCTION orders_touch();
ALTER TABLE orders ENABLE ALWAYS TRIGGER orders_touch;

COMMIT;
