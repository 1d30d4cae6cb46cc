"""What comes of the figures: ratios, and the tables of them."""

import datetime
import os
import platform
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from .cases import Case
from .orders import (
    BATCH, BOUND, DEPTH, HEAVY, HEAVY_LISTS, IDLE_CLIENTS, IMPORT_FEW_ROWS, IMPORT_ROWS, IN_FLIGHT, ORDERS, OVERLOAD,
    ROOT, SUMMARY_ORDERS,
)
from .processes import run


@dataclass
class Ratio:
    key: str
    text: str
    value: Optional[float]
    at_least: Optional[float] = None
    at_most: Optional[float] = None

    def target(self) -> str:
        return f"at least {self.at_least:g}" if self.at_least is not None else f"at most {self.at_most:g}"

    def verdict(self) -> str:
        if self.value is None:
            return "not measured"
        holds = self.value >= self.at_least if self.at_least is not None else self.value <= self.at_most
        return "yes" if holds else "no"


def divided(a: Optional[float], b: Optional[float]) -> Optional[float]:
    return a / b if a is not None and b else None


class Figures:
    """The medians of the cases, by name; None where a case was not measured."""

    def __init__(self, cases: list[Case]):
        self.cases = {case.name: case for case in cases}

    def throughput(self, name: str) -> Optional[float]:
        return self.cases[name].median("throughput")

    def p50(self, name: str) -> Optional[float]:
        return self.cases[name].median("p50_us")

    def p99(self, name: str) -> Optional[float]:
        return self.cases[name].median("p99_us")

    def peak(self, name: str) -> Optional[float]:
        return self.cases[name].peak_bytes()

    def best(self, script: str) -> Optional[float]:
        """pgbench's best at any number of clients."""
        measured = [self.throughput(f"pgbench {script} {n}") for n in IN_FLIGHT]
        return max(measured) if all(measured) else None

    def throughputs(self, a: str, b: str) -> Optional[float]:
        return divided(self.throughput(a), self.throughput(b))


def ratios_of(cases: list[Case], imported: Optional[dict], summaries: Optional[dict]) -> list[Ratio]:
    of = Figures(cases)
    floor = of.p50("echo echo 1"), of.p50("pgbench select 1")
    return [
        Ratio("create_vs_pgbench", "create over RPC, 64 in flight, to the best pgbench INSERT",
              divided(of.throughput("ipc create 64"), of.best("insert")), at_least=2.4),
        Ratio("update_vs_pgbench", "update of the status over RPC, 64 in flight, to the best pgbench UPDATE by order_id",
              divided(of.throughput("ipc update 64"), of.best("update")), at_least=2.0),
        Ratio("get_vs_pgbench", "get over RPC, 64 in flight, to the best pgbench SELECT",
              divided(of.throughput("ipc get 64"), of.best("select")), at_least=1.0),
        Ratio("lone_get_vs_sum", "p50 of a lone get over RPC to nng echo p50 + pgbench SELECT p50",
              divided(of.p50("ipc get 1"), sum(floor) if all(floor) else None), at_most=1.3),
        Ratio("get_vs_echo", "get over RPC, 64 in flight, to nng's bare echo of as many bytes",
              of.throughputs("ipc get 64", "echo echo 64"), at_least=0.6),
        Ratio("http_get_vs_rpc_get", "HTTP get, 64 connections, to RPC get, 64 in flight",
              of.throughputs("http get 64", "ipc get 64"), at_least=0.5),
        Ratio("batch_vs_copy", f"BatchCreateOrders of {BATCH}, one caller, to COPY of {BATCH} rows at a time",
              of.throughputs("ipc batch 1", "psql copy 1"), at_least=1.0),
        Ratio("import_vs_copy", f"ordersctl import of {IMPORT_ROWS:,} rows to psql \\copy of the same file",
              imported and imported["import_rows_per_s"] / imported["copy_rows_per_s"], at_least=0.6),
        Ratio("summary_large_vs_small",
              f"p50 of a summary of {SUMMARY_ORDERS['large']:,} orders to one of {SUMMARY_ORDERS['small']:,}",
              summaries and summaries["large"] / summaries["small"], at_most=1.5),
        Ratio("summary_unchanged_vs_get", "p50 of a lone summary, nothing changed since the last, to that of a lone get",
              divided(of.p50("ipc summary 1"), of.p50("ipc get 1")), at_most=2),
        Ratio("deep_page_vs_first", f"p50 of the page of 100 behind {DEPTH:,} orders to that of the first",
              divided(of.p50("ipc list, deep page 1"), of.p50("ipc list, first page 1")), at_most=1.2),
        Ratio("hot_day_vs_spread", "create, 64 in flight, all on one day and currency, to spread over days",
              of.throughputs("ipc create, one day 64", "ipc create 64"), at_least=0.9),
    ]


def overload_ratios(overload: Optional[dict]) -> list[Ratio]:
    """Of a service that takes BOUND calls at once."""
    ratios = []
    for case in ("create", "get"):
        peak, more = (overload[case][str(BOUND * times)] for times in (1, OVERLOAD)) if overload else ({}, {})
        ratios += [
            Ratio(f"{case}_overload_vs_peak",
                  f"{case}, {BOUND * OVERLOAD:,} in flight at a service that takes {BOUND}, to {BOUND} in flight",
                  divided(more.get("throughput"), peak.get("throughput")), at_least=0.8),
            Ratio(f"{case}_overload_memory", f"{case}: peak memory of ordersd, likewise",
                  divided(more.get("peak_bytes"), peak.get("peak_bytes")), at_most=1.1),
        ]
    return ratios


def limits_of(cases: list[Case], imported: Optional[dict], overload: Optional[dict]) -> list[Ratio]:
    """What is promised of memory, beside other clients and under overload, and stricter sisters of some ratios."""
    of = Figures(cases)
    beside_idle = "tcp get beside idle 64"
    served = [of.peak(case.name) or 0 for case in cases if "beside" not in case.name and case.in_flight in IN_FLIGHT]
    peaks = imported["import_peak_bytes"] if imported else {}
    return [
        Ratio("hot_day_vs_spread_by_sql", "64 SQL sessions inserting on one day and currency, to spread over days",
              of.throughputs("pgbench insert with rollup, one day 64", "pgbench insert with rollup 64"), at_least=0.9),
        Ratio("ordersd_mib", "peak memory of ordersd, up to 64 in flight, MiB",
              divided(max(served) or None, 2**20), at_most=32),
        Ratio("ordersd_idle_mib", f"peak memory of ordersd with {IDLE_CLIENTS:,} idle clients, MiB",
              divided(of.peak(beside_idle), 2**20), at_most=64),
        Ratio("get_beside_idle_vs_alone",
              f"get over tcp, 64 in flight, beside {IDLE_CLIENTS:,} idle clients, to without them",
              of.throughputs(beside_idle, "tcp get 64"), at_least=0.9),
        Ratio("tls_get_vs_tcp_get", "get over tls+tcp, 64 in flight, to get over tcp",
              of.throughputs("tls get 64", "tcp get 64"), at_least=0.7),
        Ratio("https_get_vs_stunnel", "HTTPS get, 64 connections, to HTTP behind stunnel",
              of.throughputs("https get 64", "stunnel get 64"), at_least=1.0),
        Ratio("import_peak_many_vs_few",
              f"peak memory of ordersctl importing {IMPORT_ROWS:,} rows to {IMPORT_FEW_ROWS:,}",
              divided(peaks.get(str(IMPORT_ROWS)), peaks.get(str(IMPORT_FEW_ROWS))), at_most=1.1),
        *(Ratio(f"{case}_beside_heavy_hitter_p99",
                f"p99 of a lone {case} beside {HEAVY:,} in flight of another caller, to alone",
                divided(of.p99(f"ipc {case} beside a heavy hitter 1"), of.p99(f"ipc {case} 1")), at_most=10)
          for case in ("get", "create")),
        Ratio("http_list_beside_another_key",
              f"p50 of a lone list over HTTP beside {HEAVY_LISTS} in flight of another key, to alone",
              divided(of.p50("http list beside another key's 1"), of.p50("http list 1")), at_most=3),
        *overload_ratios(overload),
    ]


def described(tree: Path) -> Optional[str]:
    """Its commit, and whether there is more than that in it."""
    describe = ["git", "-C", str(tree), "describe", "--always", "--dirty"]
    return subprocess.run(describe, text=True, capture_output=True).stdout.strip() or None


def machine() -> dict:
    cpuinfo = Path("/proc/cpuinfo").read_text()
    model = re.search(r"^model name\s*:\s*(.+)$", cpuinfo, re.M)
    return {
        "cores": len(os.sched_getaffinity(0)),
        "cpu": model[1] if model else platform.machine(),
        "memory_bytes": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
        "kernel": platform.release(),
        "postgresql": run(["psql", "--version"]).split()[2],
        "date": datetime.date.today().isoformat(),
        "commit": described(ROOT),
    }


def shown(value: Optional[float], digits: int = 0) -> str:
    return "" if value is None else f"{value:,.{digits}f}"


def table(columns: list[tuple[str, bool]], rows: list[list[str]]) -> list[str]:
    """As Markdown; of each column its name and whether it holds numbers."""
    lines = [[name for name, _ in columns], ["---:" if numbers else "---" for _, numbers in columns], *rows]
    return ["| " + " | ".join(cells) + " |" for cells in lines]


def ratio_table(ratios: list[Ratio]) -> list[str]:
    return table(
        [("ratio", False), ("", True), ("target", False), ("reached", False)],
        [[ratio.text, shown(ratio.value, 2), ratio.target(), ratio.verdict()] for ratio in ratios],
    )


def case_table(cases: list[Case]) -> list[str]:
    columns = [("path", False), ("operation", False), ("in flight", True), ("per second", True), ("p50 µs", True),
               ("p99 µs", True), ("service CPU s/1,000", True), ("database CPU s/1,000", True),
               ("ordersd peak MiB", True)]
    rows = []
    for case in sorted(cases, key=lambda case: (case.operation, case.path, case.in_flight)):
        rows.append([
            case.path, case.operation, str(case.in_flight),
            *(shown(case.median(name)) for name in ("throughput", "p50_us", "p99_us")),
            *(shown(case.median(name), 3) for name in ("service_cpu_s_per_1000", "database_cpu_s_per_1000")),
            shown(divided(case.peak_bytes(), 2**20), 1),
        ])
    return table(columns, rows)


def markdown(about: dict, cases: list[Case], ratios: list[Ratio], summaries: Optional[dict],
             imported: Optional[dict]) -> str:
    measured = [case for case in cases if case.runs]
    repeats = " or ".join(str(n) for n in sorted({len(case.runs) for case in measured}))
    lines = [
        f"{about['date']}, {about['cores']} cores ({about['cpu']}) shared by client, service and database, "
        f"PostgreSQL {about['postgresql']} with default durability, {ORDERS:,} orders; medians of {repeats} runs.",
        "", *ratio_table(ratios), "", *case_table(measured), "", "Batch, copy: orders, not requests.",
    ]
    if imported:
        peak_mib = imported["import_peak_bytes"][str(IMPORT_ROWS)] / 2**20
        lines += ["", f"Import of {IMPORT_ROWS:,} rows: {imported['import_rows_per_s']:,.0f} a second, \\copy "
                  f"{imported['copy_rows_per_s']:,.0f}; peak memory of ordersctl {peak_mib:.1f} MiB."]
    if summaries:
        lines += ["", "Summary, p50: " + ", ".join(
            f"{summaries[name]:,.0f} µs of {orders:,} orders" for name, orders in SUMMARY_ORDERS.items()) + "."]
    return "\n".join(lines)
