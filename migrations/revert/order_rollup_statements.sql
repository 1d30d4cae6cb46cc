-- Revert orders:order_rollup_statements from pg

BEGIN;

SET LOCAL lock_timeout = '10s';
DROP TRIGGER order_rollup_end_statement ON orders;
DROP FUNCTION order_rollup_end_statement();

CREATE OR REPLACE FUNCTION order_rollup_begin_statement() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  PERFORM set_config('orders.rollup_by_statement', 'on', true);
  RETURN NULL;
END
$$;

CREATE OR REPLACE TRIGGER order_rollup_row AFTER INSERT OR UPDATE OR DELETE ON orders
  FOR EACH ROW WHEN (current_setting('orders.rollup_by_statement', true) IS DISTINCT FROM 'on')
  EXECUTE FUNCTION order_rollup_row();

CREATE OR REPLACE FUNCTION order_rollup_arm() RETURNS bigint
LANGUAGE plpgsql SET search_path FROM CURRENT
AS $$
DECLARE
  each record;
  n bigint := 0;
BEGIN
  FOR each IN
    SELECT wanted.relation, wanted.name, wanted.word
    FROM (
      VALUES
        ('orders'::regclass, 'orders_touch', 'A', 'ALWAYS'),
        ('orders', 'order_rollup_insert', 'A', 'ALWAYS'),
        ('orders', 'order_rollup_update', 'A', 'ALWAYS'),
        ('orders', 'order_rollup_delete', 'A', 'ALWAYS'),
        ('orders', 'order_rollup_truncate', 'A', 'ALWAYS'),
        ('orders', 'order_rollup_begin_statement', 'R', 'REPLICA'),
        ('orders', 'order_rollup_row', 'R', 'REPLICA'),
        ('order_rollup', 'order_rollup_leave_out', 'A', 'ALWAYS')
    ) AS wanted (relation, name, state, word)
    LEFT JOIN pg_trigger ON tgrelid = wanted.relation AND tgname = wanted.name
    WHERE tgenabled IS DISTINCT FROM wanted.state::"char"
  LOOP
    EXECUTE format('ALTER TABLE %s ENABLE %s TRIGGER %I', each.relation, each.word, each.name);
    n := n + 1;
  END LOOP;
  RETURN n;
END
$$;

DO $$ BEGIN PERFORM order_rollup_arm(); END $$;

COMMIT;
