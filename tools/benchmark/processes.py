"""Other programs: running them, and reading what they cost."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

STARTED = time.monotonic()


def say(text: str) -> None:
    print(f"bench: {time.monotonic() - STARTED:5.1f} s: {text}", file=sys.stderr, flush=True)


class Failed(Exception):
    """What went wrong, for the user."""


def run(command: list, **options) -> str:
    """Runs a program to its end and returns its stdout; anything but success is the end of the benchmark."""
    words = [str(word) for word in command]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    ended = subprocess.run(words, text=True, **(pipes | options))
    if ended.returncode != 0:
        raise Failed(f"{Path(command[0]).name} ended with {ended.returncode}:\n{(ended.stderr or '').strip()}")
    return ended.stdout


def environment(**settings: str) -> dict:
    """The environment without what could lead the programs elsewhere, and with these settings."""
    ours = re.compile(r"(ORDERS_|API_KEY|AUTHORIZATION|DATABASE_URL|PG)")
    return {name: value for name, value in os.environ.items() if not ours.match(name)} | settings


def stop(process: subprocess.Popen) -> None:
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        say(f"{Path(process.args[0]).name} was told to stop, and 5 s later did not: killed")
        process.kill()
        process.wait()


def children_of(parent: int) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


def cpu_seconds(pid: int, and_ended_children: bool = False) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0  # it ended; its parent has its time now
    return sum(map(int, fields[11 : 15 if and_ended_children else 13])) / os.sysconf("SC_CLK_TCK")


def peak_bytes(pid: int) -> int:
    try:
        found = re.search(r"^VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.M)
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return int(found[1]) * 1024 if found else 0
