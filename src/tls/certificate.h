/* certificate.h: a certificate, for this folder alone.
 */
#ifndef TLS_CERTIFICATE_H
#define TLS_CERTIFICATE_H

#include "tls/holder.h"

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of DER. NULL: it is no certificate, or there is something behind it. */
X509 *certificate_read(const uint8_t *bytes, size_t size);

/* As tls_subject has it, in text of so many bytes. */
bool certificate_print_subject(const X509 *certificate, char *text, size_t size);

/* When it ends, in seconds since 1970; 0: it does not say. */
int64_t certificate_end(const X509 *certificate);

/* Whose it is, by the chain with which it was verified, itself first or not; NULL: it has none. */
void certificate_read_holder(const X509 *certificate, const STACK_OF(X509) * chain,
                             struct tls_holder *holder);

/* A key pair and a certificate of its own that nobody else has: by it a process is known to itself. */
struct own_certificate {
    EVP_PKEY *key;
    X509 *certificate;
};
bool own_certificate_make(struct own_certificate *own);
void own_certificate_free(struct own_certificate *own);

#endif
