-- Verify orders:orders_times_valid on pg

BEGIN;

DO $$
DECLARE
  missing text;
BEGIN
  SELECT string_agg(conname, ', ') INTO missing
  FROM pg_constraint
  WHERE conrelid = 'orders'::regclass AND NOT convalidated;
  IF missing IS NOT NULL THEN
    RAISE EXCEPTION 'orders has constraints that are not validated: %', missing;
  END IF;
END
$$;

ROLLBACK;
