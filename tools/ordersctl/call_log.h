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
#include "session.h"

/* A call under way. */
struct call_log {
    char request_id[UUID_TEXT];
    uint64_t began_ns;
};

/* Unless the session is verbose, neither does anything. The request gets a request_id that lives in the log,
 * if it has none. */
void call_log_begin(struct call_log *log, const struct session *session, struct rpc_request *request);
/* The reply is unpacked. */
void call_log_end(const struct call_log *log, const struct session *session, struct rpc_reply *reply);

#endif
