/* orders-client.h: orders, from a program of one's own.
 *
 *     struct orders_client *client = orders_client_open(&options, &error);
 *     if (!orders_create(client, &order, &created, &error))
 *         fprintf(stderr, "%s\n", error->message);
 *
 * Orders, requests and answers are the messages of proto/orders/v1/orders.proto as protobuf-c makes them, and
 * the codes are those of proto/rpc/v1/frame.proto, which are gRPC's. In C++ their strings are const char *,
 * so that they can be literals.
 *
 * Ownership. Arguments stay the caller's and are read before the function returns. Results are the caller's
 * to free: a message with its own orders__v1__..._free_unpacked(message, NULL), an error with
 * orders_error_free. A function that fails sets the result to NULL and *error to why; one that succeeds sets
 * *error to NULL. `error` itself may be NULL, when nobody wants to know.
 *
 * The library never terminates the process. Out of memory, a call ends with
 * RPC__V1__CODE__RESOURCE_EXHAUSTED, or as on a lost connection; without random bytes for a request_id it
 * ends with RPC__V1__CODE__INTERNAL. As after a deadline, a server may have made the write all the same: send
 * it again under error->request_id.
 *
 * Threads. A client may be used from any number of threads at once, with any number of calls under way; one
 * client a process is enough. One thread of the library receives all answers, of all clients. A client does
 * not survive fork: in a process that was forked from one that has opened a client, opening clients and calls
 * fail with RPC__V1__CODE__FAILED_PRECONDITION, until it executes another program.
 *
 * Exactly once. A call is made under a request_id. Within its deadline it is sent again under the same one,
 * to any server that is connected, when its connection closes, and after a while when a server answers
 * RPC__V1__CODE__UNAVAILABLE or RPC__V1__CODE__RESOURCE_EXHAUSTED. With several servers, one that for half of
 * a call's timeout answers neither the call nor a health check is disconnected, and its calls are sent to
 * another. With a single server such a call ends with RPC__V1__CODE__DEADLINE_EXCEEDED. A write that ends
 * with one of these codes was made once or not at all; repeated with error->request_id within 24 hours, it is
 * made at most once, and gets its first answer.
 */
#ifndef ORDERS_CLIENT_H
#define ORDERS_CLIENT_H

#include <orders/v1/orders.pb-c.h>
#include <rpc/v1/frame.pb-c.h>
#include <rpc/v1/health.pb-c.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct orders_client;

/* The structs of this header never grow: a program that was built on one of them runs on every later library
 * of the same soname. What is new has a function of its own. */

/* Zero is the default of every field but the first. */
struct orders_client_options {
    const char *const *servers; /* "tcp://host:port", "tls+tcp://host:port" or "ipc:///path", NULL-terminated;
                                   at least one */
    const char *api_key;        /* NULL: none, and every call ends with RPC__V1__CODE__UNAUTHENTICATED */
    uint32_t timeout_ms;        /* of a call that names none; 0: 30,000 */
    uint32_t
        connect_timeout_ms; /* how long a call waits for any server to be connected; 0: to its deadline */
    bool no_retries;        /* UNAVAILABLE and RESOURCE_EXHAUSTED are the caller's to act on */
};

/* Why a call failed. */
struct orders_error {
    Rpc__V1__Code code;
    const char *message; /* for people; UTF-8 */
    size_t n_violations; /* with RPC__V1__CODE__INVALID_ARGUMENT: each field that was refused, by its name, a
                            word for a program to act on, and words for people */
    Rpc__V1__FieldViolation *const *violations;
    const char *request_id; /* under which the call was made; "" when there was none */
};

/* Options of one call. Zero is the default of every field. */
struct orders_call {
    uint32_t timeout_ms;     /* the call's deadline, from now; 0: the client's */
    const char *request_id;  /* 1 to 128 bytes of UTF-8; NULL or "": a new UUID (RFC 9562, version 7) */
    const char *traceparent; /* of the trace that the call is part of (W3C Trace Context); NULL: none */
};

/* "NOT_FOUND" */
const char *orders_code_name(Rpc__V1__Code code);

/* NULL does nothing. */
void orders_error_free(struct orders_error *error);

/* Starts to connect to every server, and goes on trying while the client is open; servers need not be up yet.
 * NULL: RPC__V1__CODE__INVALID_ARGUMENT, no server is given or a URL is malformed;
 * RPC__V1__CODE__RESOURCE_EXHAUSTED, no memory or thread; RPC__V1__CODE__FAILED_PRECONDITION, the process was
 * forked. */
struct orders_client *orders_client_open(const struct orders_client_options *options,
                                         struct orders_error **error);

/* For servers of "tls+tcp://host:port": files in PEM, which are read as the client is opened. Zero is the
 * default of every field. */
struct orders_tls {
    const char *ca; /* the authorities of servers' certificates, which must have the URL's name or IP address;
                       NULL: those of the system */
    const char *cert; /* the client's certificate, for servers that ask for one, and those between it and its
                         authority; NULL: none */
    const char *cert_key; /* its key, without a passphrase */
};

/* As orders_client_open, with these files. INVALID_ARGUMENT: also, a file is not what it should be. With a
 * server of tls+tcp the library initializes OpenSSL with OPENSSL_INIT_NO_ATEXIT, since its threads may use
 * OpenSSL until the process ends. A program that calls OpenSSL before this must do so itself:
 * OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL). */
struct orders_client *orders_client_open_tls(const struct orders_client_options *options,
                                             const struct orders_tls *tls, struct orders_error **error);

/* The same client for validation only (AIP-163): its calls check the request against the rules, and neither
 * read nor change what is stored. Results are empty, except that each result of a batch has its code. It
 * lives as long as the client; closing it does nothing. */
struct orders_client *orders_client_validate_only(struct orders_client *client);

/* Ends the calls under way with RPC__V1__CODE__CANCELLED and frees the client. Not to be called from a
 * callback, nor while another thread begins a call. NULL does nothing. */
void orders_client_close(struct orders_client *client);

/* The methods. Each has three forms: a blocking one, the same with a struct orders_call, which may be NULL,
 * and an asynchronous one with a callback. The callback is called exactly once, normally on a thread of the
 * library; but on the calling thread, before orders_..._async returns, when the call could not be begun
 * (because it is too large, for example), and on the thread that closes the client, for calls that this
 * cancels. So do not hold a lock that the callback takes. A callback must not block: a blocking call in it
 * would deadlock. It may begin an asynchronous call, which ends with CANCELLED at once while the client
 * closes. It owns the result and the error, of which one is NULL.
 *
 * Any method can fail with
 *   INVALID_ARGUMENT                   a field is refused; the violations say which and why
 *   UNAUTHENTICATED, PERMISSION_DENIED no API key; a wrong one
 *   UNAVAILABLE                        no server within reach, or it has lost its database or stops
 *   RESOURCE_EXHAUSTED                 too many calls at once, or no memory here
 *   DEADLINE_EXCEEDED                  no answer in time
 *   CANCELLED                          orders_cancel, or the client was closed
 *   INTERNAL                           the answer is none, or the server met what it does not know of; or
 *                                      there are no random bytes for a request_id
 *   FAILED_PRECONDITION                a write: the request_id is that of another request; a fork came
 *                                      between
 * and with those named at the method.
 */

typedef void orders_order_done(Orders__V1__Order *order, struct orders_error *error, void *arg);
typedef void orders_list_done(Orders__V1__ListOrdersResponse *page, struct orders_error *error, void *arg);
typedef void orders_summary_done(Orders__V1__OrderSummary *summary, struct orders_error *error, void *arg);
typedef void orders_batch_done(Orders__V1__BatchCreateOrdersResponse *results, struct orders_error *error,
                               void *arg);
typedef void orders_deleted_done(struct orders_error *error, void *arg);
typedef void orders_statistics_done(Orders__V1__OrderStatistics *statistics, struct orders_error *error,
                                    void *arg);
typedef void orders_health_done(Rpc__V1__HealthCheckResponse *health, struct orders_error *error, void *arg);
typedef void orders_message_done(ProtobufCMessage *output, struct orders_error *error, void *arg);

/* Creates an order; the result is as it was stored. ALREADY_EXISTS: there is one of that order_id. */
bool orders_create(struct orders_client *client, const Orders__V1__Order *order, Orders__V1__Order **created,
                   struct orders_error **error);
bool orders_create_with(struct orders_client *client, const struct orders_call *call,
                        const Orders__V1__Order *order, Orders__V1__Order **created,
                        struct orders_error **error);
void orders_create_async(struct orders_client *client, const struct orders_call *call,
                         const Orders__V1__Order *order, orders_order_done *done, void *arg);

/* Reads an order. NOT_FOUND. */
bool orders_get(struct orders_client *client, const char *order_id, Orders__V1__Order **order,
                struct orders_error **error);
bool orders_get_with(struct orders_client *client, const struct orders_call *call, const char *order_id,
                     Orders__V1__Order **order, struct orders_error **error);
void orders_get_async(struct orders_client *client, const struct orders_call *call, const char *order_id,
                      orders_order_done *done, void *arg);

/* Reads a page of orders, in the order of request->order_by, by default in the order in which they were
 * stored. For the next page, repeat the request with this page's next_page_token as page_token; "" means that
 * there is none. Corrupt orders are named in `unreachable`. */
bool orders_list(struct orders_client *client, const Orders__V1__ListOrdersRequest *request,
                 Orders__V1__ListOrdersResponse **page, struct orders_error **error);
bool orders_list_with(struct orders_client *client, const struct orders_call *call,
                      const Orders__V1__ListOrdersRequest *request, Orders__V1__ListOrdersResponse **page,
                      struct orders_error **error);
void orders_list_async(struct orders_client *client, const struct orders_call *call,
                       const Orders__V1__ListOrdersRequest *request, orders_list_done *done, void *arg);

/* Changes the order that request->order names: the fields of the update_mask, or without one those that are
 * set. NOT_FOUND; ABORTED: request->order->etag is set and somebody else has changed the order since. */
bool orders_update(struct orders_client *client, const Orders__V1__UpdateOrderRequest *request,
                   Orders__V1__Order **updated, struct orders_error **error);
bool orders_update_with(struct orders_client *client, const struct orders_call *call,
                        const Orders__V1__UpdateOrderRequest *request, Orders__V1__Order **updated,
                        struct orders_error **error);
void orders_update_async(struct orders_client *client, const struct orders_call *call,
                         const Orders__V1__UpdateOrderRequest *request, orders_order_done *done, void *arg);

/* Deletes an order. NOT_FOUND; ABORTED: request->etag is set and somebody else has changed the order since.
 */
bool orders_delete(struct orders_client *client, const Orders__V1__DeleteOrderRequest *request,
                   struct orders_error **error);
bool orders_delete_with(struct orders_client *client, const struct orders_call *call,
                        const Orders__V1__DeleteOrderRequest *request, struct orders_error **error);
void orders_delete_async(struct orders_client *client, const struct orders_call *call,
                         const Orders__V1__DeleteOrderRequest *request, orders_deleted_done *done, void *arg);

/* Sums up all orders, exact at the moment of the answer. OUT_OF_RANGE: a sum leaves int64. */
bool orders_summary(struct orders_client *client, Orders__V1__OrderSummary **summary,
                    struct orders_error **error);
bool orders_summary_with(struct orders_client *client, const struct orders_call *call,
                         Orders__V1__OrderSummary **summary, struct orders_error **error);
void orders_summary_async(struct orders_client *client, const struct orders_call *call,
                          orders_summary_done *done, void *arg);

/* Creates up to 1,000 orders, in a call of up to 1 MiB. Each succeeds or fails independently: true means that
 * there is a result for each, in the same order. */
bool orders_batch_create(struct orders_client *client, const Orders__V1__BatchCreateOrdersRequest *request,
                         Orders__V1__BatchCreateOrdersResponse **results, struct orders_error **error);
bool orders_batch_create_with(struct orders_client *client, const struct orders_call *call,
                              const Orders__V1__BatchCreateOrdersRequest *request,
                              Orders__V1__BatchCreateOrdersResponse **results, struct orders_error **error);
void orders_batch_create_async(struct orders_client *client, const struct orders_call *call,
                               const Orders__V1__BatchCreateOrdersRequest *request, orders_batch_done *done,
                               void *arg);

/* Counts the orders of some days, and what they are worth, by currency and by day: exact at the moment of the
 * answer. OUT_OF_RANGE: a sum leaves int64. */
bool orders_statistics(struct orders_client *client, const Orders__V1__GetOrderStatisticsRequest *request,
                       Orders__V1__OrderStatistics **statistics, struct orders_error **error);
bool orders_statistics_with(struct orders_client *client, const struct orders_call *call,
                            const Orders__V1__GetOrderStatisticsRequest *request,
                            Orders__V1__OrderStatistics **statistics, struct orders_error **error);
void orders_statistics_async(struct orders_client *client, const struct orders_call *call,
                             const Orders__V1__GetOrderStatisticsRequest *request,
                             orders_statistics_done *done, void *arg);

/* Asks a server whether it can serve: all of it, where `service` is NULL or "", or the service of that full
 * name. health->status says whether, and health->reason why not. Needs no API key. NOT_FOUND: it has no such
 * service. */
bool orders_health(struct orders_client *client, const char *service, Rpc__V1__HealthCheckResponse **health,
                   struct orders_error **error);
bool orders_health_with(struct orders_client *client, const struct orders_call *call, const char *service,
                        Rpc__V1__HealthCheckResponse **health, struct orders_error **error);
void orders_health_async(struct orders_client *client, const struct orders_call *call, const char *service,
                         orders_health_done *done, void *arg);

/* Calls any method, by its service's descriptor, which protobuf-c makes of a .proto file, and its name:
 * (&rpc__v1__auth__descriptor, "WhoAmI"). The output goes with protobuf_c_message_free_unpacked(output,
 * NULL). INVALID_ARGUMENT: also, the service has no such method, or it takes another message. UNIMPLEMENTED:
 * the server has none. */
bool orders_call_method(struct orders_client *client, const struct orders_call *call,
                        const ProtobufCServiceDescriptor *service, const char *method,
                        const ProtobufCMessage *input, ProtobufCMessage **output,
                        struct orders_error **error);
void orders_call_method_async(struct orders_client *client, const struct orders_call *call,
                              const ProtobufCServiceDescriptor *service, const char *method,
                              const ProtobufCMessage *input, orders_message_done *done, void *arg);

/* Ends each call of the client that is under way under this request_id with CANCELLED, from any thread,
 * unless its answer came just before. The server is told nothing: a write may have been made, or still be.
 * False: there is no such call. */
bool orders_cancel(struct orders_client *client, const char *request_id);

/* Whether the last answer on this thread, from a blocking method or in a callback, is that of an earlier call
 * with the same request_id: the write was made then, and not again. */
bool orders_replayed(void);

/* Iterates over all pages of a list. One thread at a time uses a struct orders_pages, which does not outlive
 * its client. */
struct orders_pages;

/* Makes no call yet. The request is copied. NULL: RESOURCE_EXHAUSTED. */
struct orders_pages *orders_pages_open(struct orders_client *client,
                                       const Orders__V1__ListOrdersRequest *request,
                                       struct orders_error **error);

/* Reads the next page that has an order, as orders_list; it skips empty pages, with a call for each. False:
 * *error says why, and the next call tries that page again; or *error is NULL, and there are no more. */
bool orders_pages_next(struct orders_pages *pages, Orders__V1__ListOrdersResponse **page,
                       struct orders_error **error);
bool orders_pages_next_with(struct orders_pages *pages, const struct orders_call *call,
                            Orders__V1__ListOrdersResponse **page, struct orders_error **error);

/* NULL does nothing. */
void orders_pages_close(struct orders_pages *pages);

#ifdef __cplusplus
}
#endif

#endif
