#!/usr/bin/python3 -B
"""test_hostile.py: that tools/hostile is there to be trusted: what it measures beside comes, does what it says and goes,
and what it promises can be missed.

ORDERS_BUILD names the build whose programs are run.
"""

import contextlib
import http.server
import os
import pathlib
import socket
import subprocess
import sys
import threading
import types
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))

from benchmark import hostile, hostile_peers  # noqa: E402: where they are is said above
from benchmark.cases import Bench  # noqa: E402
from benchmark.orders import LOAD  # noqa: E402
from benchmark.processes import Failed, environment  # noqa: E402
from benchmark.stage import make_state, prepare  # noqa: E402

GOOD = {"against": hostile.NOTHING, "ratio": 1.0, "p99_ratio": 1.0, "errors": 0, "errors_without": 0,
        "peak_bytes": 20 << 20}


class Targets(unittest.TestCase):
    """Each can be missed, and is named then."""

    def setUp(self):
        self.trial = hostile.TRIALS[0]

    def missed(self, **figures):
        return hostile.missed(self.trial, GOOD | figures)

    def test_none_is_missed(self):
        self.assertEqual(self.missed(), [])
        self.assertEqual(self.missed(ratio=0.8, p99_ratio=5, peak_bytes=256 << 20), [])

    def test_each_is_missed(self):
        for figures, said in (
            ({"ratio": 0.79}, "0.79 of the rate beside nothing was kept, not 0.8"),
            ({"p99_ratio": 5.1}, "p99 was 5.1 times that beside nothing, not at most 5"),
            ({"errors": 1}, "1 calls of those who behave failed"),
            ({"errors_without": 1}, "1 calls failed beside nothing"),
            ({"peak_bytes": (256 << 20) + 1}, "ordersd had 256 MiB, not at most 256"),
        ):
            self.assertEqual(self.missed(**figures), [f"silent: get, http: {said}"])

    def test_a_locked_order_has_stricter_ones(self):
        self.trial = next(trial for trial in hostile.TRIALS if trial.name == "locked-order")
        self.assertEqual(len(self.missed(ratio=0.89)), 1)
        self.assertEqual(len(self.missed(p99_ratio=2.1)), 1)

    def test_they_are_of_rounds_beside_nothing(self):
        figures = {"against": "an open transaction", "ratio": 0.5, "p99_ratio": 9, "errors": 1, "peak_bytes": 1 << 30}
        self.assertEqual(self.missed(**figures), [])
        self.assertEqual(self.missed(**figures, errors_without=2),
                         ["silent: get, http: 2 calls failed beside an open transaction"])


class Refusing(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(503)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):
        """A client that closes is none."""


class Refusals(unittest.TestCase):
    """What is refused is no request that was answered."""

    def setUp(self):
        server = Server(("127.0.0.1", 0), Refusing)
        self.addCleanup(server.server_close)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.shutdown)
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)
        service = types.SimpleNamespace(http="http://127.0.0.1:%d" % server.server_address[1])
        self.bench = Bench(make_state(stack), None, service, "")

    def test_by_http(self):
        result = self.bench.wrk("get", 2, may_fail=True)(1)
        self.assertEqual(result["requests"], 0)
        self.assertGreater(result["errors"], 0)
        with self.assertRaisesRegex(Failed, "requests failed"):
            self.bench.wrk("get", 2)(1)


class Neighbours(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        stack = contextlib.ExitStack()
        cls.addClassCleanup(stack.close)
        cls.bench = prepare(stack, "hostile", hostile.DEEP_REST + 100)

    def assert_serves(self):
        self.assertGreater(self.bench.rpc("ipc", "get", 1)(0.1)["requests"], 0)

    def test_each_comes_and_goes(self):
        for name, make in {trial.name: trial.neighbour for trial in hostile.TRIALS}.items():
            with self.subTest(name):
                neighbour = make(self.bench)
                try:
                    self.assert_serves()
                    neighbour.leave()
                finally:
                    neighbour.kill()
                self.assert_serves()

    def test_those_who_behave_are_measured(self):
        for name in ("rpc-silent", "locked-order", "deep-lists"):
            trial = next(trial for trial in hostile.TRIALS if trial.name == name)
            results = hostile.measure(self.bench, trial, rounds=1, seconds=0.2)
            self.assertEqual([result["against"] for result in results], [hostile.NOTHING, *trial.controls])
            for result in results:
                self.assertEqual(result["errors"] + result["errors_without"], 0)
                self.assertTrue(all(result["per_second"]) and result["ratio"] and result["peak_bytes"], result)

    def test_an_order_that_is_not_locked_is_noticed(self):
        neighbour = hostile.LockedOrder(self.bench)
        neighbour.session.stdin.write("ROLLBACK;\n")
        neighbour.session.stdin.flush()
        with self.assertRaisesRegex(Failed, "not locked all the time"):
            neighbour.caller.wait()
            neighbour.leave()

    def connect(self, over):
        scheme, _, rest = self.bench.service.urls()[over].partition("://")
        if scheme == "ipc":
            peer = socket.socket(socket.AF_UNIX)
            peer.connect(rest)
            return peer
        host, _, port = rest.partition(":")
        return socket.create_connection((host, int(port)))

    def answer_to(self, frame, over):
        with self.connect(over) as peer:
            peer.settimeout(10)
            peer.sendall(hostile_peers.REQ_GREETING + hostile_peers.message(frame, over))
            greeting = peer.recv(8, socket.MSG_WAITALL)
            self.assertEqual(greeting[:4], hostile_peers.REQ_GREETING[:4])
            if over == "ipc":
                peer.recv(1)
            size = int.from_bytes(peer.recv(8, socket.MSG_WAITALL), "big")
            return peer.recv(size, socket.MSG_WAITALL)

    def test_the_frames_are_understood(self):
        serving = hostile_peers.field(15, b"\x08\x01")
        for over in ("tcp", "ipc"):
            self.assertIn(serving, self.answer_to(hostile_peers.CHECK_HEALTH, over))
            self.assertEqual(self.answer_to(hostile_peers.LIST_ORDERS, over).count(b"bench-"), 1000)

    def load(self, *options):
        return subprocess.run(
            [LOAD, "--case", "get", "--url", self.bench.service.ipc, "--in-flight", "4", "--seconds", "0.1", *options],
            text=True, capture_output=True, env=environment(API_KEY="another"))

    def test_failures_are_counted_where_asked_to(self):
        ended = self.load("--may-fail")
        self.assertEqual(ended.returncode, 0)
        self.assertIn('"requests": 0, ', ended.stdout)
        self.assertIn('"errors": 4, ', ended.stdout)
        self.assertRegex(ended.stderr, "^orders-load: get: (UNAUTHENTICATED|PERMISSION_DENIED): ")
        ended = self.load()
        self.assertEqual((ended.returncode, ended.stdout), (1, ""))


if __name__ == "__main__":
    os.environ.pop("API_KEY", None)
    unittest.main(verbosity=2)
