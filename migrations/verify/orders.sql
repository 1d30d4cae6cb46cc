-- Verify orders:orders on pg
--
-- Raises with what the catalog lacks. What it has besides is not looked at: later changes may add to the table.

BEGIN;

DO $$
DECLARE
  missing text;
BEGIN
  SELECT string_agg(wanted::text, E'\n') INTO missing FROM (
    VALUES
      ('id', 'bigint', NULL, 'identity always'),
      ('order_id', 'text', 'C', NULL),
      ('customer_id', 'text', 'C', NULL),
      ('order_date', 'timestamp with time zone', NULL, NULL),
      ('total_amount', 'bigint', NULL, NULL),
      ('currency', 'text', 'C', NULL),
      ('status', 'text', 'C', NULL),
      ('created_at', 'timestamp with time zone', NULL, 'now()'),
      ('updated_at', 'timestamp with time zone', NULL, 'now()')
    EXCEPT
    SELECT attname, format_type(atttypid, atttypmod), collname,
      CASE attidentity WHEN 'a' THEN 'identity always' ELSE pg_get_expr(adbin, adrelid) END
    FROM pg_attribute
    LEFT JOIN pg_collation ON pg_collation.oid = attcollation
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE attrelid = 'orders'::regclass AND attnotnull AND NOT attisdropped
  ) wanted;
  IF missing IS NOT NULL THEN
    RAISE EXCEPTION E'orders lacks columns, or has them otherwise (name, type, collation, filled by; not null):\n%',
      missing;
  END IF;
END
$$;

DO $$
DECLARE
  missing text;
BEGIN
  SELECT string_agg(wanted::text, E'\n') INTO missing FROM (
    VALUES
      ('orders_pkey', 'PRIMARY KEY (id)'),
      ('orders_order_id_key', 'UNIQUE (order_id)'),
      ('orders_order_id_check', 'CHECK (((char_length(order_id) >= 1) AND (char_length(order_id) <= 255)))'),
      ('orders_customer_id_check',
        'CHECK (((char_length(customer_id) >= 1) AND (char_length(customer_id) <= 255)))'),
      ('orders_total_amount_check',
        'CHECK (((total_amount >= 1) AND (total_amount <= ''9007199254740991''::bigint)))'),
      ('orders_currency_check',
        'CHECK ((currency = ANY (ARRAY[''AUD''::text, ''CAD''::text, ''CHF''::text, ''DKK''::text, '
        '''EUR''::text, ''GBP''::text, ''ISK''::text, ''JPY''::text, ''NOK''::text, ''SEK''::text, '
        '''USD''::text])))'),
      ('orders_status_check',
        'CHECK ((status = ANY (ARRAY[''pending''::text, ''confirmed''::text, ''processing''::text, '
        '''shipped''::text, ''delivered''::text, ''completed''::text, ''cancelled''::text])))')
    EXCEPT
    SELECT conname, pg_get_constraintdef(oid)
    FROM pg_constraint
    WHERE conrelid = 'orders'::regclass AND convalidated
  ) wanted;
  IF missing IS NOT NULL THEN
    RAISE EXCEPTION E'orders lacks constraints, or has them otherwise:\n%', missing;
  END IF;
END
$$;

ROLLBACK;
