"""hostile: what slow and hostile peers cost those who behave.

For each crowd: those who behave without it and with it, by turns, over the protocol that the crowd speaks (HTTP: wrk,
64 connections; RPC over TCP: orders-load, 64 in flight; gets). Prints throughput, latency and memory as Markdown.
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
from pathlib import Path

from .cases import Bench
from .crowds import CROWDS, Crowd
from .orders import ROOT
from .processes import Failed, environment, say
from .report import machine
from .stage import prepare
from .subjects import Service

IN_FLIGHT = 64
TURNS, SECONDS = 4, 2
GATHER_SECONDS = 20
KEEPS_AT_LEAST = 0.8  # of the throughput
P99_AT_MOST = 5  # times that without a crowd
MOST_BYTES = 256 << 20  # of ordersd's memory


class Gathered:
    """A crowd at a service, as a process."""

    def __init__(self, crowd: Crowd, service: Service):
        host, port = re.search(r"//([\d.]+):(\d+)", service.http if crowd.protocol == "http" else service.tcp).groups()
        self.begun = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-B", "-m", "benchmark.crowds", crowd.name, host, port], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment(PYTHONPATH=str(ROOT / "tools")),
        )
        readable, _, _ = select.select([self.process.stdout], [], [], GATHER_SECONDS)
        if not readable or self.process.stdout.readline() != "gathered\n":
            self.process.kill()
            raise Failed(f"{crowd.name} did not gather in {GATHER_SECONDS} s")

    def disperse(self) -> dict:
        self.process.stdin.close()
        lines = self.process.stdout.read().splitlines()
        seconds = time.monotonic() - self.begun
        if self.process.wait() != 0 or not lines:
            raise Failed("a crowd ended before those who behave")
        said = json.loads(lines[-1])
        return {"ended": said["ended"], "cpu": said["cpu_s"] / seconds}


def observe(bench: Bench, crowd: Crowd) -> dict:
    """Those who behave, once."""
    if crowd.protocol == "http":
        result = bench.wrk("get", IN_FLIGHT, may_fail=True)(SECONDS)
    else:
        result = bench.rpc("tcp", "get", IN_FLIGHT)(SECONDS)
    return {
        "per_second": result["requests"] / result["seconds"], "p99_us": result["p99_us"],
        "errors": result.get("errors", 0),
    }


def measure(bench: Bench, crowd: Crowd) -> dict:
    without, beside, ended, cpu, peaks = [], [], {}, [], []
    for turn in range(TURNS):
        say(f"{turn + 1}/{TURNS} {crowd.name}")
        without.append(observe(bench, crowd))
        bench.service.forget_peak()
        gathered = Gathered(crowd, bench.service)
        beside.append(observe(bench, crowd))
        peaks.append(bench.service.peak_bytes())
        became = gathered.disperse()
        cpu.append(became["cpu"])
        for how, n in became["ended"].items():
            ended[how] = ended.get(how, 0) + n
    median = {name: [statistics.median(run[name] for run in runs) for runs in (without, beside)]
              for name in ("per_second", "p99_us")}
    return {
        "crowd": crowd.name, "peers": crowd.peers,
        "per_second": median["per_second"], "p99_us": median["p99_us"],
        "ratio": statistics.median(b["per_second"] / a["per_second"] for a, b in zip(without, beside)),
        "errors": sum(run["errors"] for run in beside),
        "peak_bytes": max(peaks), "crowd_cpu": statistics.median(cpu), "ended": ended,
    }


def markdown(about: dict, results: list[dict]) -> str:
    lines = [
        f"{about['date']}, {about['cores']} cores ({about['cpu']}) shared by all; medians of {TURNS} turns.", "",
        "| crowd | peers | a second without | with | ratio | p99 µs without | with | failed | ordersd peak MiB "
        "| crowd's CPU | became of it |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    for result in results:
        ended = ", ".join(f"{n:,} {how}" for how, n in sorted(result["ended"].items()))
        lines.append(
            f"| {result['crowd']} | {result['peers']:,} | {result['per_second'][0]:,.0f} "
            f"| {result['per_second'][1]:,.0f} | {result['ratio']:.2f} | {result['p99_us'][0]:,.0f} "
            f"| {result['p99_us'][1]:,.0f} | {result['errors']} | {result['peak_bytes'] / 2**20:.1f} "
            f"| {result['crowd_cpu']:.0%} | {ended} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="hostile", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", metavar="FILE", type=Path, help="keep every figure")
    parser.add_argument("--only", metavar="WORD", default="", help="crowds whose name has this in it")
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        bench = prepare(stack, "hostile")
        results = [measure(bench, crowd) for crowd in CROWDS.values() if options.only in crowd.name]

    about = machine()
    print(markdown(about, results))
    if options.json:
        options.json.write_text(json.dumps({"machine": about, "crowds": results}, indent=2) + "\n")
    broken = {
        "more than a fifth was lost": lambda result: result["ratio"] < KEEPS_AT_LEAST,
        f"p99 was more than {P99_AT_MOST} times": lambda r: r["p99_us"][1] > P99_AT_MOST * r["p99_us"][0],
        f"ordersd had more than {MOST_BYTES >> 20} MiB": lambda result: result["peak_bytes"] > MOST_BYTES,
    }
    said = [f"{what} beside {', '.join(crowds)}" for what, breaks in broken.items()
            if (crowds := [result["crowd"] for result in results if breaks(result)])]
    if said:
        raise Failed("; ".join(said))


if __name__ == "__main__":
    try:
        main()
    except Failed as failure:
        sys.exit(f"hostile: {failure}")
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
