"""A client of the Order Service with nothing but sockets and protobuf: no nng.

`protoc --python_out=DIRECTORY -I proto orders/v1/orders.proto rpc/v1/frame.proto` makes the messages.
"""

import itertools
import socket
import struct
import uuid

from orders.v1 import orders_pb2 as orders
from rpc.v1 import frame_pb2 as rpc

I_AM_REQ = bytes.fromhex("0053500000300000")
I_AM_REP = bytes.fromhex("0053500000310000")
FIRST_REQUEST = 1 << 31  # the highest bit of a request's number is set


class Error(Exception):
    def __init__(self, response):
        self.code = rpc.Code.Name(response.code)
        self.violations = {violation.field: violation.message for violation in response.violations}
        super().__init__(f"{self.code}: {response.message}")


class Client:
    """One connection with one call at a time."""

    def __init__(self, host, port, api_key):
        self.api_key = api_key
        self.numbers = itertools.count(1)
        self.socket = socket.create_connection((host, port), timeout=30)
        self.socket.sendall(I_AM_REQ)
        if self._read(len(I_AM_REP)) != I_AM_REP:
            raise ConnectionError("this is no REP socket")

    def call(self, method, request, answer, request_id=None):
        """Calls a method of OrderService; returns the answer, and whether it is an old one."""
        frame = rpc.Request(
            method=f"orders.v1.OrderService/{method}",
            request_id=request_id or str(uuid.uuid4()),
            timeout_ms=5000,
            metadata={"x-api-key": self.api_key},
            payload=request.SerializeToString(),
        )
        response = rpc.Response.FromString(self._exchange(frame.SerializeToString()))
        if response.code != rpc.OK:
            raise Error(response)
        answer.ParseFromString(response.payload)
        return answer, response.metadata.get("idempotency-replayed") == "true"

    def _exchange(self, frame):
        number = struct.pack(">I", FIRST_REQUEST | next(self.numbers))
        self.socket.sendall(struct.pack(">Q", len(number) + len(frame)) + number + frame)
        (length,) = struct.unpack(">Q", self._read(8))
        message = self._read(length)
        if message[:4] != number:
            raise ConnectionError("an answer to what was not asked")
        return message[4:]

    def _read(self, size):
        message = b""
        while len(message) < size:
            piece = self.socket.recv(size - len(message))
            if not piece:
                raise ConnectionError("the service closed the connection")
            message += piece
        return message


def order(order_id, **fields):
    return orders.Order(order_id=order_id, customer_id="CUST-1", total_amount=25990, currency="ISK", **fields)
