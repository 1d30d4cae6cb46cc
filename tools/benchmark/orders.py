"""What every part of the benchmark knows: the orders, and how many."""

import datetime
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
# The tests have these programs of a build of their own.
BUILD = Path(os.environ.get("ORDERS_BUILD", ROOT / "build-bench"))
ORDERSD = BUILD / "src/ordersd"
ORDERSCTL = BUILD / "tools/ordersctl/ordersctl"
LOAD = BUILD / "tools/load/orders-load"
PEERS = BUILD / "tools/load/hostile-peers"

API_KEY = "bench"
ORDERS = 200_000
BATCH = 500
DEPTH = 50_000
IDLE_CLIENTS = 1_000
IMPORT_ROWS, IMPORT_FEW_ROWS = 1_000_000, 100_000
SUMMARY_ORDERS = {"small": 10_000, "large": 10_000_000}
IN_FLIGHT = (1, 16, 64)
# So many that a batch is as large as one may be.
MANY = 1_000
# Of one caller, beside which another has a single request in flight.
HEAVY = 1_000
# Connections over HTTP of another key, each with a list in flight, beside which one key has a single list in flight.
HEAVY_LISTS = 400
# Creates in flight of another program, beside which summaries are asked for.
CREATING = 16
# SQL sessions that had written to all days in all currencies, and days, of a database whose summary is long.
SLOTS, MANY_DAYS = 64, 3_650
# Calls that a service is told to take at once, and how many times as many are in flight.
BOUND, OVERLOAD = 256, 5
# Orders as every part of the benchmark makes them: of 100 days from 2025-01-01 on (as tools/load/orders.c has it) and
# of 11 currencies. Ids of new ones are random, and never the same twice.
FIRST_DAY = datetime.date(2025, 1, 1)
DAYS = 100
CURRENCIES = "AUD CAD CHF DKK EUR GBP ISK JPY NOK SEK USD".split()
STATUSES = "pending confirmed processing shipped delivered completed cancelled".split()
NEW_IDS = 9_000_000_000_000_000
COLUMNS = "order_id, customer_id, order_date, total_amount, currency, status"
