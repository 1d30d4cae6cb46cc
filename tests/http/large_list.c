/* large_list.c: one order a thousand times. */
#include "large_list.h"

#include "client.h"
#include "orders/v1/orders.pb-c.h"

#include <string.h>

void large_list_ask(int fd)
{
    http_send_text(fd, "GET /orders/?limit=1000 HTTP/1.1\r\nHost: a\r\nX-API-Key: the-key\r\n\r\n");
}

void large_list_answer(struct rpc_peer *service)
{
    enum { ORDERS = 1000, ID_ROOM = 256 };
    Orders__V1__Order order = ORDERS__V1__ORDER__INIT, *orders[ORDERS];
    Orders__V1__ListOrdersResponse list = ORDERS__V1__LIST_ORDERS_RESPONSE__INIT;
    char id[ID_ROOM] = "";
    memset(id, 'x', ID_ROOM - 1);
    order.order_id = order.customer_id = id;
    for (int i = 0; i < ORDERS; i++)
        orders[i] = &order;
    list.n_orders = ORDERS;
    list.orders = orders;
    rpc__v1__request__free_unpacked(rpc_peer_take(service), NULL);
    rpc_peer_answer_message(service, &list.base);
}
