-- Puts the original's tables back, and forgets what Sqitch recorded of this project; the registry goes too if nothing else is
-- in it. It is not there if the adoption was cut short before it was recorded.

SET LOCAL client_min_messages = warning; -- without what goes with the registry

DO $$
BEGIN
  IF to_regclass('sqitch.changes') IS NOT NULL THEN
    DELETE FROM sqitch.dependencies
    WHERE change_id IN (SELECT change_id FROM sqitch.changes WHERE project = 'orders');
    DELETE FROM sqitch.tags WHERE project = 'orders';
    DELETE FROM sqitch.changes WHERE project = 'orders';
    DELETE FROM sqitch.events WHERE project = 'orders';
    DELETE FROM sqitch.projects WHERE project = 'orders';
    IF NOT EXISTS (SELECT FROM sqitch.projects) THEN
      DROP SCHEMA sqitch CASCADE;
    END IF;
  END IF;
END
$$;

ALTER TABLE original.orders SET SCHEMA public;
ALTER TABLE original.alembic_version SET SCHEMA public;
DROP TABLE original.left_behind;
DROP TABLE original.scale;
DROP TABLE IF EXISTS original.changes;
DROP SCHEMA original;
