-- Revert orders:order_rollup from pg

BEGIN;

DROP TRIGGER order_rollup_insert ON orders;
DROP TRIGGER order_rollup_delete ON orders;
DROP TRIGGER order_rollup_update ON orders;
DROP TRIGGER order_rollup_truncate ON orders;
DROP FUNCTION order_rollup_insert(), order_rollup_delete(), order_rollup_update(), order_rollup_truncate();
DROP FUNCTION order_rollup_slot();
DROP TABLE order_rollup;

COMMIT;
