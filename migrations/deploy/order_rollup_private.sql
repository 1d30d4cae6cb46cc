-- Deploy orders:order_rollup_private to pg
-- requires: order_rollup_only
-- requires: orders_order_date_index

BEGIN;

-- A trigger function that runs as its owner is its owner's, whatever table fires it: who may execute it can make a trigger
-- of it on a table of his own, count orders that are none, and have his own types' casts run with the owner's rights.
-- Only CREATE TRIGGER asks for EXECUTE. That a trigger fires does not.
DO $$
DECLARE
  each regprocedure;
BEGIN
  FOR each IN
    SELECT oid FROM pg_proc WHERE pronamespace = current_schema()::regnamespace AND prosecdef
      AND proname LIKE 'order\_rollup\_%'
  LOOP
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', each);
  END LOOP;
END
$$;

COMMIT;
