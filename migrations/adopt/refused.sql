-- What the original let in and this service refuses: one row an order and reason. `fits`: the table can hold it all the
-- same, and the service then lists and counts it, but would make none like it, and cannot be asked for an order_id that
-- it would trim, or that is summary over HTTP.

CREATE TEMPORARY TABLE refused ON COMMIT DROP AS
WITH texts AS (
  SELECT id, 'order_id' AS field, order_id AS value FROM original.orders
  UNION ALL
  SELECT id, 'customer_id', customer_id FROM original.orders
), spaces AS (
  -- As src/orders/rules.c trims: Unicode's White_Space and Python's four separators.
  SELECT string_agg(chr(code), '') AS characters
  FROM unnest(ARRAY[9, 10, 11, 12, 13, 28, 29, 30, 31, 32, 133, 160, 5760, 8192, 8193, 8194, 8195, 8196, 8197, 8198,
    8199, 8200, 8201, 8202, 8232, 8233, 8239, 8287, 12288]) AS code
), reasons (id, why, fits) AS (
  SELECT id, field || ' of more than 255 characters', false FROM texts WHERE char_length(value) > 255
  UNION ALL
  SELECT id, field || ' that is empty', false FROM texts WHERE value = ''
  UNION ALL
  SELECT id, field || ' with white space around it', true FROM texts, spaces WHERE value <> btrim(value, characters)
  UNION ALL
  SELECT id, field || ' with control characters', true FROM texts, spaces
  WHERE btrim(value, characters) ~ U&'[\0001-\001F\007F-\009F]'
  UNION ALL
  SELECT id, 'order_id that is a route''s name', true FROM original.orders WHERE order_id = 'summary'
  UNION ALL
  SELECT id, 'total_amount below 1', false FROM original.orders WHERE total_amount < 1
  UNION ALL
  SELECT id, 'currency that is not known', false FROM original.orders
  WHERE currency NOT IN ('AUD', 'CAD', 'CHF', 'DKK', 'EUR', 'GBP', 'ISK', 'JPY', 'NOK', 'SEK', 'USD')
  UNION ALL
  SELECT id, 'status that is not known', false FROM original.orders
  WHERE status NOT IN ('pending', 'confirmed', 'processing', 'shipped', 'delivered', 'completed', 'cancelled')
  UNION ALL
  SELECT id, 'time outside the years 1 to 9999', false FROM original.orders
  WHERE least(order_date, created_at, updated_at) < '0001-01-01 00:00:00+00'
    OR greatest(order_date, created_at, updated_at) >= '10000-01-01 00:00:00+00'
)
SELECT id, order_id, why, fits FROM reasons JOIN original.orders USING (id);
