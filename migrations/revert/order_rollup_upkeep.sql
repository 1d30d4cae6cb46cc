-- Revert orders:order_rollup_upkeep from pg

BEGIN;

SET LOCAL lock_timeout = '10s';
DROP TRIGGER order_rollup_begin_statement ON orders;
DROP TRIGGER order_rollup_row ON orders;
DROP TRIGGER order_rollup_leave_out ON order_rollup;
ALTER TABLE orders
  ENABLE TRIGGER order_rollup_insert,
  ENABLE TRIGGER order_rollup_update,
  ENABLE TRIGGER order_rollup_delete,
  ENABLE TRIGGER order_rollup_truncate;
DROP FUNCTION order_rollup_begin_statement(), order_rollup_row(), order_rollup_leave_out(), order_rollup_arm(),
  order_rollup_fold(bigint, bigint), order_rollup_recount();

DO $$
DECLARE
  each regprocedure;
BEGIN
  FOR each IN
    SELECT oid FROM pg_proc
    WHERE prosecdef AND pronamespace = current_schema()::regnamespace AND proname LIKE 'order\_rollup\_%'
  LOOP
    EXECUTE format('ALTER FUNCTION %s SET search_path FROM CURRENT', each);
  END LOOP;
END
$$;

COMMIT;
