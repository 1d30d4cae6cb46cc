"""bench --against: the ordersd of another tree and this one's, measured in one run.

Each has a database of its own, migrated by its own tools/migrate, in one PostgreSQL. The load comes from this tree's
orders-load, and from wrk, for both.
"""

import contextlib
import statistics
from pathlib import Path
from typing import Callable

from .cases import PLAIN_TABLE, Bench, Case
from .orders import MANY, ORDERS, ROOT
from .processes import Failed, run, say
from .report import described, shown, table
from .stage import start_database
from .subjects import Database, Issuer, Service, load_orders, psql

# Of each case.
ROUNDS, SECONDS = 9, 2
QUICK_ROUNDS, QUICK_SECONDS = 3, 1
# What is compared: what a case has none of is left out. CPU tells trees apart on a machine that has other work to do, too.
FIGURES = {"throughput": "a second", "p50_us": "p50 µs", "p99_us": "p99 µs",
           "database_cpu_s_per_1000": "database CPU s/1,000"}
DIGITS = {"database_cpu_s_per_1000": 3}
BUILD_ORDERSD = """
set -euo pipefail
. "$1/tools/lib.sh"
trap stop INT TERM HUP
need_packages
build_release src/ordersd
"""


def cases_of(bench: Bench) -> list[Case]:
    cases = [Case("ipc", case, n, bench.rpc("ipc", case, n))
             for case, n in (("get", 64), ("create", 64), ("create", MANY), ("update", 64), ("get", 1), ("create", 1),
                             ("list", 16))]
    cases += [Case("ipc", f"get by a {kind}", 64, bench.rpc("ipc", "get", 64, presented=bench.presented.get(kind)))
              for kind in ("key", "token")]
    cases += [Case("http", "get", 64, bench.wrk("get", 64))]
    # What writes are held against: a table of the tree's schema, without its service.
    cases += [Case("pgbench", script, n, bench.pgbench(script, n)) for script in ("insert", "update") for n in (16, 64)]
    return [*cases, Case("ipc", "batch", 1, bench.batch()), Case("psql", "copy", 1, bench.copy)]


def bench_of(stack: contextlib.ExitStack, state: Path, database: Database, name: str, tree: Path) -> Bench:
    say(f"loading {ORDERS:,} orders for {tree}")
    url = database.create(name, tree)
    load_orders(url, ORDERS)
    psql(url, PLAIN_TABLE)
    directory = state / name
    directory.mkdir()
    issuer = Issuer(directory)
    service = Service(directory, url, program=tree / "build-release/src/ordersd", ORDERS_JWT_ISSUERS=str(issuer.issuers))
    stack.callback(service.stop)
    bench = Bench(directory, database, service, url)
    if tree == ROOT:  # the other may know neither keys nor tokens
        bench.presented = {"key": {"API_KEY": bench.make_key("reader")},
                           "token": {"AUTHORIZATION": f"Bearer {issuer.token()}"}}
    return bench


def compare(benches: list[Bench], wanted: Callable[[str], bool], quick: bool) -> list[dict]:
    """Each case once of both, again and again; who is first changes each time."""
    pairs = [pair for pair in zip(*map(cases_of, benches)) if wanted(pair[0].name)]
    rounds, seconds = (QUICK_ROUNDS, QUICK_SECONDS) if quick else (ROUNDS, SECONDS)
    for round_ in range(rounds):
        for pair in pairs:
            say(f"{round_ + 1}/{rounds} {pair[0].name}")
            for i in (0, 1) if round_ % 2 == 0 else (1, 0):
                benches[i].observe(pair[i], seconds)
    return [compared(*pair) for pair in pairs]


def compared(theirs: Case, ours: Case) -> dict:
    ratios = {
        figure: [b[figure] / a[figure] for a, b in zip(theirs.runs, ours.runs)]
        for figure in FIGURES if all(run.get(figure) for run in theirs.runs)
    }
    return {
        "case": ours.name,
        **{figure: [theirs.median(figure), ours.median(figure)] for figure in ratios},
        **{f"{figure}_ratio": [statistics.median(values), min(values), max(values)]
           for figure, values in ratios.items()},
    }


def markdown(about: dict, tree: Path, quick: bool, results: list[dict]) -> str:
    def ratio(values: list[float]) -> str:
        return "{:.2f} [{:.2f}..{:.2f}]".format(*values)

    columns = [("case", False)]
    for name in FIGURES.values():
        columns += [(f"{name}, theirs", True), ("ours", True), ("ratio", False)]
    rows = []
    for result in results:
        cells = [result["case"]]
        for figure in FIGURES:
            if figure in result:
                cells += [shown(value, DIGITS.get(figure, 0)) for value in result[figure]]
                cells.append(ratio(result[f"{figure}_ratio"]))
            else:
                cells += [""] * 3
        rows.append(cells)
    return "\n".join([
        f"{about['date']}, {about['cores']} cores ({about['cpu']}), {ORDERS:,} orders; this tree "
        f"({about['commit']}) to the other ({described(tree)}); medians of {QUICK_ROUNDS if quick else ROUNDS} rounds, "
        "[least..most] of their ratios.", "", *table(columns, rows)])


def measure_against(tree: Path, wanted: Callable[[str], bool], quick: bool) -> list[dict]:
    tree = tree.resolve()
    if not (tree / "tools/lib.sh").is_file():
        raise Failed(f"{tree} is no checked-out tree of this project")
    say(f"building {tree}")
    run(["bash", "-c", BUILD_ORDERSD, "bash", tree], stderr=None)
    with contextlib.ExitStack() as stack:
        state, database = start_database(stack)
        benches = [bench_of(stack, state, database, name, of) for name, of in (("theirs", tree), ("ours", ROOT))]
        return compare(benches, wanted, quick)
