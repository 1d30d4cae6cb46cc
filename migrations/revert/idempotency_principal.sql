-- Revert orders:idempotency_principal from pg

BEGIN;

ALTER TABLE idempotency DROP COLUMN principal;

COMMIT;
