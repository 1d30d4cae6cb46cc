/* server.c: each reading of the files makes an identity, which lives as long as a connection holds it. */
#include "tls/server.h"

#include "tls/certificate.h"
#include "tls/context.h"
#include "tls/server_connection.h"

#include <errno.h>
#include <openssl/x509_vfy.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHAIN_MOST = 16 }; /* certificates of a client's chain: more are no chain */

/* Only read, once it is made. */
struct tls_identity {
    atomic_uint holds;
    SSL_CTX *context;
    struct tls_bytes cert, key;
    int64_t not_after;
};

/* Who vouches for clients, or did once: holders have its number. */
struct authority {
    unsigned char key[EVP_MAX_MD_SIZE]; /* its digest */
    bool is_trusted;
};

/* All that there were since the start: a number stays that of one key. */
struct authorities {
    struct authority *list; /* owned */
    uint32_t n;
};

struct tls_server {
    atomic_uint holds;
    struct tls_server_files files;
    struct own_certificate own;
    SSL_CTX *asking; /* a client's, for this process itself */

    pthread_mutex_t lock;
    struct tls_identity *now; /* guarded by lock, as is all below; held */
    struct authorities authorities;
};

/* --- who vouches --- */

/* Its number; 0: it is not there. */
static uint32_t find_authority(const struct authorities *all, const unsigned char key[EVP_MAX_MD_SIZE])
{
    for (uint32_t i = 0; i < all->n; i++) {
        if (memcmp(all->list[i].key, key, EVP_MAX_MD_SIZE) == 0)
            return i + 1;
    }
    return 0;
}

/* There is room for one more. False: OpenSSL has no digest of its key. */
static bool trust(struct authorities *all, const X509 *certificate)
{
    struct authority authority = {.is_trusted = true};
    if (X509_pubkey_digest(certificate, EVP_sha256(), authority.key, NULL) != 1)
        return false;
    const uint32_t number = find_authority(all, authority.key);
    if (number != 0)
        all->list[number - 1].is_trusted = true;
    else
        all->list[all->n++] = authority;
    return true;
}

/* Under the lock: trusts those of an identity, and no others. False: no memory, or a key without a digest,
 * and nothing has changed. */
static bool trust_those_of(struct tls_server *server, const struct tls_identity *identity)
{
    const STACK_OF(X509_OBJECT) *trusted = X509_STORE_get0_objects(SSL_CTX_get_cert_store(identity->context));
    const size_t most = server->authorities.n + (size_t)sk_X509_OBJECT_num(trusted);
    struct authorities next = {.list = calloc(most + 1, sizeof *next.list)};
    if (next.list == NULL)
        return false;
    for (; next.n < server->authorities.n; next.n++)
        memcpy(next.list[next.n].key, server->authorities.list[next.n].key, EVP_MAX_MD_SIZE);
    for (int i = 0; i < sk_X509_OBJECT_num(trusted); i++) {
        const X509 *certificate = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(trusted, i));
        if (certificate != NULL && !trust(&next, certificate)) {
            free(next.list);
            return false;
        }
    }
    free(server->authorities.list);
    server->authorities = next;
    return true;
}

bool tls_server_trusts(struct tls_server *server, uint32_t authority)
{
    pthread_mutex_lock(&server->lock);
    const bool trusts = authority != 0 && authority <= server->authorities.n &&
                        server->authorities.list[authority - 1].is_trusted;
    pthread_mutex_unlock(&server->lock);
    return trusts;
}

/* The last of a chain is the one that is trusted by itself. */
void server_connection_note(struct tls_server *server, const X509 *certificate, const STACK_OF(X509) * chain,
                            struct tls_holder *holder)
{
    unsigned char key[EVP_MAX_MD_SIZE] = {0};
    const X509 *last = sk_X509_value(chain, sk_X509_num(chain) - 1); /* NULL: there is no chain */
    certificate_read_holder(certificate, chain, holder);
    if (last == NULL || X509_pubkey_digest(last, EVP_sha256(), key, NULL) != 1)
        return;
    pthread_mutex_lock(&server->lock);
    holder->authority = find_authority(&server->authorities, key);
    pthread_mutex_unlock(&server->lock);
}

/* --- who is let in --- */

bool server_connection_is_own(const struct tls_server *server, const X509 *certificate)
{
    return certificate != NULL && X509_cmp(certificate, server->own.certificate) == 0;
}

/* In place of OpenSSL's own: what it would do, but for the own certificate. */
static int server_verify(X509_STORE_CTX *store, void *arg)
{
    const struct tls_server *server = arg;
    if (!server_connection_is_own(server, X509_STORE_CTX_get0_cert(store)))
        return X509_verify_cert(store);
    X509_STORE_CTX_set_error(store, X509_V_OK);
    return 1;
}

/* What came along with the client's own, to build a chain of. */
static STACK_OF(X509) * read_others(const struct tls_der chain[], size_t n)
{
    STACK_OF(X509) *others = sk_X509_new_null();
    for (size_t i = 1; i < n && others != NULL; i++) {
        X509 *next = certificate_read(chain[i].bytes, chain[i].size);
        if (next == NULL || sk_X509_push(others, next) <= 0) {
            X509_free(next);
            sk_X509_pop_free(others, X509_free);
            others = NULL;
        }
    }
    return others;
}

/* As in a handshake of OpenSSL's. */
static bool demand_strength(X509_STORE_CTX *store, const SSL_CTX *context)
{
    X509_VERIFY_PARAM_set_auth_level(X509_STORE_CTX_get0_param(store), SSL_CTX_get_security_level(context));
    return true;
}

static bool is_of_authority(struct tls_server *server, X509 *certificate, STACK_OF(X509) * others,
                            struct tls_holder *holder)
{
    struct tls_identity *identity = tls_server_identity(server);
    X509_STORE_CTX *store = X509_STORE_CTX_new();
    const bool is_verified =
        store != NULL &&
        X509_STORE_CTX_init(store, SSL_CTX_get_cert_store(identity->context), certificate, others) == 1 &&
        X509_STORE_CTX_set_default(store, "ssl_client") == 1 && demand_strength(store, identity->context) &&
        X509_verify_cert(store) == 1;
    if (is_verified)
        server_connection_note(server, certificate, X509_STORE_CTX_get0_chain(store), holder);
    X509_STORE_CTX_free(store);
    tls_identity_release(identity);
    return is_verified;
}

bool tls_server_admits(struct tls_server *server, const struct tls_der chain[], size_t n,
                       struct tls_holder *holder)
{
    X509 *certificate = n > 0 && n <= CHAIN_MOST ? certificate_read(chain[0].bytes, chain[0].size) : NULL;
    STACK_OF(X509) *others = certificate != NULL ? read_others(chain, n) : NULL;
    bool admits = server_connection_is_own(server, certificate);
    *holder = (struct tls_holder){.not_after = 0};
    if (others != NULL && !admits)
        admits = is_of_authority(server, certificate, others, holder);
    sk_X509_pop_free(others, X509_free);
    X509_free(certificate);
    tls_forget_errors();
    return admits;
}

/* --- identities --- */

static void free_identity(struct tls_identity *identity)
{
    SSL_CTX_free(identity->context);
    tls_bytes_free(&identity->cert);
    tls_bytes_free(&identity->key);
    free(identity);
}

void tls_identity_release(struct tls_identity *identity)
{
    if (identity != NULL && atomic_fetch_sub(&identity->holds, 1) == 1)
        free_identity(identity);
}

struct tls_identity *tls_server_identity(struct tls_server *server)
{
    pthread_mutex_lock(&server->lock);
    struct tls_identity *identity = server->now;
    atomic_fetch_add(&identity->holds, 1);
    pthread_mutex_unlock(&server->lock);
    return identity;
}

const char *tls_identity_cert(const struct tls_identity *identity, size_t *size)
{
    *size = identity->cert.size;
    return identity->cert.bytes;
}

const char *tls_identity_key(const struct tls_identity *identity, size_t *size)
{
    *size = identity->key.size;
    return identity->key.bytes;
}

static bool ask_for_certificate(struct tls_server *server, SSL_CTX *context, char *error, size_t error_size)
{
    /* Sessions are not resumed; should that change, those of clients with certificates need it. */
    static const unsigned char session_id_context[] = "orders";
    struct tls_bytes authorities;
    if (SSL_CTX_set_session_id_context(context, session_id_context, sizeof session_id_context - 1) != 1)
        return false;
    if (server->files.client_ca == NULL)
        return true;
    if (!tls_bytes_read(server->files.client_ca, &authorities, error, error_size))
        return false;
    const bool trusts = tls_context_trust(context, &authorities, server->files.client_ca, error, error_size);
    STACK_OF(X509_NAME) *names = trusts ? SSL_load_client_CA_file(server->files.client_ca) : NULL;
    tls_bytes_free(&authorities);
    tls_forget_errors();
    if (!trusts || names == NULL)
        return false;
    SSL_CTX_set_client_CA_list(context, names);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_cert_verify_callback(context, server_verify, server);
    return true;
}

/* NULL: the error says why. */
static struct tls_identity *read_identity(struct tls_server *server, char *error, size_t error_size)
{
    const struct tls_server_files *files = &server->files;
    struct tls_identity *identity = calloc(1, sizeof *identity);
    snprintf(error, error_size, "no memory for TLS");
    if (identity == NULL)
        return NULL;
    atomic_init(&identity->holds, 1);
    identity->context = tls_context_new(TLS_server_method());
    if (identity->context != NULL && tls_bytes_read(files->cert, &identity->cert, error, error_size) &&
        tls_bytes_read(files->key, &identity->key, error, error_size) &&
        tls_context_identify(identity->context, &identity->cert, files->cert, &identity->key, files->key,
                             error, error_size) &&
        ask_for_certificate(server, identity->context, error, error_size)) {
        identity->not_after = certificate_end(SSL_CTX_get0_certificate(identity->context));
        return identity;
    }
    free_identity(identity);
    return NULL;
}

bool tls_server_load(struct tls_server *server, char *error, size_t error_size)
{
    struct tls_identity *next = read_identity(server, error, error_size);
    if (next == NULL)
        return false;
    pthread_mutex_lock(&server->lock);
    struct tls_identity *last = next; /* which goes when there is no memory */
    const bool is_taken = trust_those_of(server, next);
    if (is_taken) {
        last = server->now;
        server->now = next;
    }
    pthread_mutex_unlock(&server->lock);
    tls_identity_release(last);
    if (!is_taken)
        snprintf(error, error_size, "no memory for TLS");
    return is_taken;
}

/* --- the server --- */

/* Whom it finds there does not matter: it tells nothing but a question after health. */
static bool prepare_asking(struct tls_server *server)
{
    server->asking = tls_context_new(TLS_client_method());
    if (server->asking == NULL)
        return false;
    SSL_CTX_set_verify(server->asking, SSL_VERIFY_NONE, NULL);
    return SSL_CTX_use_certificate(server->asking, server->own.certificate) == 1 &&
           SSL_CTX_use_PrivateKey(server->asking, server->own.key) == 1;
}

struct tls_server *tls_server_open(const struct tls_server_files *files, char *error, size_t error_size)
{
    struct tls_server *server = calloc(1, sizeof *server);
    tls_prepare();
    snprintf(error, error_size, "no memory for TLS");
    errno = ENOMEM;
    if (server == NULL)
        return NULL;
    atomic_init(&server->holds, 1);
    pthread_mutex_init(&server->lock, NULL);
    server->files = *files;
    if (own_certificate_make(&server->own) && prepare_asking(server)) {
        if (tls_server_load(server, error, error_size))
            return server;
        errno = EINVAL;
    }
    const int why = errno;
    tls_server_release(server);
    errno = why;
    return NULL;
}

void tls_server_hold(struct tls_server *server)
{
    if (server != NULL)
        atomic_fetch_add(&server->holds, 1);
}

void tls_server_release(struct tls_server *server)
{
    if (server == NULL || atomic_fetch_sub(&server->holds, 1) != 1)
        return;
    tls_identity_release(server->now);
    SSL_CTX_free(server->asking);
    own_certificate_free(&server->own);
    free(server->authorities.list);
    pthread_mutex_destroy(&server->lock);
    free(server);
}

int64_t tls_server_not_after(struct tls_server *server)
{
    struct tls_identity *identity = tls_server_identity(server);
    const int64_t not_after = identity->not_after;
    tls_identity_release(identity);
    return not_after;
}

bool tls_server_wants_certificate(const struct tls_server *server)
{
    return server->files.client_ca != NULL;
}

/* A connection holds its context by itself. */
SSL *server_connection_new(struct tls_server *server)
{
    struct tls_identity *identity = tls_server_identity(server);
    SSL *connection = SSL_new(identity->context);
    tls_identity_release(identity);
    return connection;
}

SSL *server_connection_new_own(struct tls_server *server)
{
    return SSL_new(server->asking);
}
