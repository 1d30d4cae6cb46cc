-- Moves the original service's tables aside, to the schema original, where they stay as they are.
--
-- The first of what tools/migrate --adopt runs in one transaction, but for differences.sql; the deploy scripts follow, and take.sql after the
-- first of them.

SET LOCAL lock_timeout = '10s';
SET LOCAL search_path = public;

-- The original may be running: it must not write meanwhile.
DO $$
BEGIN
  LOCK TABLE public.alembic_version, public.orders IN ACCESS EXCLUSIVE MODE;
EXCEPTION WHEN lock_not_available THEN
  RAISE EXCEPTION 'the lock timeout came: somebody else uses the original''s tables'
    USING HINT = 'Stop the original service, end transactions that are open, and run tools/migrate --adopt again.';
END
$$;

DO $$
DECLARE
  revision text;
  differs text;
BEGIN
  SELECT string_agg(version_num, ', ') INTO revision FROM public.alembic_version;
  IF revision IS DISTINCT FROM '20a2128406fd' THEN
    RAISE EXCEPTION 'the original''s schema is at revision %, not 20a2128406fd', coalesce(revision, 'none')
      USING HINT = 'In a checkout of the original, run alembic upgrade 20a2128406fd, and then tools/migrate --adopt again.';
  END IF;

  SELECT string_agg(text, ', ' ORDER BY text) INTO differs FROM differences;
  IF differs IS NOT NULL THEN
    RAISE EXCEPTION 'orders is not the original''s table: %', differs
      USING HINT = 'Change it by SQL to what the original has, and run tools/migrate --adopt again.';
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
