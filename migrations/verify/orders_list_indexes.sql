-- Verify orders:orders_list_indexes on pg

BEGIN;

DO $$
DECLARE
  missing text;
BEGIN
  SELECT string_agg(wanted::text, E'\n') INTO missing FROM (
    VALUES
      ('orders_customer_id_id_idx', 'btree (customer_id, id)'),
      ('orders_customer_id_status_id_idx', 'btree (customer_id, status, id)'),
      ('orders_status_id_idx', 'btree (status, id)')
    EXCEPT
    SELECT relname, substring(pg_get_indexdef(indexrelid) FROM ' USING (.*)$')
    FROM pg_index
    JOIN pg_class ON pg_class.oid = indexrelid
    WHERE indrelid = 'orders'::regclass AND indisvalid
  ) wanted;
  IF missing IS NOT NULL THEN
    RAISE EXCEPTION E'orders lacks indexes, or has them otherwise:\n%', missing;
  END IF;
END
$$;

ROLLBACK;
