-- Verifies that all was taken over, and says how much; the last of tools/migrate --adopt's transaction.

DO $$
DECLARE
  n bigint;
BEGIN
  SELECT count(*) INTO n
  FROM taken AS theirs
  FULL JOIN orders AS ours USING (id)
  WHERE (theirs.order_id, theirs.customer_id, theirs.order_date, theirs.total_amount, theirs.currency, theirs.status,
      theirs.created_at, theirs.updated_at)
    IS DISTINCT FROM (ours.order_id, ours.customer_id, ours.order_date, ours.total_amount, ours.currency, ours.status,
      ours.created_at, ours.updated_at);
  IF n > 0 THEN
    RAISE EXCEPTION 'orders that differ from the original''s: %', n;
  END IF;

  SELECT count(*) INTO n
  FROM (SELECT currency::text COLLATE "C", count(*) AS orders, sum(total_amount) AS revenue FROM taken
    GROUP BY 1) AS theirs
  FULL JOIN (SELECT currency, sum(orders) AS orders, sum(revenue) AS revenue FROM order_rollup GROUP BY 1) AS ours
    USING (currency)
  WHERE (theirs.orders, theirs.revenue) IS DISTINCT FROM (ours.orders, ours.revenue);
  IF n > 0 THEN
    RAISE EXCEPTION 'currencies whose sums differ from the original''s: %', n;
  END IF;
END
$$;

SELECT format('orders taken over: %s; left behind in original.orders: %s', (SELECT count(*) FROM orders),
  (SELECT count(*) FROM original.left_behind));
SELECT format('%s: %s order%s, %s in all, kept as %s', currency, count(*), CASE count(*) WHEN 1 THEN '' ELSE 's' END,
  CASE WHEN currency = 'JPY' THEN sum(total_amount) ELSE round(sum(total_amount) / 100.0, 2) END, sum(total_amount))
FROM orders GROUP BY currency ORDER BY currency;
