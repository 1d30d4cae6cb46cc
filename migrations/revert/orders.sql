-- Revert orders:orders from pg

BEGIN;

DROP TABLE orders;

COMMIT;
