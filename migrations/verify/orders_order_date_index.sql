-- Verify orders:orders_order_date_index on pg

BEGIN;

DO $$
BEGIN
  PERFORM FROM pg_index
    JOIN pg_class ON pg_class.oid = indexrelid
    WHERE indrelid = 'orders'::regclass AND indisvalid AND relname = 'orders_order_date_id_idx'
      AND pg_get_indexdef(indexrelid) LIKE '% USING btree (order_date, id)';
  IF NOT FOUND THEN
    RAISE EXCEPTION 'orders lacks the index orders_order_date_id_idx, or has it otherwise';
  END IF;
END
$$;

ROLLBACK;
