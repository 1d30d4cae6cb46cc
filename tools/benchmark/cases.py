"""How each figure is measured."""

import contextlib
import datetime
import json
import os
import random
import re
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Optional

from .orders import (
    API_KEY, BATCH, BOUND, COLUMNS, CREATING, CURRENCIES, DAYS, DEPTH, FIRST_DAY, HEAVY, HEAVY_LISTS, IDLE_CLIENTS,
    IMPORT_FEW_ROWS, IMPORT_ROWS, IN_FLIGHT, LOAD, MANY, NEW_IDS, ORDERS, ORDERSCTL, OVERLOAD, STATUSES, SUMMARY_ORDERS,
)
from .processes import Failed, environment, peak_bytes, run, say
from .subjects import Certificate, Database, Service, Tunnel, load_orders, psql

PGBENCH_INSERT = rf"""\set id random(1, {NEW_IDS})
\set customer random(1, 1000)
\set day random(0, {{days}} - 1)
\set amount random(1, 100000)
\set currency random({{first}}, {{last}})
INSERT INTO {{table}} ({COLUMNS}) VALUES ('new-' || CAST(:id AS bigint), 'customer-' || CAST(:customer AS int),
    CAST('{FIRST_DAY}T00:00:00Z' AS timestamptz) + CAST(:day AS int) * interval '1 day', :amount,
    (CAST('{{{{{",".join(CURRENCIES)}}}}}' AS text[]))[:currency], 'pending');
"""
PGBENCH_SCRIPTS = {
    "insert": PGBENCH_INSERT.format(table="plain_orders", days=DAYS, first=1, last=len(CURRENCIES)),
    "insert_rolled": PGBENCH_INSERT.format(table="orders", days=DAYS, first=1, last=len(CURRENCIES)),
    "insert_one_day": PGBENCH_INSERT.format(table="orders", days=1, first=1, last=1),
    "select": rf"""\set id random(1, {ORDERS})
SELECT id, {COLUMNS}, created_at, updated_at FROM plain_orders WHERE order_id = 'bench-' || CAST(:id AS bigint);
""",
    "update": rf"""\set id random(1, {ORDERS})
\set status random(1, {len(STATUSES)})
UPDATE plain_orders SET status = (CAST('{{{",".join(STATUSES)}}}' AS text[]))[:status], updated_at = now()
WHERE order_id = 'bench-' || CAST(:id AS bigint);
""",
}

# The table of orders without the service: the same indexes and constraints, no trigger.
PLAIN_TABLE = f"""
CREATE TABLE plain_orders (LIKE orders INCLUDING ALL);
INSERT INTO plain_orders ({COLUMNS}) SELECT {COLUMNS} FROM orders ORDER BY id;
VACUUM (ANALYZE) plain_orders;
CHECKPOINT;
"""

WRK_SCRIPT = """
local case, keys = %(case)r, %(keys)d
local headers = {["X-API-Key"] = %(key)r, ["Content-Type"] = "application/json"}
local statuses = {"confirmed", "delivered", "completed", "cancelled"} -- of one length
local between -- the id and the status of an update
local head, tail -- of the request, around what is another each time: to make all of it anew costs the cores too much

local order = '{"order_id":"new-%%08d-%%08d","customer_id":"customer-%%03d","order_date":"2025-%%02d-%%02dT00:00:00Z",' ..
    '"total_amount":%%d,"currency":"ISK"}'

local cases = {
    get = {
        template = function() return wrk.format("GET", "/orders/bench-HERE", headers) end,
        here = function() return math.random(keys) end,
    },
    summary = {
        template = function() return wrk.format("GET", "/orders/summary", headers) end,
        here = function() return "" end,
    },
    list = {
        template = function() return wrk.format("GET", "/orders/", headers) end,
        here = function() return "" end,
    },
    update = {
        template = function()
            local request = wrk.format("PATCH", "/orders/bench-HERE", headers, '{"status":"confirmed"}')
            between = request:match("HERE(.*)confirmed")
            return (request:gsub("HERE.*", "HERE"))
        end,
        here = function() return math.random(keys) .. between .. statuses[math.random(#statuses)] .. '"}' end,
    },
    create = {
        template = function()
            local body = string.format(order, 0, 0, 0, 0, 0, 10000) -- of the same length as every other
            return (wrk.format("POST", "/orders/", headers, body):gsub("{.*}", "HERE"))
        end,
        here = function()
            return string.format(order, math.random(1e8) - 1, math.random(1e8) - 1, math.random(999), math.random(3),
                math.random(28), math.random(10000, 99999))
        end,
    },
}

function init()
    local seed = io.open("/dev/urandom", "rb")
    local a, b, c = seed:read(3):byte(1, 3)
    seed:close()
    math.randomseed(a * 65536 + b * 256 + c)
    local template = cases[case].template()
    local from, to = template:find("HERE")
    head, tail = template:sub(1, (from or #template + 1) - 1), template:sub((to or #template) + 1)
end

function request()
    return head .. cases[case].here() .. tail
end

-- Requests are those that were answered well.
function done(summary, latency)
    local errors = summary.errors
    io.stderr:write(string.format(
        '{"requests": %%d, "seconds": %%f, "p50_us": %%f, "p99_us": %%f, "errors": %%d}\\n',
        summary.requests - errors.status, summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
        errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
"""


@dataclass
class Case:
    """Something that is measured again and again. Figures are those of its runs; the median is what counts."""

    path: str  # pgbench, ipc, tcp, tls, http, https, stunnel, echo, psql, grpc
    operation: str
    in_flight: int
    # Runs it for that many seconds and returns requests, seconds, p50_us, p99_us; "sent" when that is more.
    measure: Callable[[float], dict]
    runs: list = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"{self.path} {self.operation} {self.in_flight}"

    def median(self, figure: str) -> Optional[float]:
        values = [run[figure] for run in self.runs if run.get(figure) is not None]
        return statistics.median(values) if values else None

    def peak_bytes(self) -> Optional[int]:
        """The most that any run held: a limit is one for every run."""
        return max((run["peak_bytes"] for run in self.runs if run["peak_bytes"]), default=None)

    def figures(self) -> dict:
        names = ("throughput", "p50_us", "p99_us", "service_cpu_s_per_1000", "database_cpu_s_per_1000")
        return {
            "path": self.path, "operation": self.operation, "in_flight": self.in_flight, "runs": len(self.runs),
            **{name: self.median(name) for name in names}, "peak_bytes": self.peak_bytes(),
        }


@dataclass
class ByTls:
    """A further ordersd, which serves by TLS, and a stunnel in front of the HTTP of the one that does not."""

    certificate: Certificate
    service: Service
    tunnel: Tunnel


class Bench:
    """The programs that are measured, and every way to measure them."""

    def __init__(self, state: Path, database: Database, service: Service, url: str, orders: int = ORDERS,
                 by_tls: Optional[ByTls] = None):
        self.by_tls = by_tls
        self.state, self.database, self.service, self.url, self.orders = state, database, service, url, orders
        self.get_reply_bytes = 128  # until a get was answered
        self.other_key = None       # of another principal, once one was made
        self.presented = {}         # what a caller may present in place of API_KEY, by what it is
        for name, script in PGBENCH_SCRIPTS.items():
            (state / f"{name}.sql").write_text(script)
        for case in ("get", "create", "update", "summary", "list"):
            self.write_wrk_script(case, case, API_KEY)

    def write_wrk_script(self, name: str, case: str, key: str) -> None:
        (self.state / f"{name}.lua").write_text(WRK_SCRIPT % {"case": case, "keys": self.orders, "key": key})

    def make_key(self, name: str) -> str:
        """A key of that name, for a caller who is another principal."""
        env = environment(API_KEY=API_KEY, ORDERS_CONNECT=self.service.ipc)
        return json.loads(run([ORDERSCTL, "keys", "create", name, "--role", "reader", "--output", "json"], env=env))["key"]

    def orders_load(self, case: str, url: str, in_flight: int, seconds: float, *options,
                    presented: Optional[dict] = None) -> dict:
        ca = {"ORDERS_TLS_CA": str(self.by_tls.certificate.cert)} if self.by_tls else {}
        answer = run(
            [LOAD, "--case", case, "--url", url, "--in-flight", in_flight, "--seconds", seconds, *options],
            env=environment(**(presented or {"API_KEY": API_KEY}), **ca), stderr=None,
        )
        return json.loads(answer)

    def rpc(self, transport: str, case: str, in_flight: int, *options, presented: Optional[dict] = None) -> Callable:
        def measure(seconds: float) -> dict:
            service = self.by_tls.service if transport == "tls" else self.service
            result = self.orders_load(
                case, service.urls()[transport], in_flight, seconds, "--keys", self.orders, *options, presented=presented)
            if case == "get":
                self.get_reply_bytes = result["reply_bytes"]
            return result

        return measure

    def echo(self, in_flight: int) -> Callable:
        return lambda seconds: self.orders_load(
            "echo", f"ipc://{self.state}/echo.sock", in_flight, seconds, "--payload", self.get_reply_bytes)

    def batch(self) -> Callable:
        measure = self.rpc("ipc", "batch", 1, "--batch", BATCH)

        def in_orders(seconds: float) -> dict:
            result = measure(seconds)
            return result | {"requests": result["requests"] * BATCH, "sent": result["sent"] * BATCH}

        return in_orders

    def with_idle_clients(self, measure: Callable) -> Callable:
        def measure_beside(seconds: float) -> dict:
            idle = subprocess.Popen(
                [LOAD, "--case", "idle", "--url", self.service.tcp, "--clients", str(IDLE_CLIENTS)], text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment(API_KEY=API_KEY),
            )
            try:
                if idle.stdout.readline() != "connected\n":
                    raise Failed(f"{IDLE_CLIENTS} idle clients could not connect")
                return measure(seconds)
            finally:
                idle.stdin.close()
                idle.wait()

        return measure_beside

    def beside_creates(self, case: str, in_flight: int, presented: Optional[dict] = None) -> Callable:
        """While another program creates orders, as many at a time as CREATING."""
        alone = self.rpc("ipc", case, in_flight, presented=presented)

        def measure_beside(seconds: float) -> dict:
            creating = subprocess.Popen(
                [str(word) for word in (LOAD, "--case", "create", "--url", self.service.ipc, "--in-flight", CREATING,
                                        "--seconds", seconds + 3)],
                stdout=subprocess.DEVNULL, env=environment(API_KEY=API_KEY), start_new_session=True,
            )
            time.sleep(1)  # until all of it is in flight
            result = alone(seconds)
            if creating.poll() is not None or creating.wait() != 0:
                raise Failed(f"{case}: who creates ended before who asks")
            return result

        return measure_beside

    def beside_heavy_hitter(self, case: str) -> Callable:
        """A lone request of one caller, while another caller has a thousand of the same in flight: a program of
        its own to the kernel's scheduler too, which shares the cores out by session (autogroup, sched(7))."""
        lone = self.rpc("ipc", case, 1)

        def measure_beside(seconds: float) -> dict:
            heavy_hitter = subprocess.Popen(
                [str(word) for word in (
                    LOAD, "--case", case, "--url", self.service.ipc, "--in-flight", HEAVY, "--seconds", seconds + 4,
                    "--keys", self.orders, "--batch", 1)],
                stdout=subprocess.DEVNULL, env=environment(API_KEY=API_KEY), start_new_session=True,
            )
            time.sleep(2)  # until all of it is in flight
            result = lone(seconds)
            if heavy_hitter.poll() is not None or heavy_hitter.wait() != 0:
                raise Failed(f"{case}: the heavy hitter ended before the lone caller")
            return result

        return measure_beside

    def pgbench(self, script: str, clients: int) -> Callable:
        def measure(seconds: float) -> dict:
            # Connecting comes off the time it is given.
            duration = max(2, round(seconds)) + clients // 32
            with tempfile.TemporaryDirectory(dir=self.state) as logs:
                output = run(
                    ["pgbench", "--no-vacuum", "--protocol", "prepared", "--client", clients,
                     "--jobs", min(clients, os.cpu_count()), "--time", duration, "--file", self.state / f"{script}.sql",
                     "--log", "--sampling-rate", 0.1, self.url],
                    cwd=logs, env=environment(),
                )
                latencies = sorted(
                    int(line.split()[2]) for log in Path(logs).iterdir() for line in log.read_text().splitlines())
            done = int(re.search(r"transactions actually processed: (\d+)", output)[1])
            failed = int(re.search(r"failed transactions: (\d+)", output)[1])
            if failed or not latencies:
                raise Failed(f"pgbench: {failed} of {done} transactions failed")
            rate = float(re.search(r"^tps = ([\d.]+)", output, re.M)[1])
            return {
                "requests": done, "seconds": done / rate, "p50_us": latencies[len(latencies) // 2],
                "p99_us": latencies[len(latencies) * 99 // 100],
            }

        return measure

    def wrk(self, case: str, connections: int, may_fail: bool = False, url: Optional[str] = None) -> Callable:
        def measure(seconds: float) -> dict:
            ended = subprocess.run(
                ["wrk", "--threads", "1", "--connections", str(connections), "--duration", f"{max(1, round(seconds))}s",
                 "--timeout", "30s", "--script", str(self.state / f"{case}.lua"), url or self.service.http],
                text=True, capture_output=True, env=environment(),
            )
            if ended.returncode != 0:
                raise Failed(f"wrk: {ended.stderr}")
            result = json.loads(ended.stderr)
            if result["errors"] and not may_fail:
                raise Failed(f"wrk {case}: {result['errors']} requests failed, {result['requests']} did not")
            return result

        return measure

    def lists_beside_another_key(self) -> Callable:
        """A lone list of one key, while another has hundreds in flight, each on a connection of its own."""
        lone = self.wrk("list", 1)

        def measure_beside(seconds: float) -> dict:
            if self.other_key is None:
                self.other_key = self.make_key("heavy-hitter")
                self.write_wrk_script("list-other", "list", self.other_key)
            heavy_hitter = subprocess.Popen(
                ["wrk", "--threads", "1", "--connections", str(HEAVY_LISTS), "--duration", f"{round(seconds) + 4}s",
                 "--timeout", "30s", "--script", str(self.state / "list-other.lua"), self.service.http],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment(), start_new_session=True,
            )
            time.sleep(2)  # until all of it is in flight
            result = lone(seconds)
            if heavy_hitter.poll() is not None or heavy_hitter.wait() != 0:
                raise Failed("lists: the heavy hitter ended before the lone caller")
            return result

        return measure_beside

    def copy(self, seconds: float) -> dict:
        """COPY of as many rows at once as a batch has, over one connection; the clock is the server's."""
        clock = "SELECT extract(epoch FROM clock_timestamp());\n"
        warm_up, batches = 20, max(50, round(60 * seconds))
        script = []
        for i in range(warm_up + batches):
            if i == warm_up:
                script.append(clock)
            script.append(f"COPY plain_orders ({COLUMNS}) FROM STDIN WITH (FORMAT csv);\n")
            script.extend(csv_row() for _ in range(BATCH))
            script.append("\\.\n")
        start, end = map(float, psql(self.url, "".join(script) + clock).split())
        return {"requests": batches * BATCH, "seconds": end - start}

    def observe(self, case: Case, seconds: float) -> None:
        """Measures a case once, and what it costs the service and the database."""
        self.service.forget_peak()
        cpu_before = self.service.cpu_seconds(), self.database.cpu_seconds()
        result = case.measure(seconds)
        cpu = (self.service.cpu_seconds() - cpu_before[0], self.database.cpu_seconds() - cpu_before[1])
        if not result["requests"]:
            raise Failed(f"{case.name}: nothing was answered")
        thousands = result.get("sent", result["requests"]) / 1000
        reaches_service = case.path in ("ipc", "tcp", "http", "grpc")
        case.runs.append({
            "throughput": result["requests"] / result["seconds"],
            "p50_us": result.get("p50_us"),
            "p99_us": result.get("p99_us"),
            "service_cpu_s_per_1000": cpu[0] / thousands if reaches_service else None,
            "database_cpu_s_per_1000": cpu[1] / thousands if case.path != "echo" else None,
            "peak_bytes": self.service.peak_bytes() if reaches_service else None,
        })

    def summary_cases(self) -> list[Case]:
        """A summary that nothing has changed since the last, one behind a create each, and many beside creates."""
        return [Case("ipc", "summary", 1, self.rpc("ipc", "summary", 1)),
                Case("ipc", "summary after a create", 1, self.rpc("ipc", "summary-after-create", 1)),
                Case("ipc", "summary beside creates", 64, self.beside_creates("summary", 64))]

    def cases(self) -> list[Case]:
        """Those that a ratio needs come first: --quick may have no time for the others."""
        def rpc(transport: str, operation: str, in_flight: int) -> Case:
            return Case(transport, operation, in_flight, self.rpc(transport, operation, in_flight))

        cases = [Case("pgbench", script, n, self.pgbench(script, n))
                 for script in ("insert", "select", "update") for n in IN_FLIGHT]
        cases += [rpc("ipc", "create", 64), rpc("ipc", "get", 64), rpc("ipc", "update", 64), rpc("ipc", "get", 1)]
        cases += [Case("echo", "echo", n, self.echo(n)) for n in (64, 1)]
        cases += [Case("http", "get", 64, self.wrk("get", 64))]
        cases += self.summary_cases()
        cases += [Case("ipc", "batch", 1, self.batch()), Case("psql", "copy", 1, self.copy)]
        cases += [
            Case("ipc", "list, first page", 1, self.rpc("ipc", "list", 1)),
            Case("ipc", "list, deep page", 1, self.rpc("ipc", "list", 1, "--depth", DEPTH)),
            Case("ipc", "create, one day", 64, self.rpc("ipc", "create", 64, "--one-day")),
            Case("pgbench", "insert with rollup", 64, self.pgbench("insert_rolled", 64)),
            Case("pgbench", "insert with rollup, one day", 64, self.pgbench("insert_one_day", 64)),
            rpc("tcp", "get", 64),
            Case("tcp", "get beside idle", 64, self.with_idle_clients(self.rpc("tcp", "get", 64))),
        ]
        cases += [rpc("ipc", "create", 1), rpc("ipc", "create", MANY)]
        cases += [Case("ipc", f"{op} beside a heavy hitter", 1, self.beside_heavy_hitter(op))
                  for op in ("get", "create")]
        cases += [Case("http", "list", 1, self.wrk("list", 1)),
                  Case("http", "list beside another key's", 1, self.lists_beside_another_key())]
        cases += [rpc("ipc", "create", 16)]
        cases += [rpc("ipc", "get", 16), Case("echo", "echo", 16, self.echo(16))]
        cases += [rpc("tcp", "create", n) for n in IN_FLIGHT] + [rpc("tcp", "get", n) for n in (1, 16)]
        cases += [Case("http", op, n, self.wrk(op, n)) for op in ("get", "create", "summary") for n in (16, 64)
                  if (op, n) != ("get", 64)]
        if self.by_tls:
            cases += [rpc("tls", "get", n) for n in (1, 64)]
            cases += [Case("https", "get", 64, self.wrk("get", 64, url=self.by_tls.service.http)),
                      Case("stunnel", "get", 64, self.wrk("get", 64, url=self.by_tls.tunnel.https))]
        cases += [rpc("ipc", op, n) for op in ("mix", "list", "summary") for n in IN_FLIGHT if (op, n) != ("summary", 1)]
        cases += [rpc("tcp", op, n) for op in ("mix", "list", "summary") for n in IN_FLIGHT]
        assert len({case.name for case in cases}) == len(cases)
        return cases


def csv_row() -> str:
    day = FIRST_DAY + datetime.timedelta(days=random.randrange(DAYS))
    return (f"new-{random.randrange(NEW_IDS)},customer-{random.randint(1, 1000)},{day}T00:00:00Z,"
            f"{random.randint(1, 100000)},{random.choice(CURRENCIES)},pending\n")


def write_csv(path: Path, rows: int) -> Path:
    with path.open("w") as file:
        file.write(COLUMNS.replace(" ", "") + "\n")
        file.writelines(csv_row() for _ in range(rows))
    return path


def timed_with_peak(command: list, env: dict) -> tuple[float, int]:
    """How long a program takes and the most memory it held, which its /proc shows only while it lives."""
    words = [str(word) for word in command]
    with tempfile.TemporaryFile("w+") as errors:
        start = time.monotonic()
        process = subprocess.Popen(words, env=env, stdout=subprocess.DEVNULL, stderr=errors)
        peak, code = 0, None
        while code is None:
            peak = max(peak, peak_bytes(process.pid))
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = process.wait(timeout=0.02)
        seconds = time.monotonic() - start
        if code != 0:
            errors.seek(0)
            raise Failed(f"{Path(words[0]).name} ended with {code}:\n{errors.read()}")
    return seconds, peak


def measure_import(bench: Bench, repeats: int) -> dict:
    """Rows that are new each time, once through the service and once by \\copy, alternating."""
    env = environment(API_KEY=API_KEY, ORDERS_CONNECT=bench.service.ipc)
    path = bench.state / "import.csv"
    _, few_peak = timed_with_peak([ORDERSCTL, "import", write_csv(path, IMPORT_FEW_ROWS)], env)
    seconds, peaks, copy_seconds = [], [], []
    for repeat in range(repeats):
        say(f"{repeat + 1}/{repeats} import of {IMPORT_ROWS:,} rows")
        write_csv(path, IMPORT_ROWS)
        took, peak = timed_with_peak([ORDERSCTL, "import", path], env)
        seconds.append(took)
        peaks.append(peak)
        start = time.monotonic()
        psql(bench.url, f"\\copy plain_orders ({COLUMNS}) from '{path}' with (format csv, header)")
        copy_seconds.append(time.monotonic() - start)
    path.unlink()
    return {
        "import_rows_per_s": IMPORT_ROWS / statistics.median(seconds),
        "copy_rows_per_s": IMPORT_ROWS / statistics.median(copy_seconds),
        "import_peak_bytes": {str(IMPORT_FEW_ROWS): few_peak, str(IMPORT_ROWS): max(peaks)},
    }


def measure_summaries(bench: Bench, seconds: float, repeats: int) -> dict:
    """The same question of a small and of a large table, alternating, each with a service of its own."""
    with contextlib.ExitStack() as stack:
        services = {}
        for name, orders in SUMMARY_ORDERS.items():
            say(f"loading {orders:,} orders")
            url = bench.database.create(name)
            load_orders(url, orders)
            directory = bench.state / name
            directory.mkdir()
            services[name] = Service(directory, url)
            stack.callback(services[name].stop)
        say("summaries")
        latencies = {name: [] for name in services}
        for _ in range(repeats):
            for name, service in services.items():
                latencies[name].append(bench.orders_load(
                    "summary", service.ipc, 1, seconds, "--keys", SUMMARY_ORDERS[name])["p50_us"])
    return {name: statistics.median(values) for name, values in latencies.items()}


def measure_overload(bench: Bench, seconds: float, repeats: int) -> dict:
    """A service that takes so many calls at once, with as many in flight and with five times as many, alternating.
    Who is refused asks again after about a second."""
    say("overload")
    directory = bench.state / "overload"
    directory.mkdir()
    service = Service(directory, bench.url, ORDERS_MAX_CALLS=str(BOUND))
    runs = {(case, times): [] for case in ("create", "get") for times in (1, OVERLOAD)}
    try:
        for _ in range(repeats):
            for (case, times), results in runs.items():
                service.forget_peak()
                result = bench.orders_load(case, service.ipc, BOUND * times, seconds, "--keys", bench.orders,
                                           "--batch", 1, "--back-off")
                results.append({
                    "throughput": result["requests"] / result["seconds"], "p99_us": result["p99_us"],
                    "refused_per_s": result["refused"] / result["seconds"], "peak_bytes": service.peak_bytes(),
                })
    finally:
        service.stop()
    return {
        case: {str(BOUND * times): {name: statistics.median(run[name] for run in runs[case, times])
                                    for name in ("throughput", "p99_us", "refused_per_s", "peak_bytes")}
               for times in (1, OVERLOAD)}
        for case in ("create", "get")
    }
