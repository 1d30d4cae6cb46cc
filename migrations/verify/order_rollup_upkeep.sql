-- Verify orders:order_rollup_upkeep on pg
--
-- Every trigger is enabled where it is to run.

BEGIN;

DO $$
DECLARE
  n bigint := order_rollup_arm();
BEGIN
  IF n > 0 THEN
    RAISE EXCEPTION '% triggers of orders and order_rollup are not enabled where they are to run', n
      USING HINT = 'tools/migrate --recount enables them, and counts what they have missed.';
  END IF;
END
$$;

ROLLBACK;
