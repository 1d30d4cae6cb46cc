-- Moves the original service's tables aside, to the schema original, where they stay as they are.
--
-- The first of what tools/migrate --adopt runs in one transaction; the deploy scripts follow, and take.sql after the
-- first of them.

SET LOCAL lock_timeout = '10s';
SET LOCAL search_path = public;

-- The original may be running: it must not write meanwhile.
LOCK TABLE public.alembic_version, public.orders IN ACCESS EXCLUSIVE MODE;

DO $$
DECLARE
  revision text;
  differs text;
BEGIN
  SELECT string_agg(version_num, ', ') INTO revision FROM public.alembic_version;
  IF revision IS DISTINCT FROM '20a2128406fd' THEN
    RAISE EXCEPTION 'the original''s schema is at revision %, not 20a2128406fd', coalesce(revision, 'none')
      USING HINT = 'Bring it there with its own alembic first.';
  END IF;

  SELECT string_agg(format('%s %s', coalesce(wanted.name, found.name), coalesce(found.type, 'is missing')), ', ')
  INTO differs
  FROM (
    VALUES ('id', 'integer'), ('order_id', 'character varying'), ('customer_id', 'character varying'),
      ('order_date', 'timestamp with time zone'), ('total_amount', 'integer'), ('currency', 'character varying(3)'),
      ('status', 'character varying'), ('created_at', 'timestamp with time zone'),
      ('updated_at', 'timestamp with time zone')
  ) AS wanted (name, type)
  FULL JOIN (
    SELECT attname::text AS name, format_type(atttypid, atttypmod) AS type, attnotnull
    FROM pg_attribute WHERE attrelid = 'public.orders'::regclass AND attnum > 0 AND NOT attisdropped
  ) AS found USING (name)
  WHERE wanted.type IS DISTINCT FROM found.type OR NOT attnotnull;
  IF differs IS NOT NULL THEN
    RAISE EXCEPTION 'orders is not the original''s table: %', differs;
  END IF;
END
$$;

CREATE SCHEMA original;
ALTER TABLE public.orders SET SCHEMA original;
ALTER TABLE public.alembic_version SET SCHEMA original;

COMMENT ON SCHEMA original IS
  'The original order service''s tables as they were when tools/migrate --adopt took them over.';

-- What runs here, until all of it is recorded with Sqitch. Another tree may have other changes.
CREATE TABLE original.changes AS
  SELECT nth, name FROM unnest(string_to_array(:'changes', ' ')) WITH ORDINALITY AS planned (name, nth);
