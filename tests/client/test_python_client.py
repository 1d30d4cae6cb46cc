"""test_python_client.py: what is promised to any language, seen from Python.

Run below a test that has started a service: ORDERS_CONNECT is its TCP URL, API_KEY its key.
"""

import os
import unittest
from urllib.parse import urlsplit

from google.protobuf import empty_pb2, field_mask_pb2
from orders.v1 import orders_pb2 as orders

from python_client import Client, Error, order


class Joined:
    """Messages one behind the other, which protobuf takes for one message in parts."""

    def __init__(self, *parts):
        self.parts = parts

    def SerializeToString(self):
        return b"".join(part.SerializeToString() for part in self.parts)


class PythonClient(unittest.TestCase):
    def setUp(self):
        self.client = self.connect(os.environ["API_KEY"])

    def connect(self, api_key):
        url = urlsplit(os.environ["ORDERS_CONNECT"])
        client = Client(url.hostname, url.port, api_key)
        self.addCleanup(client.socket.close)
        return client

    def create(self, order_id, request_id=None, **fields):
        request = orders.CreateOrderRequest(order=order(order_id, **fields))
        return self.client.call("CreateOrder", request, orders.Order(), request_id)

    def get(self, order_id):
        return self.client.call("GetOrder", orders.GetOrderRequest(order_id=order_id), orders.Order())[0]

    def refused(self, *arguments):
        with self.assertRaises(Error) as refused:
            self.client.call(*arguments)
        return refused.exception

    def test_an_order_comes_and_goes(self):
        created, _ = self.create("PY-1")
        self.assertEqual(created.status, orders.ORDER_STATUS_PENDING)
        self.assertEqual(self.get("PY-1"), created)

        change = orders.Order(order_id="PY-1", status=orders.ORDER_STATUS_SHIPPED)
        mask = field_mask_pb2.FieldMask(paths=["status"])
        request = orders.UpdateOrderRequest(order=change, update_mask=mask)
        updated, _ = self.client.call("UpdateOrder", request, orders.Order())
        self.assertEqual(updated.status, orders.ORDER_STATUS_SHIPPED)
        self.assertEqual(self.get("PY-1"), updated)

        delete = orders.DeleteOrderRequest(order_id="PY-1")
        self.client.call("DeleteOrder", delete, empty_pb2.Empty())
        refusal = self.refused("GetOrder", orders.GetOrderRequest(order_id="PY-1"), orders.Order())
        self.assertEqual(refusal.code, "NOT_FOUND")

    def test_a_write_that_is_sent_twice_is_made_once(self):
        first, first_replayed = self.create("PY-2", request_id="python-once")
        again, again_replayed = self.create("PY-2", request_id="python-once")
        self.assertEqual((first, first_replayed, again_replayed), (again, False, True))

    def test_each_field_that_is_refused_is_named(self):
        request = orders.CreateOrderRequest(order=order("PY-3"))
        request.order.customer_id, request.order.total_amount = "", -1
        refusal = self.refused("CreateOrder", request, orders.Order())
        self.assertEqual(refusal.code, "INVALID_ARGUMENT")
        self.assertEqual(set(refusal.violations), {"customer_id", "total_amount"})

    def test_a_message_in_parts_is_refused_and_the_field_named(self):
        later = orders.CreateOrderRequest(order=orders.Order(status=orders.ORDER_STATUS_SHIPPED))
        request = Joined(orders.CreateOrderRequest(order=order("PY-4")), later)
        refusal = self.refused("CreateOrder", request, orders.Order())
        self.assertEqual(refusal.code, "INVALID_ARGUMENT")
        self.assertIn("orders.v1.CreateOrderRequest.order comes twice", str(refusal))
        refusal = self.refused("GetOrder", orders.GetOrderRequest(order_id="PY-4"), orders.Order())
        self.assertEqual(refusal.code, "NOT_FOUND")

    def test_pages_and_sums_hold_every_order(self):
        many = orders.BatchCreateOrdersRequest(orders=[order(f"PY-LIST-{i}") for i in range(5)])
        many.orders.append(order("PY-LIST-0"))
        results, _ = self.client.call("BatchCreateOrders", many, orders.BatchCreateOrdersResponse())
        self.assertEqual([result.code for result in results.results], [0, 0, 0, 0, 0, 6])

        listed, token = [], ""
        while True:
            request = orders.ListOrdersRequest(page_size=2, page_token=token)
            page, _ = self.client.call("ListOrders", request, orders.ListOrdersResponse())
            listed += page.orders
            token = page.next_page_token
            if not token:
                break
        request = orders.GetOrderSummaryRequest(verify=True)
        summary, _ = self.client.call("GetOrderSummary", request, orders.OrderSummary())
        self.assertEqual(summary.total_orders, len(listed))
        self.assertEqual(summary.total_revenue[0].total, 25990 * len(listed))

    def test_a_wrong_key_is_refused(self):
        self.client = self.connect("wrong")
        refusal = self.refused("GetOrder", orders.GetOrderRequest(order_id="PY-1"), orders.Order())
        self.assertEqual(refusal.code, "PERMISSION_DENIED")


if __name__ == "__main__":
    unittest.main()
