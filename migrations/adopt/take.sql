-- Takes over what the original's table has. :choice says what becomes of orders that this service refuses: stop (nothing
-- is taken over while there are any), leave (all of those stay behind in original.orders), or keep (only those stay behind
-- that the table cannot hold).

-- Each by name, then how many.
SELECT concat_ws(E'\t', 'refused', id, to_json(order_id), why) FROM refused ORDER BY why, id;
SELECT format('%s orders: %s%s', count(*), why, CASE WHEN fits THEN '' ELSE ', which cannot be stored' END)
FROM refused GROUP BY why, fits ORDER BY why;

SELECT :'choice' = 'stop' AND EXISTS (SELECT FROM refused) AS stop \gset
\if :stop
  DO $$
  BEGIN
    RAISE EXCEPTION '% orders are refused: nothing was taken over', (SELECT count(DISTINCT id) FROM refused)
      USING HINT = 'Change them by SQL, or run tools/migrate --adopt keep, which leaves behind what cannot be stored, or '
        'tools/migrate --adopt leave, which leaves all of them behind.';
  END
  $$;
\endif

CREATE TABLE original.left_behind AS
  SELECT DISTINCT id FROM refused WHERE :'choice' = 'leave' OR NOT fits;
ALTER TABLE original.left_behind ADD PRIMARY KEY (id);

INSERT INTO orders (id, order_id, customer_id, order_date, total_amount, currency, status, created_at, updated_at)
OVERRIDING SYSTEM VALUE
SELECT id, order_id, customer_id, order_date, total_amount, currency, status, created_at, updated_at
FROM original.orders
WHERE NOT EXISTS (SELECT FROM original.left_behind AS l WHERE l.id = orders.id)
ORDER BY id;

-- No id comes twice: the original's sequence goes on, and past every order there is.
SELECT setval(pg_get_serial_sequence('orders', 'id'), greatest(last_value, newest), is_called OR newest IS NOT NULL)
  AS next_id
FROM original.orders_id_seq, (SELECT max(id) AS newest FROM original.orders) AS newest \gset

ANALYZE orders;
