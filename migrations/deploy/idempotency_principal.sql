-- Deploy orders:idempotency_principal to pg
-- requires: order_rollup_statements

BEGIN;

-- The lock taken here is held for milliseconds, as the default is kept with the table and no row is written, but whoever
-- comes behind waits as long as this does for it. Should it not get it, deploy again.
SET LOCAL lock_timeout = '1s';

-- Whose the request_id is. The records there were are of the one key that there was, and so are those that a build from
-- before, which knows no column of this name, still makes.
ALTER TABLE idempotency ADD COLUMN principal text COLLATE "C" NOT NULL DEFAULT 'bootstrap';

COMMENT ON COLUMN idempotency.principal IS
  'Who sent the request: another one''s request of the same request_id is another request.';

COMMIT;
