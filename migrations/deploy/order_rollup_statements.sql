-- Deploy orders:order_rollup_statements to pg
-- requires: orders_touch_room

BEGIN;

-- The locks taken here are held for milliseconds, but whoever comes behind waits as long as this does for them.
SET LOCAL lock_timeout = '1s';

-- Where a subscription is applied, a trigger of another table may write orders by a statement, in a transaction that
-- brings orders row by row too. Which of the two triggers counts a row is therefore said for a statement, not for the
-- rest of its transaction: orders.rollup_statements has a mark for each statement on orders that is running, one within
-- another. What a failed statement has set is rolled back with it.

CREATE OR REPLACE FUNCTION order_rollup_begin_statement() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  PERFORM set_config('orders.rollup_statements',
    coalesce(current_setting('orders.rollup_statements', true), '') || '|', true);
  RETURN NULL;
END
$$;

CREATE FUNCTION order_rollup_end_statement() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  PERFORM set_config('orders.rollup_statements', substr(current_setting('orders.rollup_statements'), 2), true);
  RETURN NULL;
END
$$;

CREATE TRIGGER order_rollup_end_statement AFTER INSERT OR UPDATE OR DELETE ON orders
  FOR EACH STATEMENT EXECUTE FUNCTION order_rollup_end_statement();

-- The condition is looked at as the row is changed, within its statement, if it has one.
CREATE OR REPLACE TRIGGER order_rollup_row AFTER INSERT OR UPDATE OR DELETE ON orders
  FOR EACH ROW WHEN (coalesce(current_setting('orders.rollup_statements', true), '') = '')
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
        ('orders', 'orders_touch_room', 'O', ''),
        ('orders', 'order_rollup_insert', 'A', 'ALWAYS'),
        ('orders', 'order_rollup_update', 'A', 'ALWAYS'),
        ('orders', 'order_rollup_delete', 'A', 'ALWAYS'),
        ('orders', 'order_rollup_truncate', 'A', 'ALWAYS'),
        ('orders', 'order_rollup_begin_statement', 'R', 'REPLICA'),
        ('orders', 'order_rollup_end_statement', 'R', 'REPLICA'),
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
