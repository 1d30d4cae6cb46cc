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
  IF EXISTS (
    SELECT FROM pg_proc
    WHERE prosecdef AND pronamespace = current_schema()::regnamespace AND proname LIKE 'order\_rollup\_%'
      AND NOT coalesce(array_to_string(proconfig, ' ') LIKE '%, pg_temp%', false)
  ) THEN
    RAISE EXCEPTION 'a function of the rollup that runs as its owner looks for tables among temporary ones first';
  END IF;
END
$$;

ROLLBACK;
