/* context.c: files, and contexts of OpenSSL made of them. */
#include "tls/context.h"

#include "base/regular_file.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILE_MAX_BYTES = 1 << 20 }; /* a file with all that Debian trusts has some 220 KiB */

void tls_prepare(void)
{
    (void)OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
}

/* --- files --- */

static bool cannot_read(const char *path, const char *why, char *error, size_t error_size)
{
    snprintf(error, error_size, "%s: %s", path, why);
    return false;
}

bool tls_bytes_read(const char *path, struct tls_bytes *file, char *error, size_t error_size)
{
    const char *unopened;
    const int fd = regular_file_open(path, &unopened);
    ssize_t n = 0;
    *file = (struct tls_bytes){.bytes = fd >= 0 ? malloc(FILE_MAX_BYTES) : NULL};
    if (file->bytes == NULL) {
        if (fd >= 0)
            close(fd);
        return cannot_read(path, fd >= 0 ? strerrordesc_np(ENOMEM) : unopened, error, error_size);
    }
    while (file->size < FILE_MAX_BYTES - 1 &&
           (n = read(fd, file->bytes + file->size, FILE_MAX_BYTES - 1 - file->size)) > 0)
        file->size += (size_t)n;
    const int why = errno;
    close(fd);
    file->bytes[file->size] = '\0';
    if (n == 0 && file->size > 0)
        return true;
    tls_bytes_free(file);
    return cannot_read(path,
                       n < 0    ? strerrordesc_np(why)
                       : n == 0 ? "is empty"
                                : "is too large",
                       error, error_size);
}

void tls_bytes_free(struct tls_bytes *file)
{
    if (file->bytes != NULL)
        OPENSSL_cleanse(file->bytes, file->size);
    free(file->bytes);
    *file = (struct tls_bytes){0};
}

/* --- errors --- */

void tls_describe_error(char *text, size_t size)
{
    const unsigned long code = ERR_peek_error(); /* the first is the cause of the others */
    const char *reason = ERR_reason_error_string(code);
    snprintf(text, size, "%s", reason != NULL ? reason : "it is none");
    ERR_clear_error();
}

void tls_forget_errors(void)
{
    ERR_clear_error();
}

static bool refuse_file(const char *path, const char *what, char *error, size_t error_size)
{
    char why[128];
    tls_describe_error(why, sizeof why);
    snprintf(error, error_size, "%s: is no %s: %s", path, what, why);
    return false;
}

/* --- contexts --- */

SSL_CTX *tls_context_new(const SSL_METHOD *method)
{
    SSL_CTX *context = SSL_CTX_new(method);
    if (context == NULL)
        return NULL;
    /* Every connection proves anew who it is of: connections are long, and a ticket would outlive what was
     * proven by it. */
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context, 0);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
    if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
        SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1)
        return context;
    SSL_CTX_free(context);
    return NULL;
}

/* A key with a passphrase has nobody to ask for it: a process must not wait at a terminal. */
static int no_passphrase(char *text, int size, int is_for_writing, void *arg)
{
    (void)text;
    (void)size;
    (void)is_for_writing;
    (void)arg;
    return -1;
}

static BIO *open_bytes(const struct tls_bytes *file)
{
    return BIO_new_mem_buf(file->bytes, (int)file->size);
}

static bool take_chain(SSL_CTX *context, BIO *in)
{
    X509 *own = PEM_read_bio_X509_AUX(in, NULL, no_passphrase, NULL);
    bool taken = own != NULL && SSL_CTX_use_certificate(context, own) == 1;
    X509_free(own);
    for (X509 *next; taken && (next = PEM_read_bio_X509(in, NULL, no_passphrase, NULL)) != NULL;) {
        if (SSL_CTX_add0_chain_cert(context, next) != 1) {
            X509_free(next);
            taken = false;
        }
    }
    return taken;
}

/* Also what ends the loop above: there is no more. */
static bool is_at_end(void)
{
    const unsigned long code = ERR_peek_last_error();
    return code == 0 || (ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE);
}

bool tls_context_identify(SSL_CTX *context, const struct tls_bytes *cert, const char *cert_path,
                          const struct tls_bytes *key, const char *key_path, char *error, size_t error_size)
{
    BIO *certs = open_bytes(cert), *keys = open_bytes(key);
    EVP_PKEY *private = NULL;
    bool fits = false;
    ERR_clear_error();
    if (certs == NULL || !take_chain(context, certs) || !is_at_end()) {
        refuse_file(cert_path, "certificate in PEM", error, error_size);
    } else {
        ERR_clear_error();
        private = keys != NULL ? PEM_read_bio_PrivateKey(keys, NULL, no_passphrase, NULL) : NULL;
        if (private == NULL)
            refuse_file(key_path, "key in PEM without a passphrase", error, error_size);
        else if (SSL_CTX_use_PrivateKey(context, private) != 1 || SSL_CTX_check_private_key(context) != 1)
            snprintf(error, error_size, "%s: is not the key of the certificate in %s", key_path, cert_path);
        else
            fits = true;
    }
    EVP_PKEY_free(private);
    BIO_free(keys);
    BIO_free(certs);
    ERR_clear_error();
    return fits;
}

bool tls_context_trust(SSL_CTX *context, const struct tls_bytes *file, const char *path, char *error,
                       size_t error_size)
{
    BIO *in = open_bytes(file);
    size_t n = 0;
    bool added = in != NULL;
    ERR_clear_error();
    for (X509 *next; added && (next = PEM_read_bio_X509(in, NULL, no_passphrase, NULL)) != NULL; n++) {
        added = X509_STORE_add_cert(SSL_CTX_get_cert_store(context), next) == 1;
        X509_free(next);
    }
    added = added && n > 0 && is_at_end();
    if (!added)
        refuse_file(path, "list of certificates in PEM", error, error_size);
    BIO_free(in);
    ERR_clear_error();
    return added;
}
