-- Verify orders:idempotency_principal_key on pg

BEGIN;

DO $$
BEGIN
  IF NOT EXISTS (
    SELECT FROM pg_constraint
    WHERE conrelid = 'idempotency'::regclass AND conname = 'idempotency_pkey'
      AND pg_get_constraintdef(oid) = 'PRIMARY KEY (principal, request_id, part)'
  ) THEN
    RAISE EXCEPTION 'the primary key of idempotency does not begin with the principal';
  END IF;
END
$$;

ROLLBACK;
