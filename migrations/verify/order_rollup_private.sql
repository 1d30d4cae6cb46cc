-- Verify orders:order_rollup_private on pg
--
-- No function that runs as its owner can be executed by anybody.

BEGIN;

DO $$
DECLARE
  open text;
BEGIN
  SELECT string_agg(oid::regprocedure::text, ', ') INTO open
  FROM pg_proc
  WHERE pronamespace = current_schema()::regnamespace AND prosecdef AND proname LIKE 'order\_rollup\_%'
    AND has_function_privilege('public', oid, 'EXECUTE');
  IF open IS NOT NULL THEN
    RAISE EXCEPTION 'anybody may execute %', open;
  END IF;
END
$$;

ROLLBACK;
