/* stream.c: an SSL of OpenSSL's over a BIO that asks the carrier. */
#include "tls/stream.h"

#include "tls/certificate.h"
#include "tls/client_connection.h"
#include "tls/context.h"
#include "tls/server_connection.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    /* Changes of its peer's key that a connection may have, and one more for each MiB: each costs a
     * derivation of keys, and OpenSSL takes all that have come at once. Who has a reason to (RFC 8446, 5.5)
     * has sent millions of records before. */
    KEY_UPDATES_MOST = 32,
    KEY_UPDATE_BYTES = 1 << 20,
};

struct tls_stream {
    SSL *ssl;
    uint64_t received;
    uint64_t key_updates;
    struct tls_carrier carrier;
    struct tls_server *server; /* held; of a server's end */
    struct tls_client *client; /* held; of a client's */
    bool is_heard; /* something came: with TLS 1.3 a client's handshake is done before its server has decided
                    */
    struct tls_holder holder;
};

/* --- what carries it, as OpenSSL has it --- */

static int end_step(BIO *bio, enum tls_result result, size_t n, void (*set_retry)(BIO *bio))
{
    BIO_clear_retry_flags(bio);
    if (result == TLS_DONE)
        return (int)n;
    if (result == TLS_AGAIN)
        set_retry(bio);
    return -1;
}

static void set_retry_write(BIO *bio)
{
    BIO_set_retry_write(bio);
}

static void set_retry_read(BIO *bio)
{
    BIO_set_retry_read(bio);
}

static int write_bio(BIO *bio, const char *bytes, int size)
{
    const struct tls_carrier *carrier = &((const struct tls_stream *)BIO_get_data(bio))->carrier;
    size_t n = (size_t)size;
    const enum tls_result result = carrier->send(carrier->arg, (const uint8_t *)bytes, &n);
    return end_step(bio, result, n, set_retry_write);
}

static void count_key_updates(int is_sent, int version, int type, const void *message, size_t size, SSL *ssl,
                              void *arg)
{
    struct tls_stream *stream = arg;
    (void)version;
    (void)ssl;
    if (!is_sent && type == SSL3_RT_HANDSHAKE && size > 0 && *(const uint8_t *)message == SSL3_MT_KEY_UPDATE)
        stream->key_updates++;
}

static int read_bio(BIO *bio, char *bytes, int size)
{
    const struct tls_stream *stream = BIO_get_data(bio);
    const struct tls_carrier *carrier = &stream->carrier;
    size_t n = (size_t)size;
    if (stream->key_updates > KEY_UPDATES_MOST + stream->received / KEY_UPDATE_BYTES)
        return end_step(bio, TLS_ENDED, 0, set_retry_read);
    const enum tls_result result = carrier->receive(carrier->arg, (uint8_t *)bytes, &n);
    return end_step(bio, result, n, set_retry_read);
}

/* There is nothing that it keeps back. */
static long control_bio(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

static BIO_METHOD *bio_method; /* only read, once it is made */

static void make_bio_method(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK | BIO_get_new_index(), "carrier");
    if (method != NULL && BIO_meth_set_write(method, write_bio) == 1 &&
        BIO_meth_set_read(method, read_bio) == 1 && BIO_meth_set_ctrl(method, control_bio) == 1)
        bio_method = method;
    else
        BIO_meth_free(method);
}

/* --- beginning and ending --- */

/* Takes the SSL. */
static struct tls_stream *open_stream(SSL *ssl, const struct tls_carrier *carrier)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_bio_method);
    struct tls_stream *stream = calloc(1, sizeof *stream);
    BIO *bio = bio_method != NULL ? BIO_new(bio_method) : NULL;
    if (ssl == NULL || stream == NULL || bio == NULL) {
        SSL_free(ssl);
        BIO_free(bio);
        free(stream);
        tls_forget_errors();
        return NULL;
    }
    stream->ssl = ssl;
    stream->carrier = *carrier;
    BIO_set_data(bio, stream);
    SSL_set_msg_callback(ssl, count_key_updates);
    SSL_set_msg_callback_arg(ssl, stream);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    return stream;
}

struct tls_stream *tls_stream_accept(struct tls_server *server, const struct tls_carrier *carrier)
{
    struct tls_stream *stream = open_stream(server_connection_new(server), carrier);
    if (stream == NULL)
        return NULL;
    tls_server_hold(server);
    stream->server = server;
    SSL_set_accept_state(stream->ssl);
    return stream;
}

struct tls_stream *tls_stream_connect(struct tls_client *client, const char *name,
                                      const struct tls_carrier *carrier)
{
    struct tls_stream *stream = open_stream(client_connection_new(client, name), carrier);
    if (stream == NULL)
        return NULL;
    tls_client_hold(client);
    stream->client = client;
    SSL_set_connect_state(stream->ssl);
    return stream;
}

struct tls_stream *tls_stream_ask(struct tls_server *server, const struct tls_carrier *carrier)
{
    struct tls_stream *stream = open_stream(server_connection_new_own(server), carrier);
    if (stream != NULL)
        SSL_set_connect_state(stream->ssl);
    return stream;
}

void tls_stream_free(struct tls_stream *stream)
{
    if (stream == NULL)
        return;
    SSL_free(stream->ssl);
    tls_server_release(stream->server);
    tls_client_release(stream->client);
    free(stream);
}

/* --- steps --- */

/* The reason, for people: a certificate's first. */
static void note_failure(struct tls_stream *stream)
{
    char why[128], text[256];
    const long verified = SSL_get_verify_result(stream->ssl);
    tls_describe_error(why, sizeof why);
    if (verified != X509_V_OK)
        snprintf(text, sizeof text, "%s: %s", why, X509_verify_cert_error_string(verified));
    else
        snprintf(text, sizeof text, "%s", why);
    if (stream->client != NULL)
        client_connection_note(stream->client, text);
}

static enum tls_result stream_end(struct tls_stream *stream, int returned)
{
    switch (SSL_get_error(stream->ssl, returned)) {
    case SSL_ERROR_NONE:
        return TLS_DONE;
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return TLS_AGAIN;
    case SSL_ERROR_ZERO_RETURN:
    case SSL_ERROR_SYSCALL:
        return TLS_ENDED;
    default:
        note_failure(stream);
        return TLS_FAILED;
    }
}

/* The certificate was verified by then. */
static void note_peer(struct tls_stream *stream)
{
    const X509 *certificate = SSL_get0_peer_certificate(stream->ssl);
    if (stream->server != NULL && certificate != NULL &&
        !server_connection_is_own(stream->server, certificate))
        server_connection_note(stream->server, certificate, SSL_get0_verified_chain(stream->ssl),
                               &stream->holder);
    tls_forget_errors();
}

enum tls_result tls_stream_shake(struct tls_stream *stream)
{
    if (SSL_is_init_finished(stream->ssl))
        return TLS_DONE;
    tls_forget_errors();
    const enum tls_result result = stream_end(stream, SSL_do_handshake(stream->ssl));
    if (result == TLS_DONE)
        note_peer(stream);
    return result;
}

enum tls_result tls_stream_send(struct tls_stream *stream, const uint8_t *bytes, size_t *n)
{
    const enum tls_result shaken = tls_stream_shake(stream);
    if (shaken != TLS_DONE)
        return shaken;
    tls_forget_errors();
    return stream_end(stream, SSL_write_ex(stream->ssl, bytes, *n, n));
}

enum tls_result tls_stream_receive(struct tls_stream *stream, uint8_t *bytes, size_t *n)
{
    const enum tls_result shaken = tls_stream_shake(stream);
    if (shaken != TLS_DONE)
        return shaken;
    tls_forget_errors();
    const enum tls_result result = stream_end(stream, SSL_read_ex(stream->ssl, bytes, *n, n));
    if (result == TLS_DONE)
        stream->received += *n;
    if (result == TLS_DONE && stream->client != NULL && !stream->is_heard) {
        stream->is_heard = true;
        client_connection_note(stream->client, "");
    }
    return result;
}

void tls_stream_close(struct tls_stream *stream)
{
    if (SSL_is_init_finished(stream->ssl))
        (void)SSL_shutdown(stream->ssl);
    tls_forget_errors();
}

const struct tls_holder *tls_stream_holder(const struct tls_stream *stream)
{
    return &stream->holder;
}
