/* client.c: one context for all connections of a client, and why the last one came to nothing. */
#include "tls/client.h"

#include "tls/client_connection.h"
#include "tls/context.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tls_client {
    atomic_uint holds;
    pthread_mutex_t lock; /* guards what follows */
    SSL_CTX *context;
    char failure[256];
};

static bool trust(SSL_CTX *context, const char *ca, char *error, size_t error_size)
{
    struct tls_bytes file;
    if (ca == NULL)
        return SSL_CTX_set_default_verify_paths(context) == 1;
    if (!tls_bytes_read(ca, &file, error, error_size))
        return false;
    const bool trusts = tls_context_trust(context, &file, ca, error, error_size);
    tls_bytes_free(&file);
    return trusts;
}

static bool identify(SSL_CTX *context, const struct tls_client_files *files, char *error, size_t error_size)
{
    struct tls_bytes cert = {0}, key = {0};
    if (files->cert == NULL && files->key == NULL)
        return true;
    if (files->cert == NULL || files->key == NULL) {
        snprintf(error, error_size, "a certificate and its key go together: only one of them is named");
        return false;
    }
    const bool identifies =
        tls_bytes_read(files->cert, &cert, error, error_size) &&
        tls_bytes_read(files->key, &key, error, error_size) &&
        tls_context_identify(context, &cert, files->cert, &key, files->key, error, error_size);
    tls_bytes_free(&cert);
    tls_bytes_free(&key);
    return identifies;
}

/* NULL: as tls_client_open. */
static SSL_CTX *make_context(const struct tls_client_files *files, char *error, size_t error_size)
{
    tls_prepare();
    snprintf(error, error_size, "no memory for TLS");
    errno = ENOMEM;
    SSL_CTX *context = tls_context_new(TLS_client_method());
    if (context == NULL)
        return NULL;
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    if (trust(context, files->ca, error, error_size) && identify(context, files, error, error_size))
        return context;
    tls_forget_errors();
    SSL_CTX_free(context);
    errno = EINVAL;
    return NULL;
}

struct tls_client *tls_client_open(const struct tls_client_files *files, char *error, size_t error_size)
{
    SSL_CTX *context = make_context(files, error, error_size);
    if (context == NULL)
        return NULL;
    struct tls_client *client = calloc(1, sizeof *client);
    if (client == NULL) {
        SSL_CTX_free(context);
        errno = ENOMEM;
        return NULL;
    }
    atomic_init(&client->holds, 1);
    pthread_mutex_init(&client->lock, NULL);
    client->context = context;
    return client;
}

bool tls_client_load(struct tls_client *client, const struct tls_client_files *files, char *error,
                     size_t error_size)
{
    SSL_CTX *context = make_context(files, error, error_size);
    if (context == NULL)
        return false;
    pthread_mutex_lock(&client->lock);
    SSL_CTX *last = client->context;
    client->context = context;
    pthread_mutex_unlock(&client->lock);
    SSL_CTX_free(last);
    return true;
}

void tls_client_hold(struct tls_client *client)
{
    if (client != NULL)
        atomic_fetch_add(&client->holds, 1);
}

void tls_client_release(struct tls_client *client)
{
    if (client == NULL || atomic_fetch_sub(&client->holds, 1) != 1)
        return;
    SSL_CTX_free(client->context);
    pthread_mutex_destroy(&client->lock);
    free(client);
}

void client_connection_note(struct tls_client *client, const char *failure)
{
    pthread_mutex_lock(&client->lock);
    snprintf(client->failure, sizeof client->failure, "%s", failure);
    pthread_mutex_unlock(&client->lock);
}

void tls_client_failure(struct tls_client *client, char *text, size_t size)
{
    pthread_mutex_lock(&client->lock);
    snprintf(text, size, "%s", client->failure);
    pthread_mutex_unlock(&client->lock);
}

static bool is_address(const char *name)
{
    struct in6_addr address;
    return inet_pton(AF_INET, name, &address) == 1 || inet_pton(AF_INET6, name, &address) == 1;
}

/* An address is looked for among the addresses of a certificate alone, and is no server name to tell (RFC
 * 6066, 3). */
static bool expect_name(SSL *connection, const char *name)
{
    X509_VERIFY_PARAM *param = SSL_get0_param(connection);
    if (is_address(name))
        return X509_VERIFY_PARAM_set1_ip_asc(param, name) == 1;
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return *name != '\0' && X509_VERIFY_PARAM_set1_host(param, name, 0) == 1 &&
           SSL_set_tlsext_host_name(connection, name) == 1;
}

SSL *client_connection_new(struct tls_client *client, const char *name)
{
    pthread_mutex_lock(&client->lock);
    SSL *connection = SSL_new(client->context); /* which it holds */
    pthread_mutex_unlock(&client->lock);
    if (connection == NULL || expect_name(connection, name))
        return connection;
    SSL_free(connection);
    return NULL;
}
