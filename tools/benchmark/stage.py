"""What every measurement stands on: a private PostgreSQL with orders in it, and a service."""

import contextlib
import os
import resource
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from .cases import Bench, ByTls
from .orders import ORDERS
from .processes import Failed, run, say
from .subjects import Certificate, Database, Service, Tunnel, load_orders


def make_state(stack: contextlib.ExitStack) -> Path:
    """A directory on a disk: a file system in memory would make every write durable for nothing."""
    state = Path(tempfile.mkdtemp(prefix="orders-bench.", dir=os.environ.get("TMPDIR", "/var/tmp")))
    stack.callback(shutil.rmtree, state, ignore_errors=True)
    if run(["stat", "--file-system", "--format", "%T", state]).strip() in ("tmpfs", "ramfs"):
        raise Failed(f"{state.parent} is in memory; name a directory on a disk in TMPDIR")
    return state


def start_database(stack: contextlib.ExitStack) -> tuple[Path, Database]:
    """A directory for everything, and a PostgreSQL in it; the stack cleans both up."""
    # Also SIGTERM ends it by the way of an exception, past everything that cleans up.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    # A connection is a file, and there will be thousands.
    most_files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))

    state = make_state(stack)
    database = Database(state / "db")
    stack.callback(database.stop)
    return state, database


def prepare(stack: contextlib.ExitStack, name: str, orders: int = ORDERS, with_tls: bool = False) -> Bench:
    """Of which the stack cleans everything up."""
    state, database = start_database(stack)
    say(f"loading {orders:,} orders")
    url = database.create(name)
    load_orders(url, orders)
    service = Service(state, url)
    stack.callback(service.stop)
    return Bench(state, database, service, url, orders, serve_by_tls(stack, state, url, service) if with_tls else None)


def serve_by_tls(stack: contextlib.ExitStack, state: Path, url: str, plain: Service) -> ByTls:
    certificate = Certificate(state)
    service = Service(state, url, certificate=certificate)
    stack.callback(service.stop)
    tunnel = Tunnel(state, certificate, plain.http)
    stack.callback(tunnel.stop)
    return ByTls(certificate, service, tunnel)
