-- Deploy orders:orders to pg

BEGIN;

-- Text is compared byte by byte: that is faster than a language's collation, its indexes outlive an upgrade of
-- libc, and two ids are the same only when all of their bytes are.
CREATE TABLE orders (
  id bigint GENERATED ALWAYS AS IDENTITY,
  order_id text COLLATE "C" NOT NULL,
  customer_id text COLLATE "C" NOT NULL,
  order_date timestamptz NOT NULL,
  total_amount bigint NOT NULL,
  currency text COLLATE "C" NOT NULL,
  status text COLLATE "C" NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),

  CONSTRAINT orders_pkey PRIMARY KEY (id),
  CONSTRAINT orders_order_id_key UNIQUE (order_id),
  CONSTRAINT orders_order_id_check CHECK (char_length(order_id) BETWEEN 1 AND 255),
  CONSTRAINT orders_customer_id_check CHECK (char_length(customer_id) BETWEEN 1 AND 255),
  CONSTRAINT orders_total_amount_check CHECK (total_amount BETWEEN 1 AND 9007199254740991),
  CONSTRAINT orders_currency_check CHECK (currency IN (
    'AUD', 'CAD', 'CHF', 'DKK', 'EUR', 'GBP', 'ISK', 'JPY', 'NOK', 'SEK', 'USD'
  )),
  CONSTRAINT orders_status_check CHECK (status IN (
    'pending', 'confirmed', 'processing', 'shipped', 'delivered', 'completed', 'cancelled'
  ))
);

COMMENT ON TABLE orders IS
  'The service checks every rule before it writes; the constraints hold against whoever else writes.';
COMMENT ON CONSTRAINT orders_order_id_key ON orders IS
  'An order_id names one order for ever: a second create with it is answered ALREADY_EXISTS from this constraint.';
COMMENT ON CONSTRAINT orders_total_amount_check ON orders IS
  'To 2^53 - 1: the greatest integer that every JSON reader holds exactly.';
COMMENT ON CONSTRAINT orders_currency_check ON orders IS
  'The codes of src/orders/currency.c. A check, and no enum type: to take a code away again is one change.';
COMMENT ON CONSTRAINT orders_status_check ON orders IS
  'The words of src/orders/status.c. Any may follow any.';
COMMENT ON COLUMN orders.id IS
  'Orders are listed and paged by it, oldest first.';
COMMENT ON COLUMN orders.total_amount IS
  'In the smallest unit of its currency.';

COMMIT;
