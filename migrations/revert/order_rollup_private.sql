-- Revert orders:order_rollup_private from pg

BEGIN;

DO $$
DECLARE
  each regprocedure;
BEGIN
  FOR each IN
    SELECT oid FROM pg_proc WHERE pronamespace = current_schema()::regnamespace AND prosecdef
      AND proname LIKE 'order\_rollup\_%'
      AND oid <> ALL (ARRAY['order_rollup_fold(bigint, bigint)', 'order_rollup_recount()']::regprocedure[])
  LOOP
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO PUBLIC', each);
  END LOOP;
END
$$;

COMMIT;
