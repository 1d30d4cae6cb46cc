-- Deploy orders:idempotency to pg
-- requires: order_rollup_slots

BEGIN;

-- What a write was answered, kept in the transaction that made it, so that the same request sent again gets the same
-- answer and changes nothing. A row a write: a BatchCreateOrders has one for each order, as parts of it are committed
-- apart.
--
-- Rows are purged by walking the table's pages in small steps (src/store/purge.c), so that no index on the time has to
-- be kept with every write.
CREATE TABLE idempotency (
  request_id text COLLATE "C" NOT NULL,
  part bigint NOT NULL,
  fingerprint bigint NOT NULL,
  code bigint NOT NULL,
  answered_at timestamptz NOT NULL DEFAULT now(),
  -- The answer's fields, but for those that the request itself says: order_id, and of a create all but what the
  -- service and the database make.
  id bigint,
  customer_id text COLLATE "C",
  order_date timestamptz,
  total_amount bigint,
  currency text COLLATE "C",
  status text COLLATE "C",
  created_at timestamptz,
  updated_at timestamptz,

  CONSTRAINT idempotency_pkey PRIMARY KEY (request_id, part)
);

COMMENT ON TABLE idempotency IS
  'Answers to writes, by request_id, for ORDERS_IDEMPOTENCY_TTL.';
COMMENT ON COLUMN idempotency.part IS
  'Which order of a BatchCreateOrders, from 0; 0 for every other write.';
COMMENT ON COLUMN idempotency.fingerprint IS
  'XXH3 of method and payload: the same request_id with another one is refused.';
COMMENT ON COLUMN idempotency.code IS
  'The answer''s code (google.rpc.Code).';

COMMIT;
