/* calls.h: a client of the service under test, and its calls in one line each. */
#ifndef RPC_CALLS_H
#define RPC_CALLS_H

#include "orders/v1/orders.pb-c.h"
#include "rpc/client.h"
#include "support/service.h"

/* A client of one URL with the service's key. */
struct rpc_client *calls_open(const struct service *service, const char *url);

/* Calls a method of OrderService by its short name and waits. Free the reply. */
struct rpc_reply *calls_make(struct rpc_client *client, const char *method, const ProtobufCMessage *input);

/* Fails the test unless the reply has this code. */
void calls_expect(const struct rpc_reply *reply, enum status_code code);

/* An order whose strings are literals or the caller's. */
Orders__V1__Order calls_order(const char *order_id);

/* CreateOrder; GetOrder. */
struct rpc_reply *calls_create(struct rpc_client *client, Orders__V1__Order *order);
struct rpc_reply *calls_get(struct rpc_client *client, const char *order_id);

#endif
