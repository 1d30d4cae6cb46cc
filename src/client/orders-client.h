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
 * Ownership. What is passed in stays the caller's and is read before the function returns. What comes out is
 * the caller's: a message goes with its own orders__v1__..._free_unpacked(message, NULL), an error with
 * orders_error_free. A function that fails sets the result to NULL and *error to why; one that succeeds sets
 * *error to NULL. `error` itself may be NULL, when nobody wants to know.
 *
 * The library never ends its process. Without memory a call ends with RPC__V1__CODE__RESOURCE_EXHAUSTED, or,
 * where its connection is lost for it, as on any lost connection; and when the system has no random bytes for
 * a request_id with RPC__V1__CODE__INTERNAL. It may end so after a server has made the write, which
 * error->request_id then names, as with a deadline.
 *
 * Threads. A client may be used from any number of threads at once, with any number of calls under way; one
 * client a process is enough. One thread of the library receives all answers, of all clients. It must be
 * opened in the process that uses it: it does not live through fork. In a process that was forked from one
 * that has opened a client, opening and calls fail with RPC__V1__CODE__FAILED_PRECONDITION; a program that it
 * executes may do both.
 *
 * Exactly once. A call is made under a request_id. It is sent again under the same one, to whichever server
 * is there, when its connection closes, and after a while when a server answers RPC__V1__CODE__UNAVAILABLE or
 * RPC__V1__CODE__RESOURCE_EXHAUSTED: all within its deadline. Of several servers, one that does
 * not respond is left: one that for half of a call's time answers neither that nor a health check is
 * disconnected, and what it had is sent to another. From a single one such a call ends with
 * RPC__V1__CODE__DEADLINE_EXCEEDED. A write that ends with one of these or with
 * RPC__V1__CODE__DEADLINE_EXCEEDED was made once or not at all; made again with error->request_id within 24
 * hours, it is made once, and answered as the first time.
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

/* How one call is to differ from the client's others. Zero is the default of every field. */
struct orders_call {
    uint32_t timeout_ms;     /* until the call ends, whatever happens; 0: the client's */
    const char *request_id;  /* 1 to 128 bytes of UTF-8; NULL or "": a new UUID (RFC 9562, version 7) */
    const char *traceparent; /* of the trace that the call is part of (W3C Trace Context); NULL: none */
};

/* "NOT_FOUND" */
const char *orders_code_name(Rpc__V1__Code code);

/* NULL does nothing. */
void orders_error_free(struct orders_error *error);

/* Starts to connect to every server, and goes on trying while the client lives; servers need not be there
 * yet. NULL: RPC__V1__CODE__INVALID_ARGUMENT, there is no server or a URL is none;
 * RPC__V1__CODE__RESOURCE_EXHAUSTED, no memory or no thread for it;
 * RPC__V1__CODE__FAILED_PRECONDITION, a fork came between. */
struct orders_client *orders_client_open(const struct orders_client_options *options,
                                         struct orders_error **error);

/* For servers of "tls+tcp://host:port": files in PEM, which are read as the client is opened. Zero is the
 * default of every field. */
struct orders_tls {
    const char *ca; /* the authorities that servers are to have their certificates of, which are of the URL's
                       name or IP address; NULL: those of the system */
    const char *cert;     /* an own certificate, for servers that ask for one, and those between it and its
                             authority; NULL: none */
    const char *cert_key; /* its key, without a passphrase */
};

/* The same as orders_client_open, which has the defaults, with these. INVALID_ARGUMENT: also, a file is none.
 * With a server of tls+tcp OpenSSL is asked to free nothing as the process ends, since the library's threads
 * may still use it then. A program that calls OpenSSL before this should have asked so itself:
 * OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL). */
struct orders_client *orders_client_open_tls(const struct orders_client_options *options,
                                             const struct orders_tls *tls, struct orders_error **error);

/* The same client, for calls that only have their request checked by the rules (AIP-163): what is stored is
 * neither changed nor looked at, and results are empty, but for a batch's, of which each has its code. It
 * lives as long as the client; to close it does nothing. */
struct orders_client *orders_client_validate_only(struct orders_client *client);

/* Ends the calls under way with RPC__V1__CODE__CANCELLED and frees the client. Not to be called from a
 * function that a call has called, nor while another thread begins a call. NULL does nothing. */
void orders_client_close(struct orders_client *client);

/* The methods. Each comes in three forms: one that waits until the call ended, the same with a struct
 * orders_call, which may be NULL, and one that returns at once and has a function called when the call ended.
 * That is called exactly once, on a thread of the library; but on the calling one, before orders_..._async
 * returns, when the call could not be begun (it is too large, say), and on the one that closes the client for
 * a call that ends with that. So the caller holds no lock that it takes. It must not wait for anything,
 * another call included, for which it would wait for ever, but may begin one: while the client closes that
 * ends with CANCELLED at once. It owns the result and the error, of which one is NULL.
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
 * and with those named at the method. */

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

/* Reads a page of orders, in the order of request->order_by, by default that in which they were stored. The
 * next page has the page_token that this one's next_page_token is, and the same filters and order; "" says
 * that there is none. Orders that the service cannot answer are in `unreachable`, by name. */
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

/* Creates to 1,000 orders in a call of to 1 MiB. Each stands or falls alone: true says that there is a result
 * for each, in their order. */
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

/* Whether the last answer that this thread was given, by a method that waited or by the function that a call
 * has called, is that of an earlier call under the same request_id: the write was made then, and not again.
 */
bool orders_replayed(void);

/* All pages of a list, in turn. One thread at a time uses a struct orders_pages, which does not outlive its
 * client. */
struct orders_pages;

/* Makes no call yet. The request is copied. NULL: RESOURCE_EXHAUSTED. */
struct orders_pages *orders_pages_open(struct orders_client *client,
                                       const Orders__V1__ListOrdersRequest *request,
                                       struct orders_error **error);

/* Reads the next page that has an order, as orders_list; of one that has none it goes on to the next, in a
 * call of its own. False: *error says why, and the next try goes on from there; or it is NULL, and there are
 * no more. */
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
