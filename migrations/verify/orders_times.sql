-- Verify orders:orders_times on pg

BEGIN;

DO $$
DECLARE
  missing text;
BEGIN
  SELECT string_agg(wanted.name, ', ') INTO missing
  FROM unnest(ARRAY['order_date', 'created_at', 'updated_at']) AS wanted (name)
  WHERE NOT EXISTS (
    SELECT FROM pg_constraint
    WHERE conrelid = 'orders'::regclass AND conname = 'orders_' || wanted.name || '_check' AND contype = 'c'
  );
  IF missing IS NOT NULL THEN
    RAISE EXCEPTION 'orders has no bounds for: %', missing;
  END IF;

  PERFORM FROM pg_trigger
  WHERE tgrelid = 'orders'::regclass AND tgname = 'orders_touch' AND tgenabled = 'A'
    AND tgfoid = to_regproc('orders_touch');
  IF NOT FOUND THEN
    RAISE EXCEPTION 'orders lacks the trigger orders_touch, or it is not enabled always';
  END IF;
END
$$;

ROLLBACK;
