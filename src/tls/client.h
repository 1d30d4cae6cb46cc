/* client.h: which servers a client trusts: those whose certificate is of an authority that it trusts, and of
 * the name or IP address in the URL.
 *
 * The functions may be called on any thread.
 */
#ifndef TLS_CLIENT_H
#define TLS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

struct tls_client;

/* Paths of files in PEM, read when the client is opened or loaded. */
struct tls_client_files {
    const char *ca;   /* the authorities of servers; NULL: those of the system */
    const char *cert; /* the client's certificate, and those between it and a root; NULL: none */
    const char *key;  /* of that, without a passphrase */
};

/* NULL: `error` is one line that names the file; errno is EINVAL, or ENOMEM. */
struct tls_client *tls_client_open(const struct tls_client_files *files, char *error, size_t error_size);

/* Reads these files, for connections that begin from now on. False: one is broken, `error` says which, and
 * all is as it was. */
bool tls_client_load(struct tls_client *client, const struct tls_client_files *files, char *error,
                     size_t error_size);

/* It lives as long as somebody holds it: who opened it, what is made of it, and who asks to. NULL does
 * nothing. */
void tls_client_hold(struct tls_client *client);
void tls_client_release(struct tls_client *client);

/* Why the last handshake failed, if none has succeeded since; "": there is nothing to tell. */
void tls_client_failure(struct tls_client *client, char *text, size_t size);

#endif
