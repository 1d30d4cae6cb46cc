-- Deploy orders:orders_times to pg
-- requires: idempotency

BEGIN;

-- The locks taken here are held for milliseconds, but whoever comes behind waits as long as this does for them. Should it
-- not get them, deploy again.
SET LOCAL lock_timeout = '1s';

-- What google.protobuf.Timestamp and RFC 3339 can say. PostgreSQL takes infinity, BC and years to 294276 besides. The
-- orders there are already are looked at by the next change, under a lock that lets writers go on.
ALTER TABLE orders
  ADD CONSTRAINT orders_order_date_check
    CHECK (order_date >= '0001-01-01 00:00:00+00' AND order_date < '10000-01-01 00:00:00+00') NOT VALID,
  ADD CONSTRAINT orders_created_at_check
    CHECK (created_at >= '0001-01-01 00:00:00+00' AND created_at < '10000-01-01 00:00:00+00') NOT VALID,
  ADD CONSTRAINT orders_updated_at_check
    CHECK (updated_at >= '0001-01-01 00:00:00+00' AND updated_at < '10000-01-01 00:00:00+00') NOT VALID;

COMMENT ON CONSTRAINT orders_order_date_check ON orders IS
  'Years 1 to 9999, UTC: an order of another date cannot be answered.';

-- An order's etag is made of id and updated_at, so no two states of an order may have the same one: not within one
-- transaction, where now() stands still, nor where the clock goes back. The service's own updates move it themselves,
-- and then this does not run.
CREATE FUNCTION orders_touch() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  NEW.updated_at := greatest(clock_timestamp(), OLD.updated_at + interval '1 microsecond');
  RETURN NEW;
END
$$;

CREATE TRIGGER orders_touch BEFORE UPDATE ON orders
  FOR EACH ROW WHEN (NEW.updated_at <= OLD.updated_at AND NEW.* IS DISTINCT FROM OLD.*)
  EXECUTE FUNCTION orders_touch();
-- In sessions with session_replication_role = replica too.
ALTER TABLE orders ENABLE ALWAYS TRIGGER orders_touch;

COMMIT;
