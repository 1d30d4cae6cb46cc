-- Deploy orders:api_keys to pg
-- requires: idempotency_principal_key

BEGIN;

-- The keys that callers present: a row for each that was ever made, of which only the SHA-256 is kept (src/auth/key.h
-- says why that is enough). A rotation makes a row of the same name, and sets the time from which the old one is
-- refused, which may be to come.
CREATE TABLE api_keys (
  id text COLLATE "C" NOT NULL,
  hash bytea NOT NULL,
  name text COLLATE "C" NOT NULL,
  role text COLLATE "C" NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz,

  CONSTRAINT api_keys_pkey PRIMARY KEY (id),
  CONSTRAINT api_keys_id_check CHECK (id ~ '^[0-9a-f]{16}$'),
  CONSTRAINT api_keys_hash_check CHECK (length(hash) = 32),
  CONSTRAINT api_keys_name_check CHECK (name ~ '^[A-Za-z0-9-]{1,63}$' AND name <> 'bootstrap'),
  CONSTRAINT api_keys_role_check CHECK (role IN ('reader', 'writer', 'admin')),
  CONSTRAINT api_keys_created_at_check
    CHECK (created_at BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00'),
  CONSTRAINT api_keys_expires_at_check
    CHECK (expires_at BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00'),
  CONSTRAINT api_keys_last_used_at_check
    CHECK (last_used_at BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00'),
  CONSTRAINT api_keys_revoked_at_check
    CHECK (revoked_at BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00')
);

-- A name is one caller's, until it is revoked.
CREATE UNIQUE INDEX api_keys_name ON api_keys (name) WHERE revoked_at IS NULL;

COMMENT ON TABLE api_keys IS
  'Keys that callers present; each server has them in memory.';
COMMENT ON COLUMN api_keys.hash IS
  'SHA-256 of the key''s secret digits.';
COMMENT ON COLUMN api_keys.last_used_at IS
  'To the minute, written once a minute.';
COMMENT ON COLUMN api_keys.revoked_at IS
  'From when on it is refused; after a rotation perhaps to come.';

-- Tells servers that what they have in memory is not the newest, whoever changed it. Not of a use.
CREATE FUNCTION api_keys_changed() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  PERFORM pg_notify('orders_api_keys', '');
  RETURN NULL;
END
$$;

CREATE TRIGGER api_keys_changed
  AFTER INSERT OR DELETE OR TRUNCATE OR UPDATE OF id, hash, name, role, expires_at, revoked_at ON api_keys
  FOR EACH STATEMENT EXECUTE FUNCTION api_keys_changed();

COMMIT;
