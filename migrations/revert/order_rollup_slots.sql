-- Revert orders:order_rollup_slots from pg

BEGIN;

CREATE OR REPLACE FUNCTION order_rollup_slot() RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
  SELECT coalesce(nullif(current_setting('orders.rollup_slot', true), '')::integer, 64 + pg_backend_pid() % 16)
$$;

COMMIT;
