-- What ordersd needs of the database, for a role that owns nothing there:
--
--   CREATE ROLE orders_service LOGIN PASSWORD '...';
--   tools/migrate --grant orders_service
--
-- By hand, as the owner of the tables: psql --set role=orders_service --file migrations/grants.sql. Again after a
-- migration, which may have added something: what is granted already stays.
--
-- The rollup is kept by triggers, which run as its owner.

BEGIN;

SELECT pg_catalog.quote_ident(current_schema()) AS schema \gset
GRANT USAGE ON SCHEMA :schema, sqitch TO :"role";
GRANT SELECT ON sqitch.changes TO :"role";
GRANT SELECT, INSERT, DELETE,
  UPDATE (customer_id, order_date, total_amount, currency, status, updated_at) ON orders TO :"role";
GRANT SELECT, INSERT, DELETE ON idempotency TO :"role";
GRANT SELECT ON order_rollup, order_rollup_versions TO :"role";
GRANT SELECT, INSERT, UPDATE (revoked_at, last_used_at) ON api_keys TO :"role";
GRANT EXECUTE ON FUNCTION order_rollup_fold(bigint, bigint) TO :"role";

COMMIT;
