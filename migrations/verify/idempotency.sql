-- Verify orders:idempotency on pg

BEGIN;

SELECT request_id, part, fingerprint, code, answered_at, id, customer_id, order_date, total_amount, currency, status,
  created_at, updated_at
FROM idempotency
WHERE false;

ROLLBACK;
