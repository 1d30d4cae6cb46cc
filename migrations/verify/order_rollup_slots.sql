-- Verify orders:order_rollup_slots on pg
--
-- Without a slot of its own, a session takes one that nobody else has.

BEGIN;

DO $$
DECLARE
  taken integer := order_rollup_slot();
BEGIN
  PERFORM FROM pg_locks
  WHERE locktype = 'advisory' AND classid = 6672 AND objid = taken AND pid = pg_backend_pid() AND granted;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'order_rollup_slot gives slot %, which this session has not locked', taken;
  END IF;
END
$$;

ROLLBACK;
