-- Revert orders:idempotency from pg

BEGIN;

DROP TABLE idempotency;

COMMIT;
