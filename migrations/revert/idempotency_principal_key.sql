-- Revert orders:idempotency_principal_key from pg

BEGIN;

-- What is left is to have one meaning to a build that knows no principals: the one key's records stay.
LOCK TABLE idempotency IN ACCESS EXCLUSIVE MODE;
DELETE FROM idempotency WHERE principal <> 'bootstrap';

DROP INDEX IF EXISTS idempotency_request_id_idx;
ALTER TABLE idempotency
  DROP CONSTRAINT idempotency_pkey,
  ADD CONSTRAINT idempotency_pkey PRIMARY KEY (request_id, part);

COMMENT ON TABLE idempotency IS
  'Answers to writes, by request_id, for ORDERS_IDEMPOTENCY_TTL.';

COMMIT;
