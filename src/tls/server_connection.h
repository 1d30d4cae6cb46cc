/* server_connection.h: a server's connections, for this folder alone; server.c makes them.
 */
#ifndef TLS_SERVER_CONNECTION_H
#define TLS_SERVER_CONNECTION_H

#include "tls/holder.h"

#include <openssl/ssl.h>
#include <stdbool.h>

struct tls_server;

/* One, or one by which this process asks at its own address. NULL: no memory. */
SSL *server_connection_new(struct tls_server *server);
SSL *server_connection_new_own(struct tls_server *server);

/* Sets whose a certificate is, by the chain with which it was verified. */
void server_connection_note(struct tls_server *server, const X509 *certificate, const STACK_OF(X509) * chain,
                            struct tls_holder *holder);

/* Whether the certificate is the one that such an own one shows. */
bool server_connection_is_own(const struct tls_server *server, const X509 *certificate);

#endif
