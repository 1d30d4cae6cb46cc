/* exchange.h: one HTTP request and its answer.
 *
 * An exchange is used by one of libmicrohttpd's threads, except while its RPC is under way (upstream.h).
 */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include <microhttpd.h>
#include <stddef.h>

struct shim_host;

/* libmicrohttpd's callbacks, with the shim_host as their closure: a request line came, a piece of the request
 * or its end came, the request is refused with a status by libmicrohttpd itself, which may be made another
 * one, the request is over. */
void *exchange_open(void *host, const char *target, struct MHD_Connection *connection);
enum MHD_Result exchange_advance(void *host, struct MHD_Connection *connection, const char *url,
                                 const char *method, const char *version, const char *upload,
                                 size_t *upload_size, void **exchange);
struct MHD_Response *exchange_refuse(void *host, struct MHD_Connection *connection, unsigned *status,
                                     const char *version, void **exchange);
void exchange_close(void *host, struct MHD_Connection *connection, void **exchange,
                    enum MHD_RequestTerminationCode how);

/* When no further request comes. */
void exchange_free_spares(struct shim_host *host);

#endif
