-- What the table takes and what it refuses, whoever writes: each constraint at its boundaries.

DO $$
DECLARE
  changed text;
  refusal text;
  refused_by text;
  row_text constant text :=
    'jsonb_populate_record(NULL::orders, ''{"order_id": "A", "customer_id": "C", "order_date": "2025-01-15", '
    '"total_amount": 1, "currency": "ISK", "status": "pending"}''::jsonb || $1)';
  insert_text constant text :=
    'INSERT INTO orders (order_id, customer_id, order_date, total_amount, currency, status) '
    'SELECT order_id, customer_id, order_date, total_amount, currency, status FROM ' || row_text;
BEGIN
  -- A character is a character, however many bytes it has.
  FOR changed IN VALUES
    (jsonb_build_object('order_id', repeat('Þ', 255), 'customer_id', repeat('Þ', 255))::text),
    ('{"order_id": "B", "total_amount": 9007199254740991}'),
    ('{"order_id": "b", "total_amount": 1}'),
    ('{"order_id": "first", "order_date": "0001-01-01 00:00:00+00"}'),
    ('{"order_id": "last", "order_date": "9999-12-31 23:59:59.999999+00"}')
  LOOP
    EXECUTE insert_text USING changed::jsonb;
  END LOOP;
  FOREACH changed IN ARRAY ARRAY['AUD', 'CAD', 'CHF', 'DKK', 'EUR', 'GBP', 'ISK', 'JPY', 'NOK', 'SEK', 'USD'] LOOP
    EXECUTE insert_text USING jsonb_build_object('order_id', changed, 'currency', changed);
  END LOOP;
  FOREACH changed IN ARRAY
    ARRAY['pending', 'confirmed', 'processing', 'shipped', 'delivered', 'completed', 'cancelled']
  LOOP
    EXECUTE insert_text USING jsonb_build_object('order_id', changed, 'status', changed);
  END LOOP;

  FOR changed, refusal IN VALUES
    ('{"order_id": "B"}', 'orders_order_id_key'),
    ('{"order_id": ""}', 'orders_order_id_check'),
    (jsonb_build_object('order_id', repeat('x', 256))::text, 'orders_order_id_check'),
    ('{"customer_id": ""}', 'orders_customer_id_check'),
    (jsonb_build_object('customer_id', repeat('x', 256))::text, 'orders_customer_id_check'),
    ('{"total_amount": 0}', 'orders_total_amount_check'),
    ('{"total_amount": -1}', 'orders_total_amount_check'),
    ('{"total_amount": 9007199254740992}', 'orders_total_amount_check'),
    ('{"currency": "XYZ"}', 'orders_currency_check'),
    ('{"currency": "isk"}', 'orders_currency_check'),
    ('{"currency": ""}', 'orders_currency_check'),
    ('{"status": "lost"}', 'orders_status_check'),
    ('{"status": "Pending"}', 'orders_status_check'),
    ('{"status": ""}', 'orders_status_check'),
    ('{"order_date": "infinity"}', 'orders_order_date_check'),
    ('{"order_date": "-infinity"}', 'orders_order_date_check'),
    ('{"order_date": "0001-12-31 23:59:59.999999+00 BC"}', 'orders_order_date_check'),
    ('{"order_date": "10000-01-01 00:00:00+00"}', 'orders_order_date_check'),
    ('{"order_id": null}', 'not null'),
    ('{"customer_id": null}', 'not null'),
    ('{"order_date": null}', 'not null'),
    ('{"total_amount": null}', 'not null'),
    ('{"currency": null}', 'not null'),
    ('{"status": null}', 'not null')
  LOOP
    refused_by := 'nothing';
    BEGIN
      EXECUTE insert_text USING changed::jsonb;
    EXCEPTION
      WHEN check_violation OR unique_violation THEN GET STACKED DIAGNOSTICS refused_by = CONSTRAINT_NAME;
      WHEN not_null_violation THEN refused_by := 'not null';
    END;
    ASSERT refused_by = refusal, format('%s was refused by %s, not %s', changed, refused_by, refusal);
  END LOOP;

  -- The id is the database's to give.
  BEGIN
    INSERT INTO orders (id, order_id, customer_id, order_date, total_amount, currency, status)
    VALUES (1, 'own id', 'C', now(), 1, 'ISK', 'pending');
    ASSERT false, 'an id was taken from the caller';
  EXCEPTION
    WHEN generated_always THEN NULL;
  END;

  -- Nor may the times be such that no answer can say them.
  FOR changed, refusal IN VALUES
    ('created_at = ''infinity''', 'orders_created_at_check'),
    ('created_at = ''0001-01-01 BC''', 'orders_created_at_check'),
    ('updated_at = ''infinity''', 'orders_updated_at_check'),
    ('order_date = ''-infinity''', 'orders_order_date_check')
  LOOP
    refused_by := 'nothing';
    BEGIN
      EXECUTE 'UPDATE orders SET ' || changed;
    EXCEPTION
      WHEN check_violation THEN GET STACKED DIAGNOSTICS refused_by = CONSTRAINT_NAME;
    END;
    ASSERT refused_by = refusal, format('%s was refused by %s, not %s', changed, refused_by, refusal);
  END LOOP;

  ASSERT (SELECT count(*) = 23 AND bool_and(created_at = now() AND updated_at = now()) FROM orders),
    'rows are missing, or made without their time';
END
$$;

TRUNCATE orders;
