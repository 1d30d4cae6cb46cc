/* context.h: what the parts of this folder share of OpenSSL; nobody else includes it.
 */
#ifndef TLS_CONTEXT_H
#define TLS_CONTEXT_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

/* Before anything else of OpenSSL's is called: it is to leave what it has to the end of the process. At exit
 * it would free what nng's threads, which go on until then, still use for connections. */
void tls_prepare(void);

/* All of a file, with a NUL behind it. Its owner frees it with tls_bytes_free, which wipes it: it may be a
 * key.
 */
struct tls_bytes {
    char *bytes;
    size_t size;
};

bool tls_bytes_read(const char *path, struct tls_bytes *file, char *error, size_t error_size);
void tls_bytes_free(struct tls_bytes *file);

/* A context for TLS 1.2 and up with forward secrecy and authenticated ciphers. NULL: no memory. */
SSL_CTX *tls_context_new(const SSL_METHOD *method);

/* Has it present a chain of certificates, the own first, and prove it by the key. The paths are for the
 * error. */
bool tls_context_identify(SSL_CTX *context, const struct tls_bytes *cert, const char *cert_path,
                          const struct tls_bytes *key, const char *key_path, char *error, size_t error_size);

/* Adds the certificates of a file to those that it trusts. */
bool tls_context_trust(SSL_CTX *context, const struct tls_bytes *file, const char *path, char *error,
                       size_t error_size);

/* What went wrong last on this thread, and nothing is left of it. */
void tls_describe_error(char *text, size_t size);
void tls_forget_errors(void);

#endif
