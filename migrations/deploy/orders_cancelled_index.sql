-- Deploy orders:orders_cancelled_index to pg
-- requires: orders_list_indexes

-- Its condition is written so that no list by status can use it: the planner would read all that was cancelled, and sort.
--
-- The index is built while writers go on, which is done outside of transactions: should this be cut short, deploy again.
-- Who runs it within one, as an adoption does, has the table to itself.
SET client_min_messages = warning; -- not that there is none from before
SELECT pg_current_xact_id_if_assigned() IS NULL AS is_outside \gset
\if :is_outside
DROP INDEX CONCURRENTLY IF EXISTS orders_cancelled_idx;
CREATE INDEX CONCURRENTLY orders_cancelled_idx ON orders (order_date) INCLUDE (currency, total_amount)
  WHERE status || '' = 'cancelled';
\else
CREATE INDEX orders_cancelled_idx ON orders (order_date) INCLUDE (currency, total_amount) WHERE status || '' = 'cancelled';
\endif
RESET client_min_messages;

COMMENT ON INDEX orders_cancelled_idx IS
  'What was cancelled, counted by day and currency from the index alone. The rollup does not know it: a change of status '
  'would be one of the rollup, too.';
