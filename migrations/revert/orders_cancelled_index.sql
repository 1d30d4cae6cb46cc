-- Revert orders:orders_cancelled_index from pg

BEGIN;

SET LOCAL lock_timeout = '10s';
DROP INDEX orders_cancelled_idx;

COMMIT;
