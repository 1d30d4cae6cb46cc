/* tls_engine.h: an nng TLS engine that is implemented by src/tls. */
#ifndef RPC_TLS_ENGINE_H
#define RPC_TLS_ENGINE_H

#include "tls/client.h"
#include "tls/server.h"

#include <nng/nng.h>
#include <stdbool.h>

/* Whether a URL is of TLS: "tls+tcp://host:port". */
bool tls_engine_is_for(const char *url);

/* Once nng has opened a socket, before a dialer or listener of such a URL is made. Any thread, any number of
 * times. An error of nng's, or 0. */
int tls_engine_register(void);

/* Has a listener, or a dialer, that is not started prove itself by what is in the server, or the client,
 * which it holds. Once for each. An error of nng's, or 0. */
int tls_engine_serve(nng_listener listener, struct tls_server *server);
int tls_engine_connect(nng_dialer dialer, struct tls_client *client);

/* Who is at the other end of a server's connection, which stays as long as the connection; of no subject: it
 * has no certificate. NULL: the connection is of another kind. */
const struct tls_holder *tls_engine_holder(nng_pipe pipe);

#endif
