/* calls.h: calls of any method, for the files that give each method its types. A client, and what else
 * orders-client.h has, is in calls.c. */
#ifndef CLIENT_CALLS_H
#define CLIENT_CALLS_H

#include "client/orders-client.h"

/* A method by name. */
struct client_method {
    const ProtobufCServiceDescriptor *service;
    const char *name;
};

/* What a call ends with that there is no memory for. It points to nothing that is to be freed. */
extern struct orders_error client_no_memory;

/* Makes a call and waits. Returns the method's output, the caller's; NULL: *error says why, unless `error` is
 * NULL. */
void *client_call(struct orders_client *client, const struct orders_call *options,
                  const struct client_method *method, const ProtobufCMessage *input,
                  struct orders_error **error);

/* Whom the end of a call is told, and how. */
struct client_end {
    void (*deliver)(const struct client_end *end, ProtobufCMessage *message, struct orders_error *error);
    union {
        orders_order_done *order;
        orders_list_done *list;
        orders_summary_done *summary;
        orders_statistics_done *statistics;
        orders_batch_done *batch;
        orders_deleted_done *deleted;
        orders_health_done *health;
        orders_message_done *message;
    } done;
    void *arg;
};

/* Makes a call and returns; its end is delivered once, perhaps before this returns. *end is copied. */
void client_call_async(struct orders_client *client, const struct orders_call *options,
                       const struct client_method *method, const ProtobufCMessage *input,
                       const struct client_end *end);

#endif
