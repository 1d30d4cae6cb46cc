-- Deploy orders:orders_touch_room to pg
-- requires: order_rollup_upkeep

BEGIN;

-- The locks taken here are held for milliseconds, but whoever comes behind waits as long as this does for them.
SET LOCAL lock_timeout = '1s';

-- Each change of an order moves its updated_at on, by a microsecond at least, and the last microsecond of the year 9999
-- leaves nowhere to move to: such an order could not be changed any more, nor its updated_at be set back.
--
-- An update may therefore not set an updated_at of the year 9999: what moves on by a microsecond a change then never
-- comes to its end. An order that has the last one all the same (it was inserted so, restored, or is of before this
-- change) gets the clock's time with its next change. It cannot come to the same end again, so that no updated_at, and
-- with it no etag, comes twice.

CREATE OR REPLACE FUNCTION orders_touch() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  IF OLD.updated_at >= '9999-12-31 23:59:59.999999+00' THEN
    NEW.updated_at := clock_timestamp();
  ELSE
    NEW.updated_at := greatest(clock_timestamp(), OLD.updated_at + interval '1 microsecond');
  END IF;
  RETURN NEW;
END
$$;

CREATE OR REPLACE TRIGGER orders_touch BEFORE UPDATE ON orders
  FOR EACH ROW WHEN (
    (NEW.updated_at <= OLD.updated_at OR OLD.updated_at >= '9999-12-31 23:59:59.999999+00')
    AND NEW.* IS DISTINCT FROM OLD.*)
  EXECUTE FUNCTION orders_touch();
ALTER TABLE orders ENABLE ALWAYS TRIGGER orders_touch;

CREATE FUNCTION orders_touch_room() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  RAISE EXCEPTION 'an update of order % sets updated_at to %, which leaves no room for later changes',
    to_json(OLD.order_id), NEW.updated_at
    USING ERRCODE = 'check_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, COLUMN = 'updated_at',
      CONSTRAINT = 'orders_updated_at_check',
      HINT = 'Leave updated_at out, or set one before the year 9999.';
END
$$;

-- Triggers run by name: after orders_touch. Not in sessions that apply what another database has let in: a subscription
-- would stop at it.
CREATE TRIGGER orders_touch_room BEFORE UPDATE ON orders
  FOR EACH ROW WHEN (
    NEW.updated_at >= '9999-01-01 00:00:00+00' AND NEW.updated_at > OLD.updated_at + interval '1 microsecond')
  EXECUTE FUNCTION orders_touch_room();

COMMIT;
