"""hostile_peers: peers that keep a server waiting, as a process of its own.

    python3 -m benchmark.hostile_peers KIND URL

Says "gathered" when each peer has connected, or was answered, once. Holds their number: one that the server closes
comes again. When its stdin ends, says in a line of JSON what became of them.
"""

import collections
import errno
import json
import resource
import select
import socket
import sys
import time
from dataclasses import dataclass
from itertools import cycle

from .orders import API_KEY

TICK = 0.05  # seconds
CONNECTING_AT_ONCE = 200
SMALL_SEGMENT, SMALL_BUFFER = 536, 4096  # the sender's buffer is some segments

POST = f"POST /orders/ HTTP/1.1\r\nHost: a\r\nX-API-Key: {API_KEY}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
GET = f"GET /orders/bench-1 HTTP/1.1\r\nHost: a\r\nX-API-Key: {API_KEY}\r\n\r\n".encode()
LIST = f"GET /orders/?limit=1000 HTTP/1.1\r\nHost: a\r\nX-API-Key: {API_KEY}\r\n\r\n".encode()
# Without the key, and the body never comes.
LONG_PRECONDITIONS = (
    b"PATCH /orders/bench-1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n"
    + b"If-Match: \"%s\"\r\n" % (b"x" * 100) * 80 + b"\r\n{")
CHUNK = b"1000\r\n" + b" " * 0x1000 + b"\r\n"
REQ_GREETING = b"\0SP\0\0\x30\0\0"


def message(frame: bytes, over: str = "tcp") -> bytes:
    """A frame as SP's REQ sends it."""
    return (b"\1" if over == "ipc" else b"") + (len(frame) + 4).to_bytes(8, "big") + b"\x80\0\0\1" + frame


def field(number: int, value: bytes) -> bytes:
    """Of a protobuf message: a string, bytes or a message, of less than 128 bytes."""
    return bytes([number << 3 | 2, len(value)]) + value


GARBAGE = b"\xff" * 16
LIST_ORDERS = (
    field(1, b"orders.v1.OrderService/ListOrders")
    + field(4, field(1, b"x-api-key") + field(2, API_KEY.encode()))
    + field(15, b"\x08\xe8\x07"))  # page_size: 1000
CHECK_HEALTH = field(1, b"rpc.v1.Health/Check")  # wants no key
LARGEST = bytes(1 << 20)
# 64 KiB of metadata without a key, or anything else, in them.
MANY_FIELDS = field(1, b"orders.v1.OrderService/GetOrder") + field(4, b"") * 32_000


def bytes_of(text: bytes) -> list[bytes]:
    return [bytes([byte]) for byte in text]


@dataclass
class Kind:
    name: str
    over: str  # http; tcp, ipc: RPC
    peers: int
    opening: bytes = b""  # at once
    pieces: tuple = ()  # then one of these after another, over and over
    every: float = 1  # seconds from one to the next; 0: as fast as they are taken
    reads: bool = True
    small_buffers: bool = False  # the kernel keeps next to nothing of what it does not read
    comes_again_after: float = 1  # seconds, when the server has closed it
    waits_for_answer: bool = False  # before it counts as gathered


KINDS = {kind.name: kind for kind in (
    Kind("silent", "http", 1000),
    Kind("more-silent-than-let-in", "http", 5000),
    Kind("more-idle-than-let-in", "http", 5000, GET, waits_for_answer=True),
    Kind("slow-headers", "http", 1000, b"GET / HTTP/1.1\r\nHost: a\r\n", tuple(bytes_of(b"X-A: b\r\n"))),
    Kind("endless-chunked", "http", 200, POST, (CHUNK,), every=0.1),
    Kind("pipeliners", "http", 16, b"", (GET * 100,), every=0, reads=False),
    Kind("unread-lists", "http", 300, LIST, reads=False, small_buffers=True),
    Kind("long-preconditions", "http", 1000, LONG_PRECONDITIONS),
    Kind("rpc-silent", "tcp", 1000),
    Kind("rpc-half-greeting", "tcp", 1000, REQ_GREETING[:4]),
    Kind("rpc-half-greeting-again", "tcp", 1000, REQ_GREETING[:4], comes_again_after=0),
    Kind("rpc-half-greeting-ipc", "ipc", 1000, REQ_GREETING[:4]),
    Kind("rpc-slow-frame", "tcp", 1000, REQ_GREETING, tuple(bytes_of(b"\0\0\0\0\0\0\x01\0" + b"x" * 256))),
    Kind("rpc-large-unfinished", "tcp", 1000, REQ_GREETING + message(LARGEST)[:-1]),
    Kind("rpc-many-fields", "tcp", 100, REQ_GREETING, (message(MANY_FIELDS),), every=0, reads=False),
    Kind("rpc-garbage", "tcp", 1000, REQ_GREETING, (message(GARBAGE) * 100,), every=0, reads=False),
    Kind("rpc-unread-health", "tcp", 100, REQ_GREETING, (message(CHECK_HEALTH) * 100,), every=0, reads=False,
          small_buffers=True),
    Kind("rpc-unread-lists", "tcp", 100, REQ_GREETING, (message(LIST_ORDERS) * 100,), every=0, reads=False,
          small_buffers=True),
    Kind("rpc-unread-lists-ipc", "ipc", 100, REQ_GREETING, (message(LIST_ORDERS, "ipc") * 100,), every=0,
          reads=False),
)}


def address_of(url: str) -> tuple:
    """Its family, and where it is in that."""
    scheme, _, rest = url.partition("://")
    if scheme == "ipc":
        return socket.AF_UNIX, rest
    host, _, port = rest.partition(":")
    return socket.AF_INET, (host, int(port))


class Peer:
    def __init__(self, kind: Kind, family: int, number: int):
        self.kind, self.number = kind, number
        self.pieces = cycle(kind.pieces) if kind.pieces else None
        self.unsent = memoryview(kind.opening)
        self.answer = b""
        self.connected = False
        self.socket = socket.socket(family)
        if kind.small_buffers:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SMALL_SEGMENT)
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
        self.socket.setblocking(False)

    def connect(self, address: tuple) -> bool:
        """Begins to, or has. False: too many wait to be accepted; over ipc one cannot wait with them."""
        return self.socket.connect_ex(address) in (0, errno.EINPROGRESS)

    def send(self) -> bool:
        """Sends what is due. False: the server has closed."""
        if not self.connected:
            error = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if error:
                return False
            self.connected = True
        try:
            while True:
                if self.unsent:
                    self.unsent = self.unsent[self.socket.send(self.unsent):]
                elif self.pieces is not None and self.kind.every == 0:
                    self.unsent = memoryview(next(self.pieces))
                else:
                    return True
        except BlockingIOError:
            return True
        except OSError:
            return False

    def send_piece(self) -> bool:
        if not self.unsent:
            self.unsent = memoryview(next(self.pieces))
        return self.send()

    def receive(self) -> bool:
        """False: the server has closed."""
        try:
            received = self.socket.recv(65536)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self.answer = self.answer or received[:16]
        return bool(received)


def status_of(peer: Peer) -> str:
    words = peer.answer.split()
    return words[1].decode() if peer.answer.startswith(b"HTTP/") and len(words) > 1 else "closed"


class Gathering:
    def __init__(self, kind: Kind, url: str):
        self.kind = kind
        self.family, self.address = address_of(url)
        self.epoll = select.epoll()
        self.peers = {}
        self.connecting = 0
        self.made = 0  # those who came again too
        self.awaited = set(range(kind.peers))  # the first, by number, until they have arrived
        self.ended = collections.Counter()
        self.away = collections.deque()  # when each comes again, in order
        self.due = collections.deque()  # (when, peer), in order

    def admit(self) -> None:
        while self.away and self.away[0] <= time.monotonic():
            self.away.popleft()
        while len(self.peers) + len(self.away) < self.kind.peers and self.connecting < CONNECTING_AT_ONCE:
            peer = Peer(self.kind, self.family, self.made)
            if not peer.connect(self.address):
                peer.socket.close()
                return
            self.peers[peer.socket.fileno()] = peer
            self.made += 1
            self.connecting += 1
            events = select.EPOLLOUT | select.EPOLLET | (select.EPOLLIN if self.kind.reads else 0)
            self.epoll.register(peer.socket.fileno(), events)
            if self.kind.pieces and self.kind.every:
                self.due.append((time.monotonic() + self.kind.every, peer))

    def dismiss(self, peer: Peer) -> None:
        number = peer.socket.fileno()
        if self.peers.pop(number, None) is None:
            return
        self.connecting -= not peer.connected
        self.awaited.discard(peer.number)
        self.ended[status_of(peer)] += 1
        self.away.append(time.monotonic() + self.kind.comes_again_after)
        self.epoll.unregister(number)
        peer.socket.close()

    def handle(self, number: int, events: int) -> None:
        peer = self.peers.get(number)
        if peer is None:
            return
        was_connected = peer.connected
        alive = peer.send()
        self.connecting -= peer.connected and not was_connected
        while alive and self.kind.reads and events & (select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR):
            before = peer.answer
            alive = peer.receive()
            if peer.answer == before:
                break
        if peer.connected and (peer.answer or not self.kind.waits_for_answer):
            self.awaited.discard(peer.number)
        if not alive or events & (select.EPOLLHUP | select.EPOLLERR):
            if self.kind.reads:
                peer.receive()
            self.dismiss(peer)

    def send_due(self) -> None:
        now = time.monotonic()
        while self.due and self.due[0][0] <= now:
            _, peer = self.due.popleft()
            if peer.socket.fileno() not in self.peers:
                continue
            if peer.connected and not peer.send_piece():
                self.dismiss(peer)
            else:
                self.due.append((now + self.kind.every, peer))

    def run(self) -> None:
        gathered = False
        self.epoll.register(sys.stdin.fileno(), select.EPOLLIN)
        while True:
            self.admit()
            for number, events in self.epoll.poll(TICK):
                if number == sys.stdin.fileno():
                    return
                self.handle(number, events)
            self.send_due()
            if not gathered and not self.awaited:
                print("gathered", flush=True)
                gathered = True


def main() -> None:
    name, url = sys.argv[1:]
    most_files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))
    gathering = Gathering(KINDS[name], url)
    gathering.run()
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"ended": gathering.ended, "cpu_s": usage.ru_utime + usage.ru_stime}), flush=True)


if __name__ == "__main__":
    main()
