/* call_log.h: what --verbose shows of a call on stderr, as it is made and when it was answered:
 *
 *   > orders.v1.OrderService/GetOrder to tcp://127.0.0.1:6600
 *   > x-request-id: 0f8fad5b-d9cb-469f-a165-70867728950e
 *   > x-api-key: not shown, API_KEY of the environment
 *   > timeout: 30 s
 *   > {"order_id":"A-1"}
 *   < NOT_FOUND: Order not found
 *   < from tcp://127.0.0.1:6600 after 1.2 ms
 *
 * Behind them stands the answer's metadata, and its message. No key is shown, neither the one that is
 * presented nor one that is answered; orders are. Of a long message there is the begin.
 */
#ifndef ORDERSCTL_CALL_LOG_H
#define ORDERSCTL_CALL_LOG_H

#include "base/uuid.h"
#include "rpc/reply.h"
#include "rpc/request.h"

#include <stdbool.h>
#include <stdint.h>

/* Where a call goes, and with what. */
struct call_log_route {
    const char *const *urls;
    const char *key_origin; /* where the key that is presented is from; NULL: none is */
    uint32_t timeout_ms;    /* of a request that names none */
};

/* A call under way. */
struct call_log {
    bool wanted; /* else nothing is shown */
    char request_id[UUID_TEXT];
    uint64_t began_ns;
};

/* The request gets a request_id that lives in the log, if it has none. */
void call_log_begin(struct call_log *log, const struct call_log_route *route, struct rpc_request *request);
/* Unpacks the reply. */
void call_log_end(const struct call_log *log, struct rpc_reply *reply);

#endif
