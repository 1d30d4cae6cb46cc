"""test_service.py: what is promised of TLS, of the programs as they run, by openssl's client and ours."""

import ctypes
import http.client
import os
import pathlib
import socket
import ssl
import struct
import threading
import time
import unittest

from service import KEY, Certificates, Database, Process, await_true, load_json, ordersctl, s_client

DENIED = 6  # exit codes of ordersctl
UNREACHABLE = 7
CONFIG = 78
GREETING = b"\0SP\0\0\x30\0\0"  # of REQ


def field(number, value):
    """Of a message, as protobuf has it; of few bytes."""
    return bytes([number << 3 | 2, len(value)]) + value


# With a key, as few are answered without.
HEALTH = field(1, b"rpc.v1.Health/Check") + field(4, field(1, b"x-api-key") + field(2, KEY.encode()))
LIST = field(1, b"orders.v1.OrderService/ListOrders")


def message(of):
    return struct.pack(">QI", 4 + len(of), 0x80000001) + of


REQUEST = message(HEALTH)


def setUpModule():
    global certificates, database
    certificates = Certificates()
    database = Database()


def tearDownModule():
    database.drop()


def start_ordersd(**settings):
    environment = {
        "DATABASE_URL": database.url,
        "API_KEY": KEY,
        "ORDERS_LISTEN": "tls+tcp://127.0.0.1:0",
        "ORDERS_HTTP": "https://127.0.0.1:0",
        "ORDERS_METRICS": "127.0.0.1:0",
        "ORDERS_TLS_CERT": certificates.cert,
        "ORDERS_TLS_KEY": certificates.key,
    }
    return Process(os.environ["ORDERSD"], environment | settings)


def receive(connection, n):
    got = b""
    while len(got) < n:
        more = connection.recv(n - len(got))
        if not more:
            raise ConnectionError("closed")
        got += more
    return got


class Rpc:
    """A connection of TLS that has greeted."""

    def __init__(self, port, context):
        self.connection = context.wrap_socket(socket.create_connection(("127.0.0.1", port), 20), server_hostname="127.0.0.1")
        self.connection.sendall(GREETING)
        receive(self.connection, 8)

    def ask(self, request=REQUEST):
        self.connection.sendall(request)
        (size,) = struct.unpack(">Q", receive(self.connection, 8))
        return receive(self.connection, size)


class Served(unittest.TestCase):
    settings = {}

    @classmethod
    def setUpClass(cls):
        certificates.serve("server")
        cls.ordersd = start_ordersd(**cls.settings)
        assert cls.ordersd.ready, cls.ordersd.log()
        cls.rpc, cls.http = cls.ordersd.port("rpc"), cls.ordersd.port("http")
        cls.url = f"tls+tcp://127.0.0.1:{cls.rpc}"
        cls.ca = certificates.path("ca.pem")

    @classmethod
    def tearDownClass(cls):
        log, code = cls.ordersd.log(), cls.ordersd.end()
        assert code == 0, (code, log)

    def context(self, client=None):
        context = ssl.create_default_context(cafile=self.ca)
        if client is not None:
            context.load_cert_chain(certificates.path(f"{client}.pem"), certificates.path(f"{client}.key"))
        return context

    def https(self, client=None):
        connection = http.client.HTTPSConnection("127.0.0.1", self.http, timeout=20, context=self.context(client))
        self.addCleanup(connection.close)
        return connection

    def get(self, connection, target="/orders/", **headers):
        connection.request("GET", target, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()

    def metrics(self, target="/metrics"):
        connection = http.client.HTTPConnection("127.0.0.1", self.ordersd.port("metrics"), timeout=20)
        self.addCleanup(connection.close)
        return self.get(connection, target)

    def not_after(self):
        name = "orders_tls_certificate_not_after_seconds "
        return [float(line[len(name) :]) for line in self.metrics()[1].splitlines() if line.startswith(name)]


class Handshakes(Served):
    def both(self):
        return ("rpc", self.rpc), ("http", self.http)

    def test_old_versions_are_refused(self):
        for what, port in self.both():
            for version in "-tls1", "-tls1_1":
                with self.subTest(what=what, version=version):
                    done = s_client(port, version, "-cipher", "ALL:@SECLEVEL=0")
                    self.assertNotEqual(done.returncode, 0)
                    self.assertIn(b"alert protocol version", done.stderr)

    def test_new_versions_show_the_right_chain(self):
        for what, port in self.both():
            for version in "-tls1_2", "-tls1_3":
                for name in ("-verify_hostname", "localhost"), ("-verify_ip", "127.0.0.1"):
                    with self.subTest(what=what, version=version, name=name):
                        done = s_client(port, version, "-CAfile", self.ca, "-verify_return_error", *name)
                        self.assertEqual(done.returncode, 0, done.stderr)
                        self.assertIn(b"Verify return code: 0 (ok)", done.stdout)

    def test_ciphers_without_forward_secrecy_or_authentication_are_refused(self):
        for what, port in self.both():
            for cipher in "AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384":
                with self.subTest(what=what, cipher=cipher):
                    done = s_client(port, "-tls1_2", "-cipher", f"{cipher}:@SECLEVEL=0")
                    self.assertNotEqual(done.returncode, 0)
                    self.assertIn(b"handshake failure", done.stderr)

    def test_what_speaks_no_tls_gets_none_of_it(self):
        for what, port in self.both():
            for text in GREETING + REQUEST, b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n":
                with self.subTest(what=what, text=text), socket.create_connection(("127.0.0.1", port), 20) as plain:
                    plain.sendall(text)
                    got = b""
                    try:
                        while more := plain.recv(4096):
                            got += more
                    except ConnectionResetError:
                        pass
                    self.assertNotIn(b"HTTP/1.", got)
                    self.assertNotIn(b"SP\0", got)

    def test_calls_of_any_size_go_through(self):
        rows = "".join(f'{{"order_id":"TLS-{i}","customer_id":"{"c" * 100}","total_amount":{i + 1},"currency":"USD"}}\n' for i in range(900))
        path = pathlib.Path(self.ordersd.directory.name) / "rows.ndjson"
        path.write_text(rows)
        code, _, said = ordersctl(self.url, "import", str(path), ca=self.ca)
        self.assertEqual(code, 0, said)
        code, out, said = ordersctl(self.url, "list", "--all", "--output", "json", ca=self.ca)
        self.assertEqual(code, 0, said)
        self.assertEqual(len(load_json(out)), 900)
        status, body = self.get(self.https(), "/orders/?limit=900", **{"X-API-Key": KEY})
        self.assertEqual(status, 200)
        self.assertEqual(len(load_json(body)), 900)

    def test_a_message_is_one_record(self):
        rpc = Rpc(self.rpc, self.context())
        rpc.connection.sendall(REQUEST)
        got = rpc.connection.recv(1 << 16)  # no more than one record holds
        self.assertEqual(len(got), 8 + struct.unpack_from(">Q", got)[0])

    def test_a_key_is_wanted_still(self):
        self.assertEqual(self.get(self.https())[0], 401)
        self.assertNotEqual(ordersctl(self.url, "list", key="wrong", ca=self.ca)[0], 0)

    def test_it_is_ready_at_its_own_addresses(self):
        """Each of them is asked by the process itself once a second, over TLS."""
        time.sleep(2.5)
        self.assertEqual(self.metrics("/readyz")[0], 200, self.ordersd.log())
        self.assertEqual(self.get(self.https(), "/readyz")[0], 200)


class Clients(Served):
    def refused(self, why, **files):
        code, _, said = ordersctl(self.url, "--timeout", "3", "list", **files)
        self.assertEqual(code, UNREACHABLE, said)
        self.assertIn(why, said)

    def serve(self, name):
        certificates.serve(name)
        self.ordersd.reload("certificate loaded")

    def test_the_name_or_the_address_is_checked(self):
        self.serve("server")
        for host in "localhost", "127.0.0.1":
            with self.subTest(host=host):
                code, _, said = ordersctl(f"tls+tcp://{host}:{self.rpc}", "list", ca=self.ca)
                self.assertEqual(code, 0, said)
        self.serve("elsewhere")
        self.refused("IP address mismatch", ca=self.ca)
        code, _, said = ordersctl(f"tls+tcp://localhost:{self.rpc}", "--timeout", "3", "list", ca=self.ca)
        self.assertEqual(code, UNREACHABLE)
        self.assertIn("hostname mismatch", said)

    def test_the_authority_is_checked(self):
        self.serve("server")
        self.refused("certificate verify failed", ca=certificates.path("other-ca.pem"))
        self.refused("certificate verify failed")

    def test_expired_ones_are_refused(self):
        self.serve("expired")
        self.refused("certificate has expired", ca=self.ca)
        done = s_client(self.http, "-CAfile", self.ca, "-verify_return_error")
        self.assertIn(b"certificate has expired", done.stderr)

    def test_a_file_that_is_none_is_named(self):
        for files in {"ca": "/nonexistent"}, {"ca": self.ca, "cert": self.ca}, {"ca": certificates.path("ca.key")}:
            with self.subTest(files=files):
                code, _, said = ordersctl(self.url, "list", **files)
                self.assertEqual(code, CONFIG, said)

    def test_the_config_file_may_name_them(self):
        self.serve("server")
        home = pathlib.Path(self.ordersd.directory.name) / "home"
        (home / "ordersctl").mkdir(parents=True, exist_ok=True)
        (home / "ordersctl" / "ca.pem").write_bytes(pathlib.Path(self.ca).read_bytes())
        (home / "ordersctl" / "config").write_text(f"[target there]\nconnect = {self.url}\nca = ca.pem\n")
        os.environ["XDG_CONFIG_HOME"] = str(home)
        self.addCleanup(os.environ.pop, "XDG_CONFIG_HOME")
        code, _, said = ordersctl("tcp://127.0.0.1:1", "--target", "there", "list", pass_on=("XDG_CONFIG_HOME",))
        self.assertEqual(code, 0, said)


class Mutual(Served):
    @classmethod
    def setUpClass(cls):
        roles = pathlib.Path(certificates.path("roles"))
        roles.write_text("# who may what\nwriter CN=writer,O=Example\n\nreader  CN=reader,O=Example\n")
        cls.settings = {"ORDERS_TLS_CLIENT_CA": certificates.path("ca.pem"), "ORDERS_TLS_ROLES": str(roles)}
        super().setUpClass()

    def files(self, name):
        return {"ca": self.ca, "cert": certificates.path(f"{name}.pem"), "cert_key": certificates.path(f"{name}.key")}

    def call(self, name, *arguments, key=None):
        return ordersctl(self.url, "--timeout", "3", *arguments, key=key, **self.files(name))

    def test_without_a_certificate_nobody_is_let_in(self):
        for what, port in ("rpc", self.rpc), ("http", self.http):
            for version in "-tls1_2", "-tls1_3":
                with self.subTest(what=what, version=version):
                    done = s_client(port, version, "-CAfile", self.ca, text=b"x" * 100)
                    self.assertNotIn(b"SP\0", done.stdout)
                    self.assertNotIn(b"HTTP/1.", done.stdout)
                    self.assertIn(b"alert", done.stderr)
        code, _, said = ordersctl(self.url, "--timeout", "3", "list", ca=self.ca)
        self.assertEqual(code, UNREACHABLE, said)
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            self.get(self.https(), "/healthz")

    def test_one_of_another_authority_or_for_another_use_is_not_let_in(self):
        for name in "stranger", "serves":
            with self.subTest(name=name):
                self.assertEqual(self.call(name, "list", key=KEY)[0], UNREACHABLE)
                with self.assertRaises((ssl.SSLError, ConnectionError)):
                    self.get(self.https(name), "/healthz")

    def test_the_subject_has_its_role(self):
        order = ["--customer-id", "C", "--amount", "1", "--currency", "USD", "--order-id"]
        code, _, said = self.call("writer", "create", *order, "BY-WRITER")
        self.assertEqual(code, 0, said)
        self.assertEqual(self.call("reader", "list")[0], 0)
        code, _, said = self.call("reader", "create", *order, "BY-READER")
        self.assertEqual(code, DENIED, said)
        self.assertIn("needs role writer", said)
        code, _, said = self.call("nobody", "list")
        self.assertEqual(code, DENIED, said)
        self.assertIn("needs role reader", said)

        self.assertEqual(self.get(self.https("reader"))[0], 200)
        self.assertEqual(self.get(self.https("nobody"))[0], 403)
        connection = self.https("reader")
        connection.request("DELETE", "/orders/BY-WRITER")
        self.assertEqual(connection.getresponse().status, 403)
        connection = self.https("writer")
        connection.request("DELETE", "/orders/BY-WRITER")
        self.assertEqual(connection.getresponse().status, 204)

    def test_a_page_of_another_origin_cannot_use_it(self):
        own = f"https://127.0.0.1:{self.http}"
        for i, (changes, status) in enumerate([
            ({}, 201),
            ({"Origin": own}, 201),
            ({"Origin": "http://localhost:3000", "Sec-Fetch-Site": "cross-site"}, 201),  # which may by preset
            ({"Origin": own, "Sec-Fetch-Site": "same-origin"}, 201),
            ({"Sec-Fetch-Site": "none"}, 201),
            ({"Origin": "https://evil.example"}, 401),
            ({"Origin": "null"}, 401),
            ({"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}, 401),
            ({"Sec-Fetch-Site": "same-site"}, 401),
            ({"Origin": "https://evil.example", "X-API-Key": KEY}, 201),  # which no browser adds by itself
        ]):
            with self.subTest(changes=changes):
                connection = self.https("writer")
                body = f'{{"order_id":"PAGE-{i}","customer_id":"C","total_amount":1,"currency":"ISK"}}'
                connection.request("POST", "/orders/", body, {"Content-Type": "text/plain"} | changes)
                self.assertEqual(connection.getresponse().status, status)
        # Nor is what it cannot see read: that would take of the holder's rate.
        self.assertEqual(self.get(self.https("writer"), "/orders/PAGE-0", **{"Sec-Fetch-Site": "cross-site"})[0], 401)
        self.assertEqual(self.get(self.https("writer"), "/orders/PAGE-0", **{"Sec-Fetch-Site": "none"})[0], 200)
        connection = self.https("writer")
        connection.request("HEAD", "/orders/PAGE-0", headers={"Origin": "https://evil.example"})
        self.assertEqual(connection.getresponse().status, 401)

    def open_with_one_that_ends(self, seconds):
        """Connections by it that both were answered once; None: it had ended by then."""
        certificates.make("ending", seconds)
        try:
            https, rpc = self.https("ending"), Rpc(self.rpc, self.context("ending"))
            self.addCleanup(rpc.connection.close)
            if self.get(https)[0] == 200 and b"expired" not in rpc.ask(message(LIST)):
                return https, rpc
        except (ssl.SSLError, ConnectionError):
            pass
        return None

    def test_one_that_ends_ends_for_an_open_connection_too(self):
        roles = pathlib.Path(self.settings["ORDERS_TLS_ROLES"])
        before = roles.read_text()
        self.addCleanup(lambda: (roles.write_text(before), self.ordersd.reload("certificate loaded")))
        roles.write_text(before + "reader CN=ending,O=Example\n")
        self.ordersd.reload("certificate loaded")
        seconds = 2
        while (opened := self.open_with_one_that_ends(seconds)) is None:
            seconds *= 2
        https, rpc = opened
        await_true(lambda: b"The certificate has expired" in rpc.ask(message(LIST)), "it goes on over RPC")
        https.request("GET", "/orders/")
        answer = https.getresponse()
        self.assertEqual((answer.status, answer.getheader("Connection")), (401, "close"))
        self.assertIn(b"The certificate has expired", answer.read())

    def test_a_key_goes_before_it(self):
        self.assertEqual(self.call("nobody", "list", key=KEY)[0], 0)
        self.assertEqual(self.call("writer", "list", key="wrong")[0], DENIED)
        self.assertEqual(self.get(self.https("writer"), **{"X-API-Key": "wrong"})[0], 403)
        self.assertEqual(self.get(self.https("nobody"), **{"X-API-Key": KEY})[0], 200)

    def test_a_client_may_come_again_with_its_session(self):
        for what, port in ("rpc", self.rpc), ("http", self.http):
            for version in "-tls1_2", "-tls1_3":
                with self.subTest(what=what, version=version):
                    session = certificates.path(f"session-{what}{version}")
                    options = [version, "-CAfile", self.ca, *certificates.client("writer")]
                    first = s_client(port, *options, "-sess_out", session)
                    self.assertEqual(first.returncode, 0, first.stderr)
                    again = ["-sess_in", session] if os.path.exists(session) else []
                    for _ in range(3):
                        next_one = s_client(port, *options, *again)
                        self.assertEqual(next_one.returncode, 0, next_one.stderr)
                        self.assertNotIn(b"Reused,", next_one.stdout)
        context = self.context("reader")
        session = None
        for _ in range(4):
            with context.wrap_socket(
                socket.create_connection(("127.0.0.1", self.rpc), 20), server_hostname="127.0.0.1", session=session
            ) as connection:
                connection.sendall(GREETING)
                receive(connection, 8)
                session = connection.session

    def test_the_process_still_asks_itself(self):
        time.sleep(2.5)
        self.assertEqual(self.metrics("/readyz")[0], 200, self.ordersd.log())

    def test_roles_are_read_again(self):
        roles = pathlib.Path(self.settings["ORDERS_TLS_ROLES"])
        before = roles.read_text()
        self.addCleanup(lambda: (roles.write_text(before), self.ordersd.reload("certificate loaded")))
        old, rpc = self.https("nobody"), Rpc(self.rpc, self.context("nobody"))
        self.addCleanup(rpc.connection.close)
        self.assertEqual(self.get(old)[0], 403)
        self.assertIn(b"needs role reader", rpc.ask(message(LIST)))
        roles.write_text(before + "reader CN=nobody,O=Example\n")
        self.ordersd.reload("certificate loaded")
        await_true(lambda: self.call("nobody", "list")[0] == 0, "no role")
        self.assertEqual(self.get(self.https("nobody"))[0], 200)
        self.assertEqual(self.get(old)[0], 200)
        self.assertNotIn(b"needs role", rpc.ask(message(LIST)))
        roles.write_text("owner CN=writer,O=Example\n")
        self.ordersd.reload("roles not loaded: the last ones stay")
        self.assertEqual(self.call("writer", "list")[0], 0)
        self.assertIn("line 1 does not begin with reader, writer or admin", self.ordersd.log())


class Authorities(Served):
    """Two of them, whose clients' subjects are the same."""

    @classmethod
    def setUpClass(cls):
        cls.authorities = pathlib.Path(certificates.path("authorities.pem"))
        cls.trust("ca", "other-ca")
        roles = pathlib.Path(certificates.path("roles-of-authorities"))
        roles.write_text("writer CN=writer,O=Example\n")
        cls.settings = {"ORDERS_TLS_CLIENT_CA": str(cls.authorities), "ORDERS_TLS_ROLES": str(roles)}
        super().setUpClass()

    @classmethod
    def trust(cls, *names):
        cls.authorities.write_text("".join(pathlib.Path(certificates.path(f"{name}.pem")).read_text() for name in names))

    def test_one_that_is_withdrawn_is_none_for_open_connections_either(self):
        opened = {name: (self.https(name), Rpc(self.rpc, self.context(name))) for name in ("writer", "stranger")}
        told = b"The certificate is of an authority that is trusted no longer"
        for https, rpc in opened.values():
            self.addCleanup(rpc.connection.close)
            self.assertEqual(self.get(https)[0], 200)
            self.assertNotIn(b"ertificate", rpc.ask(message(LIST)))
        self.trust("ca")
        self.ordersd.reload("certificate loaded")
        https, rpc = opened["stranger"]
        self.assertIn(told, rpc.ask(message(LIST)))
        https.request("GET", "/orders/")
        answer = https.getresponse()
        self.assertEqual((answer.status, answer.getheader("Connection")), (401, "close"))
        self.assertIn(told, answer.read())
        https, rpc = opened["writer"]
        self.assertEqual(self.get(https)[0], 200)
        self.assertNotIn(b"ertificate", rpc.ask(message(LIST)))


class Renewal(Served):
    def shown(self, port):
        with self.context().wrap_socket(socket.create_connection(("127.0.0.1", port), 20), server_hostname="127.0.0.1") as connection:
            return connection.getpeercert()["notAfter"]

    def test_new_connections_have_the_new_one_and_old_ones_live_on(self):
        rpc, https = Rpc(self.rpc, self.context()), self.https()
        self.addCleanup(rpc.connection.close)
        rpc.ask()
        self.get(https, "/healthz")
        kept = https.sock
        self.assertEqual(self.not_after(), [4039372800.0])
        certificates.serve("renewed")
        self.ordersd.reload("certificate loaded")
        for port in self.rpc, self.http:
            self.assertEqual(self.shown(port), "Jan  1 00:00:00 2099 GMT")
        await_true(lambda: self.not_after() == [4070908800.0], "/metrics has the end of the last one")
        rpc.ask()
        self.assertEqual(self.get(https, "/healthz")[0], 200)
        self.assertIs(https.sock, kept)

    def test_a_broken_file_keeps_the_last_one(self):
        certificates.serve("server")
        self.ordersd.reload("certificate loaded")
        for name, text in ("serving.pem", b"no certificate\n"), ("serving.key", pathlib.Path(certificates.path("renewed.key")).read_bytes()):
            with self.subTest(name=name):
                pathlib.Path(certificates.path(name)).write_bytes(text)
                self.ordersd.reload("certificate not loaded: the last one stays")
                self.assertIn(name, self.ordersd.log().splitlines()[-1])
                for port in self.rpc, self.http:
                    self.assertEqual(self.shown(port), "Jan  1 00:00:00 2098 GMT")
                await_true(lambda: self.not_after() == [4039372800.0], "/metrics has the end of another one")
                certificates.serve("server")

    def test_it_is_exchanged_under_load(self):
        """Connections that stay, and ones that come and go, while it is exchanged again and again."""
        stopping, failures, calls = threading.Event(), [], [0] * 4

        def stay_rpc(index):
            rpc = Rpc(self.rpc, self.context())
            while not stopping.is_set():
                rpc.ask()
                calls[index] += 1
            rpc.connection.close()

        def come_and_go_rpc(index):
            while not stopping.is_set():
                rpc = Rpc(self.rpc, self.context())
                rpc.ask()
                rpc.connection.close()
                calls[index] += 1

        def stay_http(index):
            https = self.https()
            self.get(https, "/healthz")
            kept = https.sock
            while not stopping.is_set():
                self.get(https, "/healthz")
                calls[index] += 1
            assert https.sock is kept

        def come_and_go_http(index):
            while not stopping.is_set():
                https = self.https()
                self.get(https, "/healthz")
                https.close()
                calls[index] += 1

        def run(target, index):
            try:
                target(index)
            except Exception as failure:  # what a thread meets is the test's to report
                failures.append((target.__name__, repr(failure)))

        targets = [stay_rpc, come_and_go_rpc, stay_http, come_and_go_http]
        threads = [threading.Thread(target=run, args=(target, index)) for index, target in enumerate(targets)]
        for thread in threads:
            thread.start()
        for i in range(20):
            certificates.serve(("renewed", "server")[i % 2])
            self.ordersd.reload("certificate loaded")
            before = list(calls)
            await_true(lambda: failures or all(now > then for now, then in zip(calls, before)), f"no calls: {calls} {failures}")
        stopping.set()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])


class Limits(Served):
    settings = {"ORDERS_HTTP_REQUEST_TIMEOUT": "2"}

    def client_hello(self):
        """The first bytes that a client sends."""
        out = ssl.MemoryBIO()
        with self.assertRaises(ssl.SSLWantReadError):
            self.context().wrap_bio(ssl.MemoryBIO(), out, server_hostname="localhost").do_handshake()
        return out.read()

    def ends_after(self, port, text):
        """Seconds until a connection that sends this, and no more, is closed."""
        with socket.create_connection(("127.0.0.1", port), 30) as silent:
            begin = time.monotonic()
            silent.sendall(text)
            try:
                while silent.recv(4096):
                    pass
            except ConnectionResetError:
                pass
            return time.monotonic() - begin

    def test_one_that_says_nothing_is_closed(self):
        self.assertTrue(9 < self.ends_after(self.rpc, b"") < 25)
        self.assertTrue(1.5 < self.ends_after(self.http, b"") < 9)

    def test_one_that_sends_half_a_hello_is_closed(self):
        half = self.client_hello()[:100]
        self.assertTrue(9 < self.ends_after(self.rpc, half) < 25)
        self.assertTrue(1.5 < self.ends_after(self.http, half) < 9)

    def test_one_that_shakes_hands_and_does_not_greet_is_closed(self):
        with self.context().wrap_socket(
            socket.create_connection(("127.0.0.1", self.rpc), 30), server_hostname="127.0.0.1"
        ) as silent:
            begin = time.monotonic()
            receive(silent, 8)
            with self.assertRaises((ssl.SSLError, ConnectionError)):
                receive(silent, 1)
            self.assertTrue(9 < time.monotonic() - begin < 25)

    def test_one_that_sends_a_byte_now_and_then_is_closed(self):
        hello = self.client_hello()
        with socket.create_connection(("127.0.0.1", self.rpc), 30) as slow:
            slow.settimeout(1)
            begin = time.monotonic()
            for byte in hello:
                try:
                    slow.sendall(bytes([byte]))
                    if slow.recv(1) == b"":
                        break
                except socket.timeout:
                    continue
                except ConnectionError:
                    break
            self.assertTrue(9 < time.monotonic() - begin < 25)

    def files(self):
        return len(os.listdir(f"/proc/{self.ordersd.process.pid}/fd"))

    def test_ones_that_say_nothing_do_not_pile_up(self):
        before = self.files()
        silent = [socket.create_connection(("127.0.0.1", self.rpc), 30) for _ in range(400)]
        try:
            self.assertEqual(ordersctl(self.url, "list", ca=self.ca)[0], 0, "they keep nobody out")
            await_true(lambda: self.files() <= before + 128 + 8, "more than 128 are waited for")
        finally:
            for each in silent:
                each.close()
        await_true(lambda: self.files() <= before + 8, "they were not closed")

    def test_garbage_harms_nobody(self):
        hello = self.client_hello()
        for port in self.rpc, self.http:
            for i in range(0, len(hello), 7):
                with socket.create_connection(("127.0.0.1", port), 30) as broken:
                    broken.sendall(hello[:i] + bytes([hello[i] ^ 0xFF]) + hello[i + 1 :])
                    if i % 2:
                        broken.shutdown(socket.SHUT_WR)
        self.assertEqual(ordersctl(self.url, "list", ca=self.ca)[0], 0)
        self.assertEqual(self.get(self.https(), "/healthz")[0], 200)


class Options(ctypes.Structure):
    _fields_ = [
        ("servers", ctypes.POINTER(ctypes.c_char_p)),
        ("api_key", ctypes.c_char_p),
        ("timeout_ms", ctypes.c_uint32),
        ("connect_timeout_ms", ctypes.c_uint32),
        ("no_retries", ctypes.c_bool),
    ]


class Files(ctypes.Structure):
    _fields_ = [(name, ctypes.c_char_p) for name in ("ca", "cert", "cert_key")]


class Error(ctypes.Structure):
    _fields_ = [("code", ctypes.c_int), ("message", ctypes.c_char_p)]


@unittest.skipUnless("LIBORDERS_CLIENT" in os.environ, "a sanitizer's library is for its own programs")
class Library(Served):
    """liborders-client."""

    def summary(self, host, **files):
        """What a call ends with; "": well."""
        library = ctypes.CDLL(os.environ["LIBORDERS_CLIENT"])
        library.orders_client_open_tls.restype = ctypes.c_void_p
        servers = (ctypes.c_char_p * 2)(f"tls+tcp://{host}:{self.rpc}".encode(), None)
        options = Options(servers, KEY.encode(), 3000)
        files = Files(**{name: path.encode() for name, path in files.items()})
        error, summary = ctypes.POINTER(Error)(), ctypes.c_void_p()
        client = library.orders_client_open_tls(ctypes.byref(options), ctypes.byref(files), ctypes.byref(error))
        if client is None:
            return error.contents.message.decode()
        library.orders_summary(ctypes.c_void_p(client), ctypes.byref(summary), ctypes.byref(error))
        library.orders_client_close(ctypes.c_void_p(client))
        return error.contents.message.decode() if error else ""

    def test_it_checks_whom_it_calls(self):
        self.assertEqual(self.summary("localhost", ca=self.ca), "")
        self.assertEqual(self.summary("127.0.0.1", ca=self.ca), "")
        self.assertIn("certificate verify failed", self.summary("localhost", ca=certificates.path("other-ca.pem")))
        self.assertIn("certificate verify failed", self.summary("localhost"))
        self.assertIn("/nonexistent", self.summary("localhost", ca="/nonexistent"))
        certificates.serve("elsewhere")
        self.ordersd.reload("certificate loaded")
        self.assertIn("hostname mismatch", self.summary("localhost", ca=self.ca))


class InFront(Served):
    """orders-http, which calls by TLS and serves https."""

    def start(self, **settings):
        environment = {
            "API_KEY": KEY,
            "ORDERS_CONNECT": self.url,
            "ORDERS_TLS_CA": self.ca,
            "ORDERS_HTTP": "https://127.0.0.1:0",
            "ORDERS_TLS_CERT": certificates.cert,
            "ORDERS_TLS_KEY": certificates.key,
        }
        process = Process(os.environ["ORDERS_HTTP_PROGRAM"], environment | settings)
        self.addCleanup(process.end)
        self.assertIsNotNone(process.ready, process.log())
        return process

    def ask(self, process, target="/orders/", client=None):
        connection = http.client.HTTPSConnection("127.0.0.1", process.port("http"), timeout=20, context=self.context(client))
        self.addCleanup(connection.close)
        return self.get(connection, target, **{"X-API-Key": KEY})[0]

    def test_it_calls_and_serves(self):
        process = self.start()
        self.assertTrue(process.ready["http"].startswith("https://"))
        self.assertEqual(self.ask(process), 200)
        certificates.serve("renewed")
        process.reload("certificate loaded")
        self.assertEqual(self.ask(process), 200)

    def test_it_checks_whom_it_calls(self):
        process = self.start(ORDERS_TLS_CA=certificates.path("other-ca.pem"))
        self.assertEqual(self.ask(process), 503)

    def test_the_files_of_its_calls_are_read_again(self):
        ca = pathlib.Path(certificates.path("renewed-ca.pem"))
        ca.write_bytes(pathlib.Path(certificates.path("other-ca.pem")).read_bytes())
        process = self.start(ORDERS_TLS_CA=str(ca))
        self.assertEqual(self.ask(process), 503)
        ca.write_text("no certificate")
        process.reload("certificates of the client not loaded: the last ones stay")
        self.assertEqual(self.ask(process), 503)
        ca.write_bytes(pathlib.Path(self.ca).read_bytes())
        process.reload("certificates of the client loaded")
        await_true(lambda: self.ask(process) == 200, "still refused")

    def test_a_key_that_anybody_may_read_is_told_of(self):
        said = f'"setting":"ORDERS_TLS_KEY","path":"{certificates.key}"'
        pathlib.Path(certificates.key).chmod(0o644)
        process = self.start()
        self.assertEqual(process.log().count(said), 1)
        process.reload(said)

    def test_a_certificate_opens_the_connection_alone(self):
        process = self.start(ORDERS_TLS_CLIENT_CA=self.ca)
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            self.ask(process)
        self.assertEqual(self.ask(process, client="nobody"), 200)


class Settings(unittest.TestCase):
    def refused(self, why, **settings):
        process = start_ordersd(**settings)
        process.process.wait(20)
        log, code = process.log(), process.end()
        self.assertEqual(code, CONFIG, log)
        self.assertIn(why, log)

    def setUp(self):
        certificates.serve("server")

    def test_keys_do_not_cross_a_network_in_the_clear(self):
        self.refused("ORDERS_PLAINTEXT=1", ORDERS_LISTEN="tcp://0.0.0.0:0")
        self.refused("ORDERS_PLAINTEXT=1", ORDERS_LISTEN="tcp://[::]:0")
        self.refused("ORDERS_PLAINTEXT=1", ORDERS_HTTP="0.0.0.0:0")

    def test_unless_that_is_allowed(self):
        process = start_ordersd(ORDERS_LISTEN="tcp://0.0.0.0:0", ORDERS_HTTP="0.0.0.0:0", ORDERS_PLAINTEXT="1")
        self.assertIsNotNone(process.ready, process.log())
        self.assertEqual(process.end(), 0)

    def test_figures_may_be_shown_without(self):
        process = start_ordersd(ORDERS_METRICS="0.0.0.0:0")
        self.assertIsNotNone(process.ready, process.log())
        self.assertEqual(process.end(), 0)

    def test_plain_addresses_of_this_machine_may_stand_beside(self):
        process = start_ordersd(ORDERS_LISTEN="tcp://127.0.0.1:0,tls+tcp://127.0.0.1:0", ORDERS_HTTP="127.0.0.1:0")
        self.assertIsNotNone(process.ready, process.log())
        plain, by_tls = process.ready["rpc"].split(",")
        self.assertEqual(ordersctl(plain, "list")[0], 0)
        self.assertEqual(ordersctl(by_tls, "list", ca=certificates.path("ca.pem"))[0], 0)
        self.assertEqual(process.end(), 0)

    def test_a_key_that_anybody_may_read_is_told_of(self):
        said = f'"setting":"ORDERS_TLS_KEY","path":"{certificates.key}"'
        key = pathlib.Path(certificates.key)
        self.addCleanup(key.chmod, 0o600)
        key.chmod(0o600)
        process = start_ordersd()
        self.assertNotIn(said, process.log())
        key.chmod(0o644)
        process.reload(said)
        process.end()
        process = start_ordersd()
        self.assertEqual(process.log().count(said), 1)
        process.end()

    def test_files_that_are_missing_or_broken_are_named(self):
        self.refused("ORDERS_TLS_CERT: is not set", ORDERS_TLS_CERT="", ORDERS_TLS_KEY="")
        self.refused("ORDERS_TLS_KEY", ORDERS_TLS_KEY="")
        self.refused("/nonexistent", ORDERS_TLS_CERT="/nonexistent")
        self.refused("is not the key", ORDERS_TLS_KEY=certificates.path("renewed.key"))
        self.refused("serving.key: is no certificate", ORDERS_TLS_CERT=certificates.key)
        self.refused("/nonexistent", ORDERS_TLS_CLIENT_CA="/nonexistent")
        self.refused("ORDERS_TLS_ROLES: is for certificates", ORDERS_TLS_ROLES="/nonexistent")
        self.refused("/nonexistent", ORDERS_TLS_CLIENT_CA=certificates.path("ca.pem"), ORDERS_TLS_ROLES="/nonexistent")


if __name__ == "__main__":
    unittest.main()
