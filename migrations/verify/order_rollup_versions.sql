-- Verify orders:order_rollup_versions on pg
--
-- Whatever changes a sum of the rollup moves a version, and nobody else does.

BEGIN;

DO $$
DECLARE
  wrong text;
BEGIN
  PERFORM slot, version, since, days, versions FROM ONLY order_rollup_versions LIMIT 0;
  SELECT string_agg(function::text, ', ') INTO wrong
  FROM unnest(ARRAY['order_rollup_insert()', 'order_rollup_update()', 'order_rollup_delete()', 'order_rollup_truncate()',
    'order_rollup_row()', 'order_rollup_recount()']::regprocedure[]) AS function
  WHERE pg_get_functiondef(function) !~ 'PERFORM order_rollup_move\(';
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION 'functions change the rollup and move no version: %', wrong;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = 'order_rollup_versions'::regclass
      AND tgname = 'order_rollup_leave_out' AND tgenabled = 'A') THEN
    RAISE EXCEPTION 'versions that others write are not left out'
      USING HINT = 'tools/migrate --recount enables the trigger.';
  END IF;
END
$$;

ROLLBACK;
