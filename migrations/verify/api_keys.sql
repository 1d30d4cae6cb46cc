-- Verify orders:api_keys on pg

BEGIN;

SELECT id, hash, name, role, created_at, expires_at, last_used_at, revoked_at
FROM api_keys
WHERE false;

DO $$
BEGIN
  IF to_regclass('api_keys_name') IS NULL THEN
    RAISE EXCEPTION 'two keys of one name can hold: there is no index api_keys_name';
  END IF;
  IF NOT EXISTS (
    SELECT FROM pg_trigger
    WHERE tgrelid = 'api_keys'::regclass AND tgname = 'api_keys_changed' AND tgenabled <> 'D'
  ) THEN
    RAISE EXCEPTION 'changes of keys are not told: there is no trigger api_keys_changed, or it is disabled';
  END IF;
END
$$;

ROLLBACK;
