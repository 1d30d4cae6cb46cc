-- Verify orders:order_rollup_statements on pg
--
-- What marks a statement that is running, takes the mark away and looks for it is there, and on where it is to run.

BEGIN;

DO $$
DECLARE
  wrong text;
BEGIN
  SELECT string_agg(wanted.name, ', ') INTO wrong FROM (
    VALUES ('order_rollup_begin_statement'), ('order_rollup_end_statement'), ('order_rollup_row')
  ) AS wanted (name)
  WHERE NOT EXISTS (
    SELECT FROM pg_trigger
    WHERE tgrelid = 'orders'::regclass AND tgname = wanted.name AND tgenabled = 'R'
      AND tgfoid = to_regproc(wanted.name)
      AND strpos(pg_get_triggerdef(pg_trigger.oid) || pg_get_functiondef(tgfoid), 'orders.rollup_statements') > 0
  );
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION 'orders lacks triggers, or they are not enabled for replicas: %', wrong
      USING HINT = 'tools/migrate --recount enables them, and counts what they have missed.';
  END IF;
END
$$;

ROLLBACK;
