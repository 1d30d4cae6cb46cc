-- Revert orders:api_keys from pg

BEGIN;

DROP TABLE api_keys;
DROP FUNCTION api_keys_changed();

COMMIT;
