-- Verify orders:idempotency_principal on pg

BEGIN;

SELECT principal FROM idempotency WHERE false;

DO $$
BEGIN
  IF NOT EXISTS (
    SELECT FROM pg_attribute
    JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE attrelid = 'idempotency'::regclass AND attname = 'principal' AND attnotnull
      AND pg_get_expr(adbin, adrelid) = '''bootstrap''::text'
  ) THEN
    RAISE EXCEPTION 'records of a build that knows no principal would have none';
  END IF;
END
$$;

ROLLBACK;
