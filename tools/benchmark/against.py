"""bench --against: the ordersd of another tree and this one's, measured in one run.

Each has a database of its own, migrated by its own tools/migrate, in one PostgreSQL. The load comes from this tree's
orders-load, and from wrk, for both.
"""

import contextlib
import functools
import statistics
from pathlib import Path
from typing import Callable

from .cases import PLAIN_TABLE, Bench, Case
from .orders import MANY, MANY_DAYS, ORDERS, ROOT, SLOTS
from .processes import Failed, run, say, stop
from .report import described, shown, table
from .stage import start_database
from .subjects import Database, Issuer, Service, hold_folds, load_many_days, load_orders, load_slots, psql

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
if declare -F build_measured >/dev/null; then
    build_measured src/ordersd
else
    build_release src/ordersd
fi
"""


def cases_of(bench: Bench) -> list[Case]:
    cases = [Case("ipc", case, n, bench.rpc("ipc", case, n))
             for case, n in (("get", 64), ("create", 64), ("create", MANY), ("update", 64), ("get", 1), ("create", 1),
                             ("list", 16))]
    cases += [Case("ipc", f"get by a {kind}", 64, bench.rpc("ipc", "get", 64, presented=bench.presented.get(kind)))
              for kind in ("key", "token")]
    cases += [Case("http", "get", 64, bench.wrk("get", 64)), *bench.summary_cases()]
    # What writes are held against: a table of the tree's schema, without its service.
    cases += [Case("pgbench", script, n, bench.pgbench(script, n)) for script in ("insert", "update") for n in (16, 64)]
    return [*cases, Case("ipc", "batch", 1, bench.batch()), Case("psql", "copy", 1, bench.copy)]


# Of other databases, whose summaries are long: how their orders are loaded.
LONG_SUMMARIES = {f"of {SLOTS} slots": load_slots, f"of {MANY_DAYS:,} days": load_many_days}


def long_summary_cases(bench: Bench, data: str) -> list[Case]:
    return [Case("ipc", name, 1, bench.rpc("ipc", case, 1)) for name, case in long_summary_names(data).items()]


def long_summary_names(data: str) -> dict:
    return {f"summary {data}": "summary", f"summary after a create {data}": "summary-after-create"}


def bench_of(stack: contextlib.ExitStack, state: Path, database: Database, name: str, tree: Path,
             load: Callable[[str, int], None] = load_orders) -> Bench:
    say(f"loading {ORDERS:,} orders for {tree}")
    url = database.create(name, tree)
    load(url, ORDERS)
    psql(url, PLAIN_TABLE)
    if load is load_slots:
        stack.callback(stop, hold_folds(url))
    directory = state / name
    directory.mkdir()
    issuer = Issuer(directory)
    builds = [tree / build / "src/ordersd" for build in ("build-bench", "build-release")]
    program = next((program for program in builds if program.exists()), builds[0])
    service = Service(directory, url, program=program, ORDERS_JWT_ISSUERS=str(issuer.issuers))
    stack.callback(service.stop)
    bench = Bench(directory, database, service, url)
    if tree == ROOT:  # the other may know neither keys nor tokens
        bench.presented = {"key": {"API_KEY": bench.make_key("reader")},
                           "token": {"AUTHORIZATION": f"Bearer {issuer.token()}"}}
    return bench


# A case of each tree, and what measures it.
Pair = list[tuple[Bench, Case]]


def pairs_of(trees: list[tuple[Bench, list[Case]]], wanted: Callable[[str], bool]) -> list[Pair]:
    """Of the cases that each tree has, in one order, those that are wanted."""
    pairs = zip(*([(bench, case) for case in cases] for bench, cases in trees))
    return [list(pair) for pair in pairs if wanted(pair[0][1].name)]


def compare(pairs: list[Pair], quick: bool) -> list[dict]:
    """Each case once of both, again and again; who is first changes each time."""
    rounds, seconds = (QUICK_ROUNDS, QUICK_SECONDS) if quick else (ROUNDS, SECONDS)
    for round_ in range(rounds):
        for pair in pairs:
            say(f"{round_ + 1}/{rounds} {pair[0][1].name}")
            for bench, case in pair if round_ % 2 == 0 else reversed(pair):
                bench.observe(case, seconds)
    return [compared(*(case for _, case in pair)) for pair in pairs]


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
        trees = {"theirs": tree, "ours": ROOT}

        def prepare(suffix: str, cases: Callable[[Bench], list[Case]], load: Callable = load_orders) -> list[Pair]:
            benches = [bench_of(stack, state, database, name + suffix, of, load) for name, of in trees.items()]
            return pairs_of([(bench, cases(bench)) for bench in benches], wanted)

        pairs = prepare("", cases_of)
        for i, (data, load) in enumerate(LONG_SUMMARIES.items()):
            if any(wanted(f"ipc {name} 1") for name in long_summary_names(data)):
                pairs += prepare(str(i), functools.partial(long_summary_cases, data=data), load)
        return compare(pairs, quick)
