/* client_connection.h: a client's connections, for this folder alone; client.c makes them.
 */
#ifndef TLS_CLIENT_CONNECTION_H
#define TLS_CLIENT_CONNECTION_H

#include <openssl/ssl.h>

struct tls_client;

/* Whose peer is to have a certificate of this name, or of this IP address. NULL: no memory. */
SSL *client_connection_new(struct tls_client *client, const char *name);

/* What tls_client_failure is to tell. */
void client_connection_note(struct tls_client *client, const char *failure);

#endif
