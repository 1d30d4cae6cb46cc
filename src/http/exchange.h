/* exchange.h: one HTTP request and its answer.
 *
 * An exchange belongs to one of libmicrohttpd's threads. While its RPC is under way its connection is
 * suspended, and the exchange belongs to the reply's callback, or to the writer (writer.h).
 */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include "base/log.h"
#include "http/body.h"
#include "http/resource.h"
#include "http/scrape.h"
#include "http/shim_metrics.h"
#include "http/writer.h"
#include "rpc/client.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* What all exchanges of a shim share. */
struct exchange_host {
    const char *api_key;
    const char *const *cors_origins;
    struct rpc_client *client;
    struct log *log;
    bool probes_only;       /* no route is served but those that are probes */
    struct scrapes scrapes; /* what /metrics shows */
    struct shim_metrics counts;
    struct budget *memory; /* that answers take, too */
    struct bodies bodies;
    struct resources resources; /* not changed any more */
    struct writer writer;

    pthread_mutex_t lock;
    pthread_cond_t idle; /* exchanges or calls became 0 */
    size_t exchanges;    /* guarded by lock; requests that are not yet answered */
    size_t calls;        /* guarded by lock; RPCs whose callback has not returned */
    bool stopping;       /* guarded by lock; every connection is closed after its answer */
    bool closed;         /* guarded by lock; no further RPC is begun */
};

/* libmicrohttpd's callbacks, with the host as their closure: a request line came, a piece of the request or
 * its end came, the request is refused with a status by libmicrohttpd itself, the request is over. */
void *exchange_open(void *host, const char *target, struct MHD_Connection *connection);
enum MHD_Result exchange_advance(void *host, struct MHD_Connection *connection, const char *url,
                                 const char *method, const char *version, const char *upload,
                                 size_t *upload_size, void **exchange);
struct MHD_Response *exchange_refuse(void *host, struct MHD_Connection *connection, unsigned status,
                                     const char *version, void **exchange);
void exchange_close(void *host, struct MHD_Connection *connection, void **exchange,
                    enum MHD_RequestTerminationCode how);

#endif
