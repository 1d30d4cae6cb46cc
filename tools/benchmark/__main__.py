"""bench: what the service does, next to PostgreSQL without it and to nng without it.

Makes a private PostgreSQL with default durability, loads orders, measures every case several times with the other
cases in between, and prints the medians and the ratios that are promised of them as Markdown.
"""

import argparse
import contextlib
import json
import re
import signal
import sys
import time
from pathlib import Path

from . import against, peers
from .cases import PLAIN_TABLE, Bench, Case, measure_import, measure_overload, measure_summaries
from .orders import BUILD
from .plot import plot
from .processes import STARTED, Failed, say
from .report import limits_of, machine, markdown, ratios_of
from .stage import prepare
from .subjects import psql

# Seconds from the start after which --quick begins no case.
QUICK_BUDGET = 105


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true",
                        help="end within two minutes, with the ratios there was time for")
    parser.add_argument("--only", metavar="REGEX", type=re.compile,
                        help="measure the cases whose names match, and 'overload', 'import' and 'summaries' likewise")
    parser.add_argument("--against", metavar="DIR", type=Path,
                        help="measure the ordersd of the tree there beside this one's, in place of all else")
    parser.add_argument("--peers", action="store_true",
                        help="measure what a user would pick in this service's place beside it, in place of all else")
    parser.add_argument("--json", metavar="FILE", type=Path, help="keep every figure")
    parser.add_argument("--svg", metavar="FILE", type=Path, default=BUILD / "bench.svg",
                        help="where to draw throughput against requests in flight (build-bench/bench.svg)")
    return parser.parse_args()


def measure(bench: Bench, quick: bool, only: re.Pattern | None) -> list[Case]:
    cases = bench.cases()
    chosen = [case for case in cases if only is None or only.search(case.name)]
    seconds, repeats = (1, 2) if quick else (5, 3)
    slowest = 0.0
    for repeat in range(repeats):
        # Not always in one order, or a checkpoint would always fall on the same case.
        for case in chosen if repeat % 2 == 0 or quick else reversed(chosen):
            begun = time.monotonic()
            if quick and begun - STARTED + slowest > QUICK_BUDGET:
                return cases
            say(f"{repeat + 1}/{repeats} {case.name}")
            bench.observe(case, seconds)
            slowest = max(slowest, time.monotonic() - begun)
    return cases


def compare(options: argparse.Namespace) -> None:
    """With another tree, or with peers."""
    def wanted(name: str) -> bool:
        return options.only is None or options.only.search(name) is not None

    about = machine()
    if options.against:
        results = against.measure_against(options.against, wanted, options.quick)
        print(against.markdown(about, options.against, options.quick, results))
    else:
        subjects = peers.measure_peers(wanted, options.quick)
        results = peers.figures(subjects)
        print(peers.markdown(about, subjects))
        options.svg.write_text(peers.plot(about, subjects))
    if options.json:
        options.json.write_text(json.dumps({"machine": about, "cases": results}, indent=2) + "\n")


def main() -> None:
    options = arguments()
    if options.against or options.peers:
        compare(options)
        return
    with contextlib.ExitStack() as stack:
        bench = prepare(stack, "bench", with_tls=True)
        psql(bench.url, PLAIN_TABLE)

        def wanted(name: str) -> bool:
            return options.only.search(name) is not None if options.only else not options.quick

        cases = measure(bench, options.quick, options.only)
        overload = measure_overload(bench, 5, 3) if wanted("overload") else None
        imported = measure_import(bench, 3) if wanted("import") else None
        summaries = measure_summaries(bench, 5, 3) if wanted("summaries") else None

    ratios, limits = ratios_of(cases, imported, summaries), limits_of(cases, imported, overload)
    about = machine()
    print(markdown(about, cases, ratios + limits, summaries, imported))
    if options.json:
        options.json.write_text(json.dumps({
            "machine": about,
            "cases": [case.figures() for case in cases if case.runs],
            "ratios": {ratio.key: ratio.value for ratio in ratios},
            "limits": {limit.key: limit.value for limit in limits},
            "import": imported,
            "summary_p50_us": summaries,
            "overload": overload,
        }, indent=2) + "\n")
    options.svg.write_text(plot(about, cases))
    say(f"plot in {options.svg}")


if __name__ == "__main__":
    try:
        main()
    except Failed as failure:
        sys.exit(f"bench: {failure}")
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
