"""What every README says to type is typed, in their order, at a service that tools/run starts, and what they show is compared.

A block of ```sh is typed; the block right behind it, if there is one, is what comes of it. Ports, the state directory and
the home directory are the test's own.

  test_readme.py ROOT
"""
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(sys.argv.pop(1))
# In this order: what the first one makes, the others go on with.
READMES = ("README.md", "tools/ordersctl/README.md", "src/http/README.md", "tools/deploy/README.md", "src/auth/README.md",
           "src/call/README.md", "src/client/README.md", "src/README.md", "migrations/README.md", "tests/README.md",
           "tools/benchmark/README.md", "proto/README.md", "src/rpc/nng/README.md", "src/http/microhttpd/README.md")

# Blocks that begin so are not typed here, but in a suite of their own.
ELSEWHERE = {
    "tools/test": "this is it",
    "npx ": "web",
    "meson setup build": "client",
    "tools/migrate --adopt": "migrations",
}
# What comes of them is not compared, as it differs each time, in more than times and ids.
DIFFERS = ("timeout -s KILL", "ordersctl stats", "ordersctl keys")

FILES = ("orders.csv", "new.csv", "sheet.csv", "some.csv", "rejects.csv", "corrected.csv", "more.csv", "python-messages")
TIMEOUT_S = 120
SAME = [  # what may differ, and what is written in its place
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", "TIME"),
    (r"\b\d+-[0-9a-f]{12,}\b", "ETAG"),
    (r'"id":\d+', '"id":ID'),
    (r"^id +\d+$", "id ID"),
]


def free_ports(n: int) -> list[int]:
    sockets = [socket.socket() for _ in range(n)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def normal(text: str) -> list[str]:
    for pattern, same in SAME:
        text = re.sub(pattern, same, text, flags=re.M)
    return text.strip().split("\n")


def blocks(text: str) -> list[tuple[str, str | None]]:
    """What is typed, and what is shown for it."""
    fences = re.findall(r"^```(\w*)\n(.*?)^```\n(?=(```)?)", text, re.M | re.S)
    found = []
    for i, (language, inside, _) in enumerate(fences):
        if language == "sh":
            shown = fences[i + 1][1] if fences[i][2] and fences[i + 1][0] != "sh" else None
            found.append((inside, shown))
    return found


def lanes(text: str) -> list[str]:
    """The lanes of a screen of `ordersctl stats`, of which the figures differ each time."""
    return re.findall(r"^\w+", text.partition("\nLANE ")[2].partition("\n")[2], re.M)


class Shell:
    """A shell that is typed at. What it starts is ended with it."""

    def __init__(self, environment: dict) -> None:
        self.process = subprocess.Popen(["bash"], cwd=ROOT, env=environment, text=True, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)

    def type(self, commands: str) -> tuple[str, int]:
        self.process.stdin.write(f"{{ {commands}\n}} </dev/null\nprintf '\\n@@%s\\n' $?\n")
        self.process.stdin.flush()
        lines = []
        for line in self.process.stdout:
            if line.startswith("@@"):
                return "".join(lines), int(line[2:])
            lines.append(line)
        raise AssertionError(f"the shell ended: {''.join(lines)}")

    def end(self) -> None:
        self.process.stdin.close()
        self.process.wait(TIMEOUT_S)
        self.process.stdout.close()


class Service:
    """What the line with tools/run starts, until it is typed again."""

    def __init__(self, environment: dict, log: pathlib.Path) -> None:
        self.environment, self.log, self.process = environment, log, None

    def start(self, command: str) -> str:
        self.stop()
        with open(self.log, "a", encoding="utf-8") as log:
            self.process = subprocess.Popen(["bash", "-c", f"exec env {command}"], cwd=ROOT, env=self.environment,
                                            text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)
        return self.process.stdout.readline()

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            assert self.process.wait(TIMEOUT_S) == 0
            self.process.stdout.close()
        self.process = None


class Readmes(unittest.TestCase):
    maxDiff = None

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="orders-readme-")
        self.addCleanup(folder.cleanup)
        home = pathlib.Path(folder.name)
        state = home / "state"
        http, rpc, metrics = free_ports(3)
        self.own = [("127.0.0.1:5000", f"127.0.0.1:{http}"), ("127.0.0.1:6600", f"127.0.0.1:{rpc}"),
                    ("127.0.0.1:9600", f"127.0.0.1:{metrics}"), ('"127.0.0.1", 6600', f'"127.0.0.1", {rpc}'),
                    ("$PWD/.local", str(state)), (".local", str(state)), *((name, f"{home}/{name}") for name in FILES)]
        (home / ".curlrc").write_text("silent\n")  # as in a terminal: no meter
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith(("ORDERS", "PG", "API_KEY", "DATABASE_URL", "XDG"))}
        environment |= {"HOME": str(home), "LC_ALL": "C.UTF-8", "COLUMNS": "80"}
        self.shell = Shell(environment)
        self.addCleanup(self.shell.end)
        self.service = Service(environment | {"ORDERS_STATE_DIR": str(state), "ORDERS_HTTP": f"127.0.0.1:{http}",
                                              "ORDERS_LISTEN": f"tcp://127.0.0.1:{rpc}"}, home / "log")
        self.addCleanup(self.service.stop)
        self.probe = f"http://127.0.0.1:{metrics}/readyz"

    def owned(self, text: str) -> str:
        for theirs, ours in self.own:
            text = text.replace(theirs, ours)
        return text

    def await_readiness(self, is_ready: bool) -> None:
        """Whoever types takes longer than the service takes to notice."""
        until = "while" if not is_ready else "until"
        self.shell.type(f"{until} curl -sf {self.probe} >/dev/null; do sleep 0.1; done")

    def typed(self, commands: str) -> str:
        output = ""
        for line in re.split(r"(?<=[^\\])\n(?=tools/postgres|curl)", commands.strip()):
            said, code = self.shell.type(line)
            if not any(word in commands for word in DIFFERS):
                self.assertEqual(code, 0, f"{line}: {said}")
            output += said.removesuffix("\n")
            if line.startswith("tools/postgres"):
                self.await_readiness(line.startswith("tools/postgres start"))
        return output

    def try_block(self, commands: str, shown: str | None) -> None:
        commands = self.owned(commands)
        if commands.strip().endswith("tools/run"):
            ready = self.service.start(commands.strip()).startswith("ready ")
            self.assertTrue(ready, self.service.log.read_text()[-2000:])
            return
        output = self.typed(commands)
        if commands.startswith("ordersctl stats"):
            self.assertEqual(lanes(output), lanes(shown))
        if shown is not None and not any(word in commands for word in DIFFERS):
            self.assertEqual(normal(output), normal(self.owned(shown)), commands)

    def test_what_they_say(self) -> None:
        n = 0
        for name in READMES:
            for commands, shown in blocks((ROOT / name).read_text()):
                if not commands.startswith(tuple(ELSEWHERE)):
                    with self.subTest(name, commands=commands):
                        self.try_block(commands, shown)
                    n += 1
        self.assertGreater(n, 15)

    def test_all_readmes_are_known(self) -> None:
        listed = subprocess.run(["git", "ls-files", "README.md", "*/README.md"], cwd=ROOT, text=True, check=True,
                                stdout=subprocess.PIPE).stdout.split()
        self.assertEqual(sorted(listed), sorted(READMES))

    def test_links_lead_somewhere(self) -> None:
        for name in READMES:
            text = re.sub(r"^```.*?^```$", "", (ROOT / name).read_text(), flags=re.M | re.S)
            for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
                if "://" not in target:
                    self.assertTrue(((ROOT / name).parent / target).exists(), f"{name}: {target}")


if __name__ == "__main__":
    unittest.main()
