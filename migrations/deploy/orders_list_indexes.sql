-- Deploy orders:orders_list_indexes to pg
-- requires: orders

BEGIN;

-- Each ends in id, so that the rows of one filter come out of it in the order of the list.
CREATE INDEX orders_customer_id_id_idx ON orders (customer_id, id);
CREATE INDEX orders_status_id_idx ON orders (status, id);
CREATE INDEX orders_customer_id_status_id_idx ON orders (customer_id, status, id);

COMMENT ON INDEX orders_customer_id_id_idx IS
  'Lists by customer_id.';
COMMENT ON INDEX orders_status_id_idx IS
  'Lists by status: where a status is rare, the primary key would read nearly every order to fill a page.';
COMMENT ON INDEX orders_customer_id_status_id_idx IS
  'Lists by both: from the two others PostgreSQL gathers a bitmap and sorts.';

COMMIT;
