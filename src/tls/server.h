/* server.h: a server's certificate, and which clients' certificates it accepts: read from files, and again
 * while it serves.
 *
 * With client certificates (mutual TLS) a client needs one of the operator's authorities. The process's own
 * probes have a certificate that no other process has.
 *
 * The functions may be called on any thread.
 */
#ifndef TLS_SERVER_H
#define TLS_SERVER_H

#include "tls/subject.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tls_server;

/* Paths of files in PEM, which must outlive the server. */
struct tls_server_files {
    const char *cert;      /* the own certificate first, then those between it and a root */
    const char *key;       /* without a passphrase */
    const char *client_ca; /* the authorities of clients; NULL: none is asked for a certificate */
};

/* NULL: `error` is one line that names the file; errno is EINVAL, or ENOMEM. */
struct tls_server *tls_server_open(const struct tls_server_files *files, char *error, size_t error_size);

/* It lives as long as somebody holds it: who opened it, what is made of it, and who asks to. NULL does
 * nothing. */
void tls_server_hold(struct tls_server *server);
void tls_server_release(struct tls_server *server);

/* Reads the files again, for connections that begin from now on; who is no authority of clients any more is
 * none for open ones either. False: one is broken, `error` says which, and all is as it was. */
bool tls_server_load(struct tls_server *server, char *error, size_t error_size);

/* When the certificate ends, in seconds since 1970. */
int64_t tls_server_not_after(struct tls_server *server);

bool tls_server_wants_certificate(const struct tls_server *server);

/* Whether the authority of a holder is one of clients by the file that was read last. An authority is its
 * key: it may have a new certificate. */
bool tls_server_trusts(struct tls_server *server, uint32_t authority);

/* The certificate and the key in PEM, for another TLS library, as they are now: they stay until
 * tls_identity_release. */
struct tls_identity;
struct tls_identity *tls_server_identity(struct tls_server *server);
const char *tls_identity_cert(const struct tls_identity *identity, size_t *size);
const char *tls_identity_key(const struct tls_identity *identity, size_t *size);
void tls_identity_release(struct tls_identity *identity);

/* Whether a client with this chain, its own certificate first, is let in: to be asked once it has proven that
 * it has the key. With who it is. */
bool tls_server_admits(struct tls_server *server, const struct tls_der chain[], size_t n,
                       struct tls_holder *holder);

#endif
