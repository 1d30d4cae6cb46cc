-- Deploy orders:orders_order_date_index to pg
-- requires: api_keys

-- It is built while writers go on, which is done outside of transactions: should this be cut short, deploy again. Within a
-- transaction that has written already, as an adoption's has, nobody else writes.
SELECT pg_current_xact_id_if_assigned() IS NULL AS is_alone \gset
\if :is_alone
SET client_min_messages = warning; -- not that there is no such index
DROP INDEX CONCURRENTLY IF EXISTS orders_order_date_id_idx;
CREATE INDEX CONCURRENTLY orders_order_date_id_idx ON orders (order_date, id);
\else
CREATE INDEX orders_order_date_id_idx ON orders (order_date, id);
\endif

COMMENT ON INDEX orders_order_date_id_idx IS
  'Lists by order_date, of those equal by id, and the orders of a range of dates.';
