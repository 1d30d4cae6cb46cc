-- Every filter of a list pages by id without a sort, planned once for all values: 50,000 orders of 5,000
-- customers, most of them completed and few cancelled.

INSERT INTO orders (order_id, customer_id, order_date, total_amount, currency, status)
SELECT
  'ORD-' || n,
  'CUST-' || n::bigint * 7919 % 5003 % 5000,
  timestamptz '2025-01-01' + n * interval '10 minutes',
  1 + n * 7919 % 1000000,
  (ARRAY['ISK', 'EUR', 'USD'])[1 + n % 3],
  CASE
    WHEN n % 500 = 0 THEN 'cancelled'
    WHEN n % 50 = 0 THEN (ARRAY['pending', 'confirmed', 'processing', 'shipped', 'delivered'])[1 + n / 50 % 5]
    ELSE 'completed'
  END
FROM generate_series(1, 50000) n;
ANALYZE orders;

PREPARE list_all (bigint, bigint, bigint) AS
  SELECT * FROM orders WHERE id >= $1 ORDER BY id LIMIT $2 OFFSET $3;
PREPARE list_by_status (bigint, bigint, bigint, text) AS
  SELECT * FROM orders WHERE id >= $1 AND status = $4 ORDER BY id LIMIT $2 OFFSET $3;
PREPARE list_by_customer (bigint, bigint, bigint, text) AS
  SELECT * FROM orders WHERE id >= $1 AND customer_id = $4 ORDER BY id LIMIT $2 OFFSET $3;
PREPARE list_by_both (bigint, bigint, bigint, text, text) AS
  SELECT * FROM orders WHERE id >= $1 AND customer_id = $4 AND status = $5 ORDER BY id LIMIT $2 OFFSET $3;

-- Plans a list and holds its one scan against the index it is to use (NULL: any).
CREATE FUNCTION pg_temp.check_plan(mode text, list text, index text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  plan jsonb;
BEGIN
  PERFORM set_config('plan_cache_mode', mode, true);
  EXECUTE 'EXPLAIN (FORMAT json) EXECUTE ' || list INTO plan;
  ASSERT NOT plan @? '$.** ? (@."Node Type" like_regex "Sort|Bitmap|Seq")',
    format('%s does not come out of an index in order: %s', list, jsonb_pretty(plan));
  ASSERT index IS NULL OR plan @? format('$.** ? (@."Index Name" == "%s" && !exists(@.Filter))', index)::jsonpath,
    format('%s reads more than its rows of %s: %s', list, index, jsonb_pretty(plan));
END
$$;

SELECT pg_temp.check_plan('force_generic_plan', 'list_all(0, 101, 0)', 'orders_pkey');
SELECT pg_temp.check_plan('force_generic_plan', $$list_by_status(0, 101, 0, 'cancelled')$$, NULL);
SELECT pg_temp.check_plan('force_generic_plan', $$list_by_customer(0, 101, 0, 'CUST-1')$$,
  'orders_customer_id_id_idx');
SELECT pg_temp.check_plan('force_generic_plan', $$list_by_both(0, 101, 0, 'CUST-1', 'cancelled')$$,
  'orders_customer_id_status_id_idx');
-- A generic plan takes every status for equally common and may filter the primary key; one for a value knows.
SELECT pg_temp.check_plan('force_custom_plan', $$list_by_status(0, 101, 0, 'cancelled')$$, 'orders_status_id_idx');
