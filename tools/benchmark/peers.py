"""bench --peers: the same cases by what a user would pick in this service's place.

Each peer (tools/benchmark/peers) checks the same key and has the same table, with the same indexes and constraints; it
neither keeps a summary nor records requests, so that its summary counts all orders, and a create that is sent again may
be there twice.
"""

import contextlib
import json
import shlex
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Optional

from .cases import PLAIN_TABLE, Bench, Case
from .orders import API_KEY, ORDERS, ROOT
from .plot import bars
from .processes import Failed, children_of, cpu_seconds, environment, peak_bytes, run, say, stop
from .report import divided, shown, table
from .stage import prepare
from .subjects import psql

SOURCES = Path(__file__).resolve().parent / "peers"
PROTOS = ("orders/v1/orders.proto", "rpc/v1/frame.proto")
# What is done, with how many in flight, and what pgbench's script of it is called.
OPERATIONS = (("get", 1, "select"), ("get", 64, "select"), ("create", 64, "insert"), ("update", 64, "update"),
              ("list", 16, None), ("summary", 16, None))
CLIENTS = 16  # of pgbench, at most: it is slower with more, and each peer has as many connections
ROUNDS, SECONDS = 5, 4
QUICK_ROUNDS, QUICK_SECONDS = 3, 1
START_S = 120


class Peer:
    """A server that was started, with all processes that it starts: what Bench asks of an ordersd."""

    def __init__(self, name: str, command: list, directory: Path, port: int, url: str, **settings: str):
        # The one way to name a database that libpq, asyncpg and node-postgres share.
        database = dict(word.split("=", 1) for word in shlex.split(url))
        settings |= {"PGHOST": database["host"], "PGUSER": database["user"], "PGDATABASE": database["dbname"]}
        self.name, self.port, self.http = name, port, f"http://127.0.0.1:{port}"
        log = directory / f"{port}.log"
        with log.open("w") as output:
            self.process = subprocess.Popen([str(word) for word in command], cwd=directory, stdout=output, stderr=output,
                                            env=environment(API_KEY=API_KEY, **settings))
        deadline = time.monotonic() + START_S
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                stop(self.process)
                raise Failed(f"{name} did not start: {log.read_text()[-2000:]}")
            time.sleep(0.05)

    def answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def processes(self) -> list[int]:
        found = [self.process.pid]
        for pid in found:
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                found += children_of(pid)
        return found

    def cpu_seconds(self) -> float:
        return sum(map(cpu_seconds, self.processes()))

    def forget_peak(self) -> None:
        for pid in self.processes():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                Path(f"/proc/{pid}/clear_refs").write_text("5")

    def peak_bytes(self) -> int:
        return sum(map(peak_bytes, self.processes()))

    def stop(self) -> None:
        stop(self.process)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def start_fastapi(directory: Path, url: str) -> Peer:
    port = free_port()
    command = ["uvicorn", "orders:app", "--app-dir", SOURCES / "fastapi", "--workers", 2, "--port", port,
               "--log-level", "warning", "--no-access-log"]
    return Peer("FastAPI", command, directory, port, url, PYTHONDONTWRITEBYTECODE="1")


def start_fastify(directory: Path, url: str) -> Peer:
    for name in ("orders.mjs", "package.json", "package-lock.json"):
        (directory / name).write_bytes((SOURCES / "fastify" / name).read_bytes())
    run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"],
        cwd=directory)
    port = free_port()
    return Peer("fastify", ["node", directory / "orders.mjs"], directory, port, url, PEER_PORT=str(port),
                NODE_ENV="production")


def build_grpc(directory: Path) -> None:
    includes = [f"-I{directory}", *run(["pkg-config", "--cflags", "grpc++", "protobuf", "libpq"]).split()]
    libraries = run(["pkg-config", "--libs", "grpc++", "protobuf", "libpq"]).split()
    plugin = run(["which", "grpc_cpp_plugin"]).strip()
    run(["protoc", f"-I{ROOT / 'proto'}", f"--cpp_out={directory}", f"--grpc_out={directory}",
         f"--plugin=protoc-gen-grpc={plugin}", *PROTOS])
    generated = [directory / proto.replace(".proto", ending) for proto in PROTOS for ending in (".pb.cc", ".grpc.pb.cc")]
    objects = []
    for source in (*generated, SOURCES / "grpc/server.cc", SOURCES / "grpc/load.cc"):
        objects.append(directory / f"{source.name}.o")
        run(["c++", "-std=c++17", "-O2", *includes, "-c", source, "-o", objects[-1]])
    for program in (objects[-2], objects[-1]):
        run(["c++", *objects[:-2], program, "-o", directory / program.name.split(".")[0], *libraries])


def start_grpc(directory: Path, url: str) -> Peer:
    build_grpc(directory)
    port = free_port()
    return Peer("gRPC C++", [directory / "server", port], directory, port, url)


def grpc_load(bench: Bench, operation: str, in_flight: int) -> Callable:
    def measure(seconds: float) -> dict:
        return json.loads(run([bench.state / "load", operation, bench.service.port, in_flight, seconds, bench.orders],
                              env=environment(API_KEY=API_KEY)))

    return measure


@dataclass
class Subject:
    """One of those compared, and what measures each operation of it."""

    name: str
    bench: Bench
    cases: dict[tuple[str, int], Case]


def subject(name: str, path: str, bench: Bench, measure: Callable[[str, int], Optional[Callable]]) -> Subject:
    cases = {}
    for operation, in_flight, script in OPERATIONS:
        found = measure(script if path == "pgbench" else operation, in_flight)
        if found:
            cases[operation, in_flight] = Case(path, f"{operation} by {name}", in_flight, found)
    return Subject(name, bench, cases)


def start_peers(stack: contextlib.ExitStack) -> list[Subject]:
    ours = prepare(stack, "peers")
    psql(ours.url, PLAIN_TABLE)

    def peer(start: Callable[[Path, str], Peer], path: str, measures: Callable) -> Subject:
        directory = ours.state / start.__name__
        directory.mkdir()
        say(start.__name__.replace("_", " "))
        started = start(directory, ours.url)
        stack.callback(started.stop)
        bench = Bench(directory, ours.database, started, ours.url)
        return subject(started.name, path, bench, measures(bench))

    def by_wrk(bench: Bench) -> Callable:
        return bench.wrk

    def by_grpc(bench: Bench) -> Callable:
        return lambda operation, in_flight: grpc_load(bench, operation, in_flight)

    return [
        subject("this service, RPC", "ipc", ours, lambda operation, n: ours.rpc("ipc", operation, n)),
        subject("this service, HTTP", "http", ours, ours.wrk),
        subject("pgbench", "pgbench", ours, lambda script, n: script and ours.pgbench(script, min(n, CLIENTS))),
        peer(start_grpc, "grpc", by_grpc),
        peer(start_fastify, "http", by_wrk),
        peer(start_fastapi, "http", by_wrk),
    ]


def measure_peers(wanted: Callable[[str], bool], quick: bool) -> list[Subject]:
    rounds, seconds = (QUICK_ROUNDS, QUICK_SECONDS) if quick else (ROUNDS, SECONDS)
    with contextlib.ExitStack() as stack:
        subjects = start_peers(stack)
        for round_ in range(rounds):
            for operation, in_flight, _ in OPERATIONS:
                for each in subjects if round_ % 2 == 0 else reversed(subjects):
                    case = each.cases.get((operation, in_flight))
                    if case and wanted(case.name):
                        say(f"{round_ + 1}/{rounds} {case.name}")
                        each.bench.observe(case, seconds)
    return subjects


def figures(subjects: list[Subject]) -> list[dict]:
    return [{"subject": each.name, **case.figures()} for each in subjects for case in each.cases.values() if case.runs]


def markdown(about: dict, subjects: list[Subject]) -> str:
    """A row for each operation and subject; ratios are to this service's RPC."""
    rows = []
    for operation, in_flight, _ in OPERATIONS:
        ours = subjects[0].cases[operation, in_flight].median("throughput")
        for each in subjects:
            case = each.cases.get((operation, in_flight))
            if case is None or not case.runs:
                continue
            rows.append([
                operation, str(in_flight), each.name, shown(case.median("throughput")),
                shown(divided(case.median("throughput"), ours), 2), shown(case.median("p50_us")),
                shown(case.median("p99_us")), shown(case.median("service_cpu_s_per_1000"), 3),
                shown(case.median("database_cpu_s_per_1000"), 3), shown(divided(case.peak_bytes(), 2**20), 1),
            ])
    columns = [("operation", False), ("in flight", True), ("by", False), ("per second", True), ("to RPC", True),
               ("p50 µs", True), ("p99 µs", True), ("server CPU s/1,000", True), ("database CPU s/1,000", True),
               ("server peak MiB", True)]
    repeats = max((len(case.runs) for each in subjects for case in each.cases.values()), default=0)
    return "\n".join([
        f"{about['date']}, {about['cores']} cores ({about['cpu']}) shared by client, server and database, "
        f"PostgreSQL {about['postgresql']} with default durability, {ORDERS:,} orders; medians of {repeats} runs.",
        "", *table(columns, rows)])


def plot(about: dict, subjects: list[Subject]) -> str:
    groups = {
        f"{operation}, {in_flight} in flight": {
            each.name: each.cases[operation, in_flight].median("throughput") for each in subjects
            if (operation, in_flight) in each.cases and each.cases[operation, in_flight].runs}
        for operation, in_flight, _ in OPERATIONS}
    return bars(about, {title: values for title, values in groups.items() if values})
