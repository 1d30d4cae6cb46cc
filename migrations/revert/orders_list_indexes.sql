-- Revert orders:orders_list_indexes from pg

BEGIN;

DROP INDEX orders_customer_id_status_id_idx, orders_status_id_idx, orders_customer_id_id_idx;

COMMIT;
