-- Verify orders:orders_cancelled_index on pg

BEGIN;

DO $$
BEGIN
  IF NOT EXISTS (
    SELECT FROM pg_index
    WHERE indexrelid = to_regclass('orders_cancelled_idx') AND indrelid = 'orders'::regclass AND indisvalid
      AND pg_get_indexdef(indexrelid) LIKE '% USING btree (order_date) INCLUDE (currency, total_amount) WHERE %'
      AND pg_get_expr(indpred, indrelid) = '((status || ''''::text) = ''cancelled''::text)'
  ) THEN
    RAISE EXCEPTION 'orders lacks the index orders_cancelled_idx, or has another one of that name';
  END IF;
END
$$;

ROLLBACK;
