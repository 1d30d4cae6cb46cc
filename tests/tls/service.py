"""service.py: a running ordersd, or orders-http, with TLS, and those who call it."""

import json
import os
import pathlib
import select
import signal
import subprocess
import tempfile
import time
import urllib.parse

KEY = "test-key-0123456789"
WAIT_S = 30


def psql(sql):
    subprocess.run(
        ["psql", "--no-psqlrc", "--quiet", "-U", "postgres", "-h", os.environ["TEST_PGHOST"], "-d", "postgres", "-c", sql],
        check=True,
    )


class Process:
    """A program of ours that says "ready" and where. It runs where no .env is."""

    def __init__(self, program, environment):
        self.directory = tempfile.TemporaryDirectory(prefix="orders-tls-")
        self.log_path = pathlib.Path(self.directory.name) / "log"
        own = {name: value for name, value in os.environ.items() if "SAN_OPTIONS" in name}
        with self.log_path.open("wb") as log:
            self.process = subprocess.Popen(
                [program], env=own | environment, cwd=self.directory.name, stdout=subprocess.PIPE, stderr=log, text=True
            )
        self.ready = None
        readable, _, _ = select.select([self.process.stdout], [], [], WAIT_S)
        line = self.process.stdout.readline() if readable else ""
        if line.startswith("ready "):
            self.ready = dict(word.split("=", 1) for word in line.split()[1:])

    def log(self):
        return self.log_path.read_text()

    def end(self):
        """Its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(WAIT_S * 2)
        self.process.stdout.close()
        self.directory.cleanup()
        return code

    def reload(self, said):
        """Sends SIGHUP, and waits until the log has one line more that says this."""
        before = self.log().count(said)
        self.process.send_signal(signal.SIGHUP)
        await_true(lambda: self.log().count(said) > before, f"no {said!r} in the log")

    def port(self, what):
        return urllib.parse.urlsplit(self.ready[what].split(",")[0]).port


def await_true(condition, why):
    limit = time.monotonic() + WAIT_S
    while not condition():
        if time.monotonic() > limit:
            raise AssertionError(why)
        time.sleep(0.02)


class Database:
    made = 0

    def __init__(self):
        Database.made += 1
        self.name = f"tls_{os.getpid()}_{Database.made}"
        psql(f"CREATE DATABASE {self.name} TEMPLATE orders_template")
        self.url = f"host={os.environ['TEST_PGHOST']} user=orders_service dbname={self.name}"

    def drop(self):
        psql(f"DROP DATABASE {self.name} WITH (FORCE)")


class Certificates:
    """What make_certificates makes, in a directory of its own."""

    def __init__(self):
        self.directory = tempfile.TemporaryDirectory(prefix="orders-certificates-")
        subprocess.run([os.environ["MAKE_CERTIFICATES"], self.directory.name], check=True)
        self.cert = self.path("serving.pem")
        self.key = self.path("serving.key")
        self.serve("server")

    def path(self, name):
        return str(pathlib.Path(self.directory.name) / name)

    def serve(self, name):
        """What is served is this one from the next reading on."""
        for ending in "pem", "key":
            pathlib.Path(self.path(f"serving.{ending}")).write_bytes(pathlib.Path(self.path(f"{name}.{ending}")).read_bytes())

    def make(self, name, seconds):
        """A client's, that ends so soon."""
        subprocess.run([os.environ["MAKE_CERTIFICATES"], self.directory.name, name, str(seconds)], check=True)

    def client(self, name):
        """As the options of s_client."""
        return ["-cert", self.path(f"{name}.pem"), "-key", self.path(f"{name}.key")]


def s_client(port, *options, text=b"", host="127.0.0.1"):
    """What openssl says of a connection that is closed once it is made, and has sent the text."""
    return subprocess.run(
        ["openssl", "s_client", "-connect", f"{host}:{port}", "-ign_eof" if text else "-no_ign_eof", *options],
        input=text,
        capture_output=True,
        timeout=WAIT_S,
    )


def ordersctl(url, *arguments, key=KEY, pass_on=(), **files):
    """Its exit code, what it printed, and what it complained of."""
    environment = {"ORDERS_CONNECT": url, "HOME": "/nonexistent", "PATH": os.environ["PATH"]}
    environment |= {name: value for name, value in os.environ.items() if "SAN_OPTIONS" in name}
    environment |= {name: os.environ[name] for name in pass_on}
    if key is not None:
        environment["API_KEY"] = key
    options = [word for name, file in files.items() for word in (f"--{name.replace('_', '-')}", file)]
    done = subprocess.run(
        [os.environ["ORDERSCTL"], *options, *arguments], env=environment, cwd="/", capture_output=True, text=True, timeout=WAIT_S
    )
    return done.returncode, done.stdout, done.stderr


def load_json(text):
    return json.loads(text)
