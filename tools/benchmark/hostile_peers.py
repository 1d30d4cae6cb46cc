"""hostile_peers: what peers do that keep a server waiting, for hostile-peers (tools/load/hostile.c), which does it."""

from dataclasses import dataclass

from .orders import API_KEY

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


@dataclass
class Kind:
    name: str
    over: str  # http; tcp, ipc: RPC
    peers: int
    opening: bytes = b""  # at once
    stream: bytes = b""  # then this, over and over
    piece: int = 0  # so many bytes of it at a time; 0: all
    every: float = 1  # seconds from one piece to the next; 0: as fast as they are taken
    reads: bool = True
    small_buffers: bool = False  # the kernel keeps next to nothing of what it does not read
    comes_again_after: float = 1  # seconds, when the server has closed it
    waits_for_answer: bool = False  # before it counts as gathered

    def options(self) -> list[str]:
        numbers = {"peers": self.peers, "opening": len(self.opening), "stream": len(self.stream),
                   "piece": self.piece or len(self.stream), "every": self.every, "again": self.comes_again_after}
        words = {"unread": not self.reads, "small-buffers": self.small_buffers, "await-answer": self.waits_for_answer}
        return [*(f"--{name}={value}" for name, value in numbers.items()),
                *(f"--{name}" for name, is_so in words.items() if is_so)]


KINDS = {kind.name: kind for kind in (
    Kind("silent", "http", 1000),
    Kind("more-silent-than-let-in", "http", 5000),
    Kind("more-idle-than-let-in", "http", 5000, GET, waits_for_answer=True),
    Kind("slow-headers", "http", 1000, b"GET / HTTP/1.1\r\nHost: a\r\n", b"X-A: b\r\n", piece=1),
    Kind("endless-chunked", "http", 200, POST, CHUNK, every=0.1),
    Kind("pipeliners", "http", 16, b"", GET * 100, every=0, reads=False),
    Kind("unread-lists", "http", 300, LIST, reads=False, small_buffers=True),
    Kind("long-preconditions", "http", 1000, LONG_PRECONDITIONS),
    Kind("rpc-silent", "tcp", 1000),
    Kind("rpc-half-greeting", "tcp", 1000, REQ_GREETING[:4]),
    Kind("rpc-half-greeting-again", "tcp", 1000, REQ_GREETING[:4], comes_again_after=0),
    Kind("rpc-half-greeting-ipc", "ipc", 1000, REQ_GREETING[:4]),
    Kind("rpc-slow-frame", "tcp", 1000, REQ_GREETING, b"\0\0\0\0\0\0\x01\0" + b"x" * 256, piece=1),
    Kind("rpc-large-unfinished", "tcp", 1000, REQ_GREETING + message(LARGEST)[:-1]),
    Kind("rpc-many-fields", "tcp", 100, REQ_GREETING, message(MANY_FIELDS), every=0, reads=False),
    Kind("rpc-garbage", "tcp", 1000, REQ_GREETING, message(GARBAGE) * 100, every=0, reads=False),
    Kind("rpc-unread-health", "tcp", 100, REQ_GREETING, message(CHECK_HEALTH) * 100, every=0, reads=False,
          small_buffers=True),
    Kind("rpc-unread-lists", "tcp", 100, REQ_GREETING, message(LIST_ORDERS) * 100, every=0, reads=False,
          small_buffers=True),
    Kind("rpc-unread-lists-ipc", "ipc", 100, REQ_GREETING, message(LIST_ORDERS, "ipc") * 100, every=0,
          reads=False),
)}
