"""hostile: what slow and hostile peers, a lock held in the database and a heavy caller cost those who behave.

Each row of a table is something beside which those who behave are measured: without it and with it, several times,
one after the other. Where it costs in two ways, a further row compares it with what costs in one of them. Prints
throughput, latency and memory as Markdown, and ends with exit code 1 when a target is missed: of the rate, of p99, of
ordersd's memory, or when one who behaves got an error.
"""

import argparse
import contextlib
import json
import re
import select
import signal
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Protocol

from .cases import Bench
from .hostile_peers import KINDS, Kind
from .orders import API_KEY, LOAD, ORDERS, PEERS
from .processes import Failed, environment, say, stop
from .report import machine, shown, table
from .stage import prepare
from .subjects import Service

IN_FLIGHT = 64
SECONDS = 2  # of those who behave, each time
GATHER_SECONDS = 20
AROUND_SECONDS = 1.5  # what a round takes beside the measuring, for the estimate alone
MOST_BYTES = 256 << 20  # of ordersd's memory
LOCKED_KEYS = 1_000  # orders that are updated, bench-1 among them, which is locked
HELD_UPDATES = 16  # in flight, for the locked order
DEEP_CALLERS = 4  # lists in flight, of the caller who passes over most orders
DEEP_REST = 10_000  # orders that are left behind what it passes over
NOTHING = "nothing"  # what there is in the rounds that targets are of


class Neighbour(Protocol):
    """What those who behave are measured beside, from when it is made."""

    def leave(self) -> dict:
        """Ends it: {"became": {WHAT: NUMBER}, "cpu": of a core or None}. Fails if it was not there all the time."""

    def kill(self) -> None:
        """Ends it in any case, when something else has failed."""


class Gathered:
    """Peers of a kind at a service, as a process."""

    def __init__(self, kind: Kind, service: Service):
        self.begun = time.monotonic()
        self.process = subprocess.Popen(
            [PEERS, "--url", service.urls()[kind.over], *kind.options()],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment())
        self.process.stdin.write(kind.opening + kind.stream)
        self.process.stdin.flush()
        readable, _, _ = select.select([self.process.stdout], [], [], GATHER_SECONDS)
        if not readable or self.process.stdout.readline() != b"gathered\n":
            self.kill()
            raise Failed(f"it did not gather in {GATHER_SECONDS} s")

    def leave(self) -> dict:
        lines = self.process.communicate()[0].splitlines()
        seconds = time.monotonic() - self.begun
        if self.process.returncode != 0 or not lines:
            raise Failed("it ended before those who behave")
        said = json.loads(lines[-1])
        return {"became": said["ended"], "cpu": said["cpu_s"] / seconds}

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


class OpenTransaction:
    """An SQL session whose transaction has written something. While it is open, PostgreSQL keeps every version of a
    row that comes to be, which all updates pay for, whatever it has locked."""

    def __init__(self, bench: Bench, query: str = "SELECT 'begun' FROM pg_current_xact_id()", answer: str = "begun"):
        self.session = subprocess.Popen(
            ["psql", "--no-psqlrc", "--quiet", "--no-align", "--tuples-only", bench.url], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment(),
        )
        self.session.stdin.write(f"BEGIN; {query};\n")
        self.session.stdin.flush()
        if self.session.stdout.readline() != f"{answer}\n":
            stop(self.session)
            raise Failed(f"an SQL session did not answer {answer}")

    def leave(self) -> dict:
        self.session.communicate()  # ends its input: it rolls back
        return {"became": {}, "cpu": None}

    def kill(self) -> None:
        stop(self.session)


class LockedOrder(OpenTransaction):
    """One that holds order bench-1 locked, and a caller that updates it."""

    def __init__(self, bench: Bench):
        super().__init__(bench, "SELECT order_id FROM orders WHERE order_id = 'bench-1' FOR UPDATE", "bench-1")
        # However short its time, each call is waited for.
        words = (LOAD, "--case", "update", "--url", bench.service.ipc, "--in-flight", HELD_UPDATES, "--seconds", 0.1)
        self.caller = subprocess.Popen(
            [str(word) for word in words], text=True, stdout=subprocess.PIPE, env=environment(API_KEY=API_KEY))

    def leave(self) -> dict:
        super().leave()
        said = json.loads(self.caller.communicate()[0] or "{}")
        # One each while it is locked; and one more, as orders-load counts no call that it sent while warming up.
        if self.caller.returncode != 0 or said["sent"] > 2 * HELD_UPDATES:
            raise Failed(f"the order was not locked all the time, or its updates failed after: {said}")
        return {"became": {"held": HELD_UPDATES}, "cpu": None}

    def kill(self) -> None:
        super().kill()
        stop(self.caller)


class DeepLists:
    """A caller that lists what is behind all orders but some, which is to pass over them."""

    def __init__(self, bench: Bench):
        self.process = subprocess.Popen(
            ["wrk", "--threads", "1", "--connections", str(DEEP_CALLERS), "--duration", "60s", "--timeout", "30s",
             "--header", f"X-API-Key: {API_KEY}", f"{bench.service.http}/orders/?skip={bench.orders - DEEP_REST}"],
            text=True, stdout=subprocess.PIPE, env=environment(),
        )

    def leave(self) -> dict:
        ended_early = self.process.poll() is not None
        self.process.send_signal(signal.SIGINT)
        said = self.process.communicate()[0]
        answered = re.search(r"(\d+) requests in ", said)
        if ended_early or not answered or not int(answered[1]) or "Non-2xx" in said or "Socket errors" in said:
            raise Failed(f"its lists were not answered: {said}")
        return {"became": {"answered": int(answered[1])}, "cpu": None}

    def kill(self) -> None:
        stop(self.process)


@dataclass
class Trial:
    name: str
    peers: int
    measured: str  # those who behave, for people
    behave: Callable[[Bench], Callable[[float], dict]]
    neighbour: Callable[[Bench], Neighbour]
    keeps_at_least: float = 0.8  # of the rate
    p99_at_most: float = 5  # times that without
    rounds: int = 4
    # By name, what the neighbour is compared with too: what costs in one of the ways in which it costs.
    controls: dict[str, Callable[[Bench], Neighbour]] = field(default_factory=dict)


def trial_beside(kind: Kind) -> Trial:
    """Beside gets over what they speak."""
    def behave(bench: Bench) -> Callable:
        if kind.over == "http":
            return bench.wrk("get", IN_FLIGHT, may_fail=True)
        return bench.rpc(kind.over, "get", IN_FLIGHT, "--may-fail")

    return Trial(kind.name, kind.peers, f"get, {kind.over}", behave, lambda bench: Gathered(kind, bench.service))


def rpc(case: str, in_flight: int, *options) -> Callable:
    return lambda bench: bench.rpc("ipc", case, in_flight, "--may-fail", *options)


TRIALS = [
    *map(trial_beside, KINDS.values()),
    Trial("locked-order", 1, "update of others, ipc",
          rpc("update", IN_FLIGHT, "--first-key", 2, "--keys", LOCKED_KEYS - 1), LockedOrder,
          keeps_at_least=0.9, p99_at_most=2, rounds=12, controls={"an open transaction": OpenTransaction}),
    Trial("deep-lists", 1, "list of the first page, ipc", rpc("list", 1), DeepLists, rounds=6),
    Trial("deep-lists", 1, "summary, ipc", rpc("summary", 1), DeepLists, rounds=6),
]


def observe(bench: Bench, trial: Trial, seconds: float) -> dict:
    """Those who behave, once."""
    result = trial.behave(bench)(seconds)
    # Where nothing was answered, no time passed until the last answer.
    per_second = result["requests"] / (result["seconds"] or seconds)
    return {"per_second": per_second, **{figure: result[figure] for figure in ("p50_us", "p99_us", "errors")}}


def observe_beside(bench: Bench, trial: Trial, make: Callable[[Bench], Neighbour],
                   seconds: float) -> tuple[dict, dict]:
    """The same beside another, and what became of that."""
    bench.service.forget_peak()
    neighbour = make(bench)
    try:
        run = observe(bench, trial, seconds)
        run["peak_bytes"] = bench.service.peak_bytes()
        return run, neighbour.leave()
    except BaseException:
        neighbour.kill()
        raise


def compare(without: list[dict], beside: list[dict]) -> dict:
    """The rounds of either kind, in pairs."""
    def medians(figure: str) -> list[float]:
        return [statistics.median(run[figure] for run in runs) for runs in (without, beside)]

    def ratio(figure: str) -> float:
        # What was not answered at all has no latency.
        return statistics.median(b[figure] / a[figure] if a[figure] else 0 for a, b in zip(without, beside))

    return {
        **{figure: medians(figure) for figure in ("per_second", "p50_us", "p99_us")},
        "ratio": ratio("per_second"), "p50_ratio": ratio("p50_us"), "p99_ratio": ratio("p99_us"),
        "errors_without": sum(run["errors"] for run in without),
    }


def measure(bench: Bench, trial: Trial, rounds: int, seconds: float) -> list[dict]:
    """A result against rounds beside nothing, and one against each control."""
    without = {NOTHING: [], **{name: [] for name in trial.controls}}
    beside, leaving = [], []
    for round_ in range(rounds):
        say(f"{round_ + 1}/{rounds} {trial.name}: {trial.measured}")
        without[NOTHING].append(observe(bench, trial, seconds))
        for name, make in trial.controls.items():
            without[name].append(observe_beside(bench, trial, make, seconds)[0])
        run, left = observe_beside(bench, trial, trial.neighbour, seconds)
        beside.append(run)
        leaving.append(left)

    became = {}
    for left in leaving:
        for what, n in left["became"].items():
            became[what] = became.get(what, 0) + n
    cpu = [left["cpu"] for left in leaving if left["cpu"] is not None]
    return [
        {
            "beside": trial.name, "peers": trial.peers, "measured": trial.measured, "against": name,
            **compare(runs, beside), "errors": sum(run["errors"] for run in beside),
            "peak_bytes": max(run["peak_bytes"] for run in beside),
            "cpu": statistics.median(cpu) if cpu else None, "became": became,
        }
        for name, runs in without.items()
    ]


def missed(trial: Trial, result: dict) -> list[str]:
    """The targets that a result misses, each in words. Against a control there is but one: that nothing failed."""
    peak_mib, most_mib = result["peak_bytes"] / 2**20, MOST_BYTES >> 20
    against = result["against"]
    targets = [(result["errors_without"] == 0, f"{result['errors_without']:,} calls failed beside {against}")]
    if against == NOTHING:
        targets += [
            (result["ratio"] >= trial.keeps_at_least,
             f"{result['ratio']:.2f} of the rate beside nothing was kept, not {trial.keeps_at_least}"),
            (result["p99_ratio"] <= trial.p99_at_most,
             f"p99 was {result['p99_ratio']:.1f} times that beside nothing, not at most {trial.p99_at_most}"),
            (result["errors"] == 0, f"{result['errors']:,} calls of those who behave failed"),
            (result["peak_bytes"] <= MOST_BYTES, f"ordersd had {peak_mib:,.0f} MiB, not at most {most_mib}"),
        ]
    return [f"{trial.name}: {trial.measured}: {what}" for holds, what in targets if not holds]


def markdown(about: dict, results: list[dict]) -> str:
    columns = [("beside", False), ("peers", True), ("measured", False), ("and without it, beside", False),
               ("a second without", True), ("with", True),
               ("ratio", True), ("p99 µs without", True), ("with", True), ("ratio", True), ("failed", True),
               ("ordersd peak MiB", True), ("its CPU", True), ("became of it", False)]
    rows = [
        [result["beside"], shown(result["peers"]), result["measured"], result["against"],
         *map(shown, result["per_second"]), shown(result["ratio"], 2),
         *map(shown, result["p99_us"]), shown(result["p99_ratio"], 2), shown(result["errors"]),
         shown(result["peak_bytes"] / 2**20, 1), "" if result["cpu"] is None else f"{result['cpu']:.0%}",
         ", ".join(f"{n:,} {what}" for what, n in sorted(result["became"].items()))]
        for result in results
    ]
    return "\n".join([
        f"{about['date']}, {about['cores']} cores ({about['cpu']}) shared by all; medians of the rounds.", "",
        *table(columns, rows)])


def estimate_seconds(trials: list[Trial]) -> float:
    return sum(trial.rounds * ((2 + len(trial.controls)) * SECONDS + AROUND_SECONDS) for trial in trials)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="hostile", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", metavar="FILE", type=Path, help="keep every figure")
    parser.add_argument("--only", metavar="WORD", default="", help="what has this in its name")
    parser.add_argument("--orders", metavar="N", type=int, default=ORDERS,
                        help=f"orders that are there, more than {DEEP_REST:,} ({ORDERS:,})")
    options = parser.parse_args()
    trials = [trial for trial in TRIALS if options.only in trial.name]
    if options.orders <= DEEP_REST or not trials:
        parser.error("there is nothing to measure")

    misses, results = [], []
    with contextlib.ExitStack() as stack:
        bench = prepare(stack, "hostile", options.orders)
        say(f"some {estimate_seconds(trials):.0f} s from here")
        for trial in trials:
            try:
                measured = measure(bench, trial, trial.rounds, SECONDS)
            except Failed as failure:
                raise Failed(f"{trial.name}: {failure}") from failure
            for result in measured:
                results.append(result)
                misses += missed(trial, result)

    about = machine()
    print(markdown(about, results))
    if options.json:
        options.json.write_text(json.dumps({"machine": about, "results": results}, indent=2) + "\n")
    if misses:
        raise Failed("\n".join(["targets were missed:", *misses]))


if __name__ == "__main__":
    try:
        main()
    except Failed as failure:
        sys.exit(f"hostile: {failure}")
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
