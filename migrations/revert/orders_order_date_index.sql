-- Revert orders:orders_order_date_index from pg

BEGIN;

DROP INDEX orders_order_date_id_idx;

COMMIT;
