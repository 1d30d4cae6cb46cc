-- Deploy orders:idempotency_principal_key to pg
-- requires: idempotency_principal

-- Of a table with rows the indexes are built while writers go on, which is done outside of transactions: should this be cut
-- short, deploy again. Who runs it within one, as an adoption does, has an empty table.
SELECT EXISTS (SELECT FROM idempotency) AS has_rows \gset
\if :has_rows
DROP INDEX CONCURRENTLY IF EXISTS idempotency_principal_key;
CREATE UNIQUE INDEX CONCURRENTLY idempotency_principal_key ON idempotency (principal, request_id, part);
-- By which a build from before finds records, as long as one runs. It knows no principals: make no keys until none does any
-- more. Then it is of no use:
-- DROP INDEX CONCURRENTLY idempotency_request_id_idx.
DROP INDEX CONCURRENTLY IF EXISTS idempotency_request_id_idx;
CREATE INDEX CONCURRENTLY idempotency_request_id_idx ON idempotency (request_id);
COMMENT ON INDEX idempotency_request_id_idx IS
  'For builds of before there were principals: drop it when none runs any more.';
\else
CREATE UNIQUE INDEX IF NOT EXISTS idempotency_principal_key ON idempotency (principal, request_id, part);
\endif

BEGIN;

SET LOCAL lock_timeout = '1s';
SET LOCAL client_min_messages = warning; -- not that the index gets its name

-- The name stays: by it both builds know that a request was answered meanwhile.
ALTER TABLE idempotency
  DROP CONSTRAINT idempotency_pkey,
  ADD CONSTRAINT idempotency_pkey PRIMARY KEY USING INDEX idempotency_principal_key;

COMMENT ON TABLE idempotency IS
  'Answers to writes, by principal and request_id, for ORDERS_IDEMPOTENCY_TTL.';

COMMIT;
