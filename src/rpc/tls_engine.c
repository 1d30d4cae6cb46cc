/* tls_engine.c: nng's words for what tls/stream.h does. */
#include "rpc/tls_engine.h"

#include "tls/stream.h"

#include <nng/supplemental/tls/engine.h>
#include <nng/supplemental/tls/tls.h>
#include <stdlib.h>
#include <string.h>

static const char scheme[] = "tls+tcp://";

/* A record of more bytes would not find room in what nng keeps of them. */
enum { RECORD_BYTES = 15 << 10, NAME_BYTES = 256 };

struct nng_tls_engine_config {
    struct tls_server *server; /* held; one of these two, which who makes the endpoint sets */
    struct tls_client *client;
    char name[NAME_BYTES]; /* of the server that a client dials */
};

struct nng_tls_engine_conn {
    struct tls_stream *stream; /* NULL: it came to nothing */
};

/* --- what carries the bytes --- */

static enum tls_result result_of(int error)
{
    if (error == 0)
        return TLS_DONE;
    return error == NNG_EAGAIN ? TLS_AGAIN : TLS_ENDED;
}

static enum tls_result carry_out(void *arg, const uint8_t *bytes, size_t *n)
{
    return result_of(nng_tls_engine_send(arg, bytes, n));
}

static enum tls_result carry_in(void *arg, uint8_t *bytes, size_t *n)
{
    return result_of(nng_tls_engine_recv(arg, bytes, n));
}

/* --- connections --- */

static int error_of(enum tls_result result)
{
    static const int errors[] = {
        [TLS_DONE] = 0, [TLS_AGAIN] = NNG_EAGAIN, [TLS_ENDED] = NNG_ECONNSHUT, [TLS_FAILED] = NNG_ECRYPTO};
    return errors[result];
}

static int init_conn(nng_tls_engine_conn *conn, void *arg, nng_tls_engine_config *config)
{
    const struct tls_carrier carrier = {carry_out, carry_in, arg};
    if (config->server != NULL)
        conn->stream = tls_stream_accept(config->server, &carrier);
    else if (config->client != NULL)
        conn->stream = tls_stream_connect(config->client, config->name, &carrier);
    else
        return NNG_ESTATE;
    return conn->stream != NULL ? 0 : NNG_ENOMEM;
}

static void fini_conn(nng_tls_engine_conn *conn)
{
    tls_stream_free(conn->stream);
}

static void close_conn(nng_tls_engine_conn *conn)
{
    tls_stream_close(conn->stream);
}

static int shake(nng_tls_engine_conn *conn)
{
    return error_of(tls_stream_shake(conn->stream));
}

static int engine_receive(nng_tls_engine_conn *conn, uint8_t *bytes, size_t *n)
{
    return error_of(tls_stream_receive(conn->stream, bytes, n));
}

static int transmit(nng_tls_engine_conn *conn, const uint8_t *bytes, size_t *n)
{
    if (*n > RECORD_BYTES)
        *n = RECORD_BYTES;
    return error_of(tls_stream_send(conn->stream, bytes, n));
}

/* A peer that is to be is, or there is no connection. */
static bool is_verified(nng_tls_engine_conn *conn)
{
    return tls_stream_shake(conn->stream) == TLS_DONE;
}

/* --- configurations --- */

static int init_config(nng_tls_engine_config *config, nng_tls_mode mode)
{
    (void)config;
    (void)mode;
    return 0;
}

static void fini_config(nng_tls_engine_config *config)
{
    tls_server_release(config->server);
    tls_client_release(config->client);
}

/* A dialer's, out of its URL. */
static int set_name(nng_tls_engine_config *config, const char *name)
{
    const size_t size = strlen(name) + 1;
    if (size > sizeof config->name)
        return NNG_EADDRINVAL;
    memcpy(config->name, name, size);
    return 0;
}

/* What nng's own options could say is for src/tls to say. */

static int refuse_auth(nng_tls_engine_config *config, nng_tls_auth_mode mode)
{
    (void)config;
    (void)mode;
    return NNG_ENOTSUP;
}

static int refuse_chain(nng_tls_engine_config *config, const char *certs, const char *revoked)
{
    (void)config;
    (void)certs;
    (void)revoked;
    return NNG_ENOTSUP;
}

static int refuse_cert(nng_tls_engine_config *config, const char *cert, const char *key,
                       const char *passphrase)
{
    (void)config;
    (void)cert;
    (void)key;
    (void)passphrase;
    return NNG_ENOTSUP;
}

static int refuse_version(nng_tls_engine_config *config, nng_tls_version least, nng_tls_version most)
{
    (void)config;
    (void)least;
    (void)most;
    return NNG_ENOTSUP;
}

int tls_engine_register(void)
{
    static nng_tls_engine_conn_ops conns = {
        .size = sizeof(struct nng_tls_engine_conn),
        .init = init_conn,
        .fini = fini_conn,
        .close = close_conn,
        .handshake = shake,
        .recv = engine_receive,
        .send = transmit,
        .verified = is_verified,
    };
    static nng_tls_engine_config_ops configs = {
        .size = sizeof(struct nng_tls_engine_config),
        .init = init_config,
        .fini = fini_config,
        .server = set_name,
        .auth = refuse_auth,
        .ca_chain = refuse_chain,
        .own_cert = refuse_cert,
        .version = refuse_version,
    };
    static const nng_tls_engine engine = {
        .version = NNG_TLS_ENGINE_VERSION,
        .config_ops = &configs,
        .conn_ops = &conns,
        .name = "orders",
        .description = "OpenSSL by src/tls",
    };
    return nng_tls_engine_register(&engine);
}

/* --- endpoints --- */

bool tls_engine_is_for(const char *url)
{
    return strncmp(url, scheme, strlen(scheme)) == 0;
}

/* Takes what an endpoint's option gave. */
static int configure(nng_tls_config *shared, struct tls_server *server, struct tls_client *client)
{
    nng_tls_engine_config *config = nng_tls_config_engine_data(shared);
    tls_server_hold(server);
    tls_client_hold(client);
    config->server = server;
    config->client = client;
    nng_tls_config_free(shared);
    return 0;
}

int tls_engine_serve(nng_listener listener, struct tls_server *server)
{
    void *config = NULL;
    const int failed = nng_listener_get_ptr(listener, NNG_OPT_TLS_CONFIG, &config);
    return failed != 0 ? failed : configure(config, server, NULL);
}

int tls_engine_connect(nng_dialer dialer, struct tls_client *client)
{
    void *config = NULL;
    const int failed = nng_dialer_get_ptr(dialer, NNG_OPT_TLS_CONFIG, &config);
    return failed != 0 ? failed : configure(config, NULL, client);
}

const struct tls_holder *tls_engine_holder(nng_pipe pipe)
{
    void *conn = NULL;
    if (nng_pipe_get_ptr(pipe, NNG_OPT_TLS_ENGINE_CONN, &conn) != 0)
        return NULL;
    return tls_stream_holder(((nng_tls_engine_conn *)conn)->stream);
}
