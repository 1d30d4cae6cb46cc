-- Takes over what the original's table has. :choice says what becomes of orders that this service refuses: stop (nothing
-- is taken over while there are any), leave (all of those stay behind in original.orders), or keep (only those stay behind
-- that the table cannot hold). :scale says by what the amounts of a currency are multiplied, as ISK=100,EUR=100.

-- Each by name, then how many.
SELECT concat_ws(E'\t', 'refused', id, to_json(order_id), why) FROM refused ORDER BY why, id;
SELECT format('%s order%s: %s%s', count(*), CASE count(*) WHEN 1 THEN '' ELSE 's' END, why, CASE WHEN fits THEN '' ELSE ', which cannot be stored' END)
FROM refused GROUP BY why, fits ORDER BY why;

SELECT :'choice' = 'stop' AND EXISTS (SELECT FROM refused) AS stop \gset
\if :stop
  DO $$
  BEGIN
    RAISE EXCEPTION 'orders that are refused: %; nothing was taken over', (SELECT count(DISTINCT id) FROM refused)
      USING HINT = 'Change them by SQL, or run tools/migrate --adopt keep, which leaves behind what cannot be stored, or '
        'tools/migrate --adopt leave, which leaves all of them behind.';
  END
  $$;
\endif

CREATE TABLE original.left_behind AS
  SELECT DISTINCT id FROM refused WHERE :'choice' = 'leave' OR NOT fits;
ALTER TABLE original.left_behind ADD PRIMARY KEY (id);

CREATE TABLE original.scale AS
  SELECT split_part(pair, '=', 1) AS currency, split_part(pair, '=', 2)::bigint AS factor
  FROM unnest(string_to_array(:'scale', ',')) AS pair;
ALTER TABLE original.scale ADD PRIMARY KEY (currency);

-- What was meant by DDK=100 is not known: the amounts in DKK would stay as they are. The table says which codes there are.
DO $$
DECLARE
  unknown text;
  unused text;
BEGIN
  SELECT string_agg(currency, ', ' ORDER BY currency) FILTER (WHERE NOT known),
    string_agg(currency, ', ' ORDER BY currency) FILTER (WHERE NOT used)
  INTO unknown, unused
  FROM (
    SELECT currency, strpos(pg_get_constraintdef(oid), quote_literal(currency)) > 0 AS known,
      EXISTS (SELECT FROM original.orders AS o WHERE o.currency = s.currency) AS used
    FROM original.scale AS s, pg_constraint
    WHERE conrelid = 'orders'::regclass AND conname = 'orders_currency_check'
  ) AS scaled;
  IF unknown IS NOT NULL THEN
    RAISE EXCEPTION '--scale names what is no currency of this service: %; nothing was taken over', unknown;
  END IF;
  IF unused IS NOT NULL THEN
    RAISE WARNING '--scale names currencies that no order is in: %', unused;
  END IF;
END
$$;

CREATE TEMPORARY VIEW taken AS
  SELECT o.id, o.order_id, o.customer_id, o.order_date, o.total_amount * coalesce(s.factor, 1) AS total_amount, o.currency,
    o.status, o.created_at, o.updated_at
  FROM original.orders AS o LEFT JOIN original.scale AS s USING (currency)
  WHERE NOT EXISTS (SELECT FROM original.left_behind AS l WHERE l.id = o.id);

-- This service keeps ISK in hundredths, of which there are none to pay with: what is no multiple of 100 was kept in whole
-- krónur. Of other currencies no amount tells.
DO $$
DECLARE
  n bigint;
  whole bigint;
BEGIN
  SELECT count(*), count(*) FILTER (WHERE total_amount % 100 <> 0) INTO n, whole
  FROM taken WHERE currency = 'ISK' AND NOT EXISTS (SELECT FROM original.scale AS s WHERE s.currency = 'ISK');
  IF whole > 0 THEN
    RAISE EXCEPTION 'amounts in ISK look like whole krónur: % of % are no multiple of 100: nothing was taken over', whole, n
      USING HINT = 'This service keeps ISK in hundredths: with --scale ISK=100 behind what you said, they are multiplied by 100, '
        'with --scale ISK=1 they are taken as they are, which is hundredths. Look at other currencies, too.';
  END IF;
END
$$;

INSERT INTO orders (id, order_id, customer_id, order_date, total_amount, currency, status, created_at, updated_at)
OVERRIDING SYSTEM VALUE
SELECT id, order_id, customer_id, order_date, total_amount, currency, status, created_at, updated_at FROM taken ORDER BY id;

-- No id comes twice: the original's sequence goes on, and past every order there is.
SELECT setval(pg_get_serial_sequence('orders', 'id'), greatest(last_value, newest), is_called OR newest IS NOT NULL)
  AS next_id
FROM original.orders_id_seq, (SELECT max(id) AS newest FROM original.orders) AS newest \gset

ANALYZE orders;
