-- Verify orders:orders_touch_room on pg

BEGIN;

-- In which a trigger's condition is then shown.
SET LOCAL TIME ZONE 'UTC';
SET LOCAL datestyle = 'ISO';

DO $$
DECLARE
  missing text;
BEGIN
  SELECT string_agg(wanted.name, ', ') INTO missing
  FROM (
    VALUES ('orders_touch', '9999-12-31 23:59:59.999999+00'), ('orders_touch_room', '9999-01-01 00:00:00+00')
  ) AS wanted (name, bound)
  WHERE NOT EXISTS (
    SELECT FROM pg_trigger
    WHERE tgrelid = 'orders'::regclass AND tgname = wanted.name AND tgenabled <> 'D'
      AND tgfoid = to_regproc(wanted.name) AND strpos(pg_get_triggerdef(oid), wanted.bound) > 0
  );
  IF missing IS NOT NULL THEN
    RAISE EXCEPTION 'orders lacks triggers that keep room for updated_at, or they are disabled: %', missing;
  END IF;
END
$$;

ROLLBACK;
