# shellcheck shell=bash
# original.sh: what the tests share that take over a database of the original service's. Sourced by a script that `tools`
# names the tools for; each has a database of its own.

export PGHOST=$TEST_PGHOST PGUSER=$TEST_PGUSER PGDATABASE=${0##*/}_$$ TZ=UTC LC_ALL=C.UTF-8
DATABASE_URL="postgresql+psycopg:///$PGDATABASE"
export DATABASE_URL

fail() {
    echo "${0##*/}: $*" >&2
    exit 1
}

query() {
    psql --no-psqlrc --quiet --no-align --tuples-only --set ON_ERROR_STOP=1 "$@"
}

value() {
    query --command "$1"
}

# must_be VALUE QUERY
must_be() {
    local is
    is=$(value "$2")
    [[ $is == "$1" ]] || fail "$2: $is, not $1"
}

# must_fail WORDS [ARGUMENT...]: and changes nothing.
must_fail() {
    local told before
    before=$(state)
    ! told=$("$tools/migrate" "${@:2}" 2>&1) || fail "migrate ${*:2} passes: $told"
    [[ $told == *"$1"* ]] || fail "migrate ${*:2}: $told"
    [[ $(state) == "$before" ]] || fail "migrate ${*:2} changes something: $(state), before: $before"
}

# All there is in the database, and in the original's table.
state() {
    value "SELECT string_agg(format('%s %s', relnamespace::regnamespace, relname), ',' ORDER BY relname)
        FROM pg_class WHERE relnamespace >= 16384 OR relnamespace = 'public'::regnamespace"
    value 'SELECT md5(string_agg(o::text, chr(10) ORDER BY id)) FROM public.orders AS o'
    value 'SELECT last_value, is_called FROM public.orders_id_seq'
}

# As its one revision makes it; says 20a2128406fd.
make_original() {
    query <<'SQL'
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num));
CREATE TABLE orders (
  id SERIAL NOT NULL,
  order_id VARCHAR NOT NULL,
  customer_id VARCHAR NOT NULL,
  order_date TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  total_amount INTEGER NOT NULL,
  currency VARCHAR(3) NOT NULL,
  status VARCHAR NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  PRIMARY KEY (id)
);
CREATE INDEX ix_orders_customer_id ON orders (customer_id);
CREATE INDEX ix_orders_id ON orders (id);
CREATE UNIQUE INDEX ix_orders_order_id ON orders (order_id);
INSERT INTO alembic_version (version_num) VALUES ('20a2128406fd');
SQL
}
