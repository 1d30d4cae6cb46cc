"""What is measured: a private PostgreSQL, and an ordersd."""

import base64
import json
import re
import socket
import subprocess
import time
from pathlib import Path
from typing import Optional

from .orders import API_KEY, COLUMNS, CURRENCIES, DAYS, FIRST_DAY, MANY_DAYS, ORDERSD, ROOT, SLOTS, STATUSES
from .processes import Failed, children_of, cpu_seconds, environment, peak_bytes, run, say, stop


class Database:
    """A private cluster in a directory on a disk."""

    def __init__(self, directory: Path):
        self.directory = directory
        run([ROOT / "tools/postgres", "start", directory])
        self.postmaster = int((directory / "postmaster.pid").read_text().split()[0])

    def stop(self) -> None:
        run([ROOT / "tools/postgres", "stop", self.directory, "immediate"])

    def create(self, name: str, tree: Path = ROOT) -> str:
        """A database with the schema of the tree's service; returns its connection string."""
        run([ROOT / "tools/postgres", "createdb", self.directory, name])
        url = run([ROOT / "tools/postgres", "url", self.directory, name]).strip()
        run([tree / "tools/migrate"], env=environment(DATABASE_URL=url))
        return url

    def cpu_seconds(self) -> float:
        backends = sum(cpu_seconds(pid) for pid in children_of(self.postmaster))
        return backends + cpu_seconds(self.postmaster, and_ended_children=True)


def psql(url: str, sql: str, **options) -> str:
    return run(
        ["psql", "--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--set", "ON_ERROR_STOP=1", url],
        input=sql, env=environment(), **options,
    )


def load_orders(url: str, n: int) -> None:
    """Orders "bench-1" to "bench-n"."""
    psql(url, f"""
        INSERT INTO orders ({COLUMNS})
            SELECT 'bench-' || i, 'customer-' || i % 1000 + 1,
                '{FIRST_DAY}T00:00:00Z'::timestamptz + i % {DAYS} * interval '1 day', i % 100000 + 1,
                ('{{{",".join(CURRENCIES)}}}'::text[])[i / {DAYS} % {len(CURRENCIES)} + 1],
                ('{{{",".join(STATUSES)}}}'::text[])[i % {len(STATUSES)} + 1]
            FROM generate_series(1, {n}) AS i;
        VACUUM (ANALYZE) orders;""")


def load_slots(url: str, n: int) -> None:
    """Orders "bench-1" to "bench-n", and as many rows of the rollup for each day and currency as if so many SQL sessions
    had written at the same time to each of them. Those are folded half an hour later at most: see hold_folds."""
    load_orders(url, n)
    for slot in range(64, 64 + SLOTS):
        psql(url, f"""
            SET orders.rollup_slot = {slot};
            INSERT INTO orders ({COLUMNS})
                SELECT 'slot-{slot}-' || i, 'customer-1', '{FIRST_DAY}T00:00:00Z'::timestamptz + i % {DAYS} * interval '1 day',
                    i + 1, ('{{{",".join(CURRENCIES)}}}'::text[])[i / {DAYS} + 1], 'pending'
                FROM generate_series(0, {DAYS * len(CURRENCIES) - 1}) AS i;""")
    psql(url, "VACUUM (ANALYZE)")


def load_many_days(url: str, n: int) -> None:
    """Orders "bench-1" to "bench-n", and one of each currency on each of many days."""
    load_orders(url, n)
    psql(url, f"""
        INSERT INTO orders ({COLUMNS})
            SELECT 'day-' || i, 'customer-1', '{FIRST_DAY}T00:00:00Z'::timestamptz - i / {len(CURRENCIES)} * interval '1 day',
                i + 1, ('{{{",".join(CURRENCIES)}}}'::text[])[i % {len(CURRENCIES)} + 1], 'pending'
            FROM generate_series(0, {(MANY_DAYS - DAYS) * len(CURRENCIES) - 1}) AS i;
        VACUUM (ANALYZE);""")


def hold_folds(url: str) -> subprocess.Popen:
    """A session under which no slot of the rollup is folded, until it is stopped."""
    holder = subprocess.Popen(["psql", "--no-psqlrc", "--quiet", "--no-align", "--tuples-only", url],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment())
    holder.stdin.write("SELECT pg_advisory_lock(6672, 256);\n\\echo held\n")
    holder.stdin.flush()
    while holder.stdout.readline() != "held\n":
        if holder.poll() is not None:
            raise Failed("psql ended")
    return holder


class Certificate:
    """Of this machine, which trusts it as it is."""

    def __init__(self, directory: Path):
        self.cert, self.key = directory / "certificate.pem", directory / "certificate.key"
        run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", 2,
             "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-out", self.cert, "-keyout", self.key])


class Issuer:
    """Of JSON Web Tokens, whose keys are a file, for a service's ORDERS_JWT_ISSUERS."""

    NAME = "https://issuer.example"

    def __init__(self, directory: Path):
        self.private_key, keys, self.issuers = (directory / name for name in ("issuer.pem", "jwks.json", "issuers.ini"))
        run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", self.private_key])
        modulus = run(["openssl", "rsa", "-in", self.private_key, "-noout", "-modulus"]).strip().removeprefix("Modulus=")
        keys.write_text(json.dumps({"keys": [
            {"kty": "RSA", "kid": "1", "n": base64url(bytes.fromhex(modulus)), "e": base64url(b"\1\0\1")}]}))
        self.issuers.write_text(f"[issuer bench]\nissuer = {self.NAME}\naudience = orders\njwks = {keys}\n"
                                "role-claim = role\nreader = reader\n")

    def token(self) -> str:
        """A reader's, for a day."""
        head = {"alg": "RS256", "kid": "1", "typ": "at+jwt"}
        claims = {"iss": self.NAME, "aud": "orders", "sub": "bench", "exp": int(time.time()) + 86400, "role": "reader"}
        signed = ".".join(base64url(json.dumps(part).encode()) for part in (head, claims))
        signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", str(self.private_key)], input=signed.encode(),
                                   capture_output=True, check=True).stdout
        return f"{signed}.{base64url(signature)}"


def base64url(some: bytes) -> str:
    return base64.urlsafe_b64encode(some).decode().rstrip("=")


class Tunnel:
    """A stunnel in front of an address: what TLS costs beside the service."""

    def __init__(self, directory: Path, certificate: Certificate, to: str):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        settings = directory / "stunnel.conf"
        settings.write_text(f"foreground = yes\npid =\n[http]\naccept = 127.0.0.1:{port}\n"
                            f"connect = {to.removeprefix('http://')}\ncert = {certificate.cert}\nkey = {certificate.key}\n")
        self.https = f"https://127.0.0.1:{port}"
        self.process = subprocess.Popen(["stunnel4", settings], stderr=subprocess.DEVNULL)
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.05)
        raise Failed("stunnel did not start")

    def stop(self) -> None:
        stop(self.process)


class Service:
    """An ordersd: with a certificate by TLS as well, and then its HTTP is https."""

    def __init__(self, directory: Path, database_url: str, program: Path = ORDERSD,
                 certificate: Optional[Certificate] = None, **settings: str):
        if certificate:
            directory = directory / "tls"
            directory.mkdir()
            settings |= {"ORDERS_TLS_CERT": str(certificate.cert), "ORDERS_TLS_KEY": str(certificate.key)}
        scheme, tls = ("https://", ",tls+tcp://127.0.0.1:0") if certificate else ("", "")
        self.ipc = f"ipc://{directory}/ordersd.sock"
        self.process = subprocess.Popen(
            [program], cwd=directory, stdout=subprocess.PIPE, text=True,
            env=environment(
                DATABASE_URL=database_url, API_KEY=API_KEY, ORDERS_LISTEN=f"tcp://127.0.0.1:0,{self.ipc}{tls}",
                ORDERS_HTTP=f"{scheme}127.0.0.1:0", ORDERS_LOG="warn", **settings,
            ),
        )
        ready = self.process.stdout.readline()
        self.http, self.tcp = (self.found(pattern, ready) for pattern in (r"(https?://[\d.:]+)", r"(tcp://[\d.:]+)"))
        self.tls = self.found(r"(tls\+tcp://[\d.:]+)", ready) if certificate else None

    def found(self, pattern: str, ready: str) -> str:
        match = re.search(pattern, ready)
        if not match:
            stop(self.process)
            raise Failed(f"ordersd did not start: {ready.strip()}")
        return match[1]

    def urls(self) -> dict:
        return {"ipc": self.ipc, "tcp": self.tcp, "tls": self.tls, "http": self.http}

    def stop(self) -> None:
        if self.process.poll() is not None:
            say(f"ordersd had ended by itself, with {self.process.returncode}")
        stop(self.process)

    def cpu_seconds(self) -> float:
        return cpu_seconds(self.process.pid)

    def forget_peak(self) -> None:
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def peak_bytes(self) -> int:
        return peak_bytes(self.process.pid)
