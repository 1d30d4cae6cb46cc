/* test_stream.c: a server's end of TLS against a client of OpenSSL's own, over memory. */
#include "tls/stream.h"

#include <criterion/criterion.h>
#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char directory[] = "/tmp/test-stream-XXXXXX";
static char cert[64], cert_key[64];
static struct tls_server *server;
static struct tls_stream *stream;
static SSL *client;
static BIO *to_client, *to_server; /* the client's */

static enum tls_result send_to_client(void *arg, const uint8_t *bytes, size_t *n)
{
    (void)arg;
    return BIO_write_ex(to_client, bytes, *n, n) == 1 ? TLS_DONE : TLS_FAILED;
}

static enum tls_result receive_from_client(void *arg, uint8_t *bytes, size_t *n)
{
    (void)arg;
    return BIO_read_ex(to_server, bytes, *n, n) == 1 ? TLS_DONE : TLS_AGAIN;
}

static void run(const char *command)
{
    cr_assert_eq(system(command), 0, "%s", command);
}

static void set_up(void)
{
    char command[256], error[512] = "";
    cr_assert_not_null(mkdtemp(directory));
    snprintf(command, sizeof command, "'%s' '%s'", getenv("MAKE_CERTIFICATES"), directory);
    run(command);
    snprintf(cert, sizeof cert, "%s/server.pem", directory);
    snprintf(cert_key, sizeof cert_key, "%s/server.key", directory);
    server = tls_server_open(&(struct tls_server_files){.cert = cert, .key = cert_key}, error, sizeof error);
    cr_assert_not_null(server, "%s", error);

    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    client = SSL_new(context);
    SSL_CTX_free(context);
    to_client = BIO_new(BIO_s_mem());
    to_server = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(to_client, -1);
    BIO_set_mem_eof_return(to_server, -1);
    SSL_set_bio(client, to_client, to_server);
    SSL_set_connect_state(client);
    static const struct tls_carrier carrier = {.send = send_to_client, .receive = receive_from_client};
    stream = tls_stream_accept(server, &carrier);
    cr_assert_not_null(stream);
    for (bool is_shaken = false; !is_shaken;) {
        is_shaken = SSL_do_handshake(client) == 1;
        is_shaken &= tls_stream_shake(stream) == TLS_DONE;
    }
}

static void tear_down(void)
{
    char command[64];
    tls_stream_free(stream);
    tls_server_release(server);
    SSL_free(client);
    snprintf(command, sizeof command, "rm -r '%s'", directory);
    if (system(command) != 0)
        abort();
}

TestSuite(stream, .init = set_up, .fini = tear_down, .timeout = 60);

static void update_key(void)
{
    cr_assert_eq(SSL_key_update(client, SSL_KEY_UPDATE_NOT_REQUESTED), 1);
    cr_assert_eq(SSL_do_handshake(client), 1);
}

static void send_text(const char *text, size_t n)
{
    cr_assert_eq(SSL_write(client, text, (int)n), (int)n);
}

static enum tls_result receive(void)
{
    static uint8_t bytes[1 << 16];
    size_t n = sizeof bytes;
    return tls_stream_receive(stream, bytes, &n);
}

/* Each is work, and nothing of it is ever seen above. */
Test(stream, one_that_does_nothing_but_change_its_key_is_ended)
{
    for (int i = 0; i < 1000; i++)
        update_key();
    send_text("late", 4);
    cr_assert_eq(receive(), TLS_ENDED);
    cr_assert_gt(BIO_pending(to_server), 900 * 20, "most of it was looked at");
}

Test(stream, one_that_changes_its_key_now_and_then_is_not)
{
    static char text[1 << 14];
    for (int i = 0; i < 30; i++)
        update_key();
    send_text("x", 1);
    cr_assert_eq(receive(), TLS_DONE);
    for (int mib = 0; mib < 20; mib++) {
        for (size_t sent = 0; sent < 1 << 20; sent += sizeof text) {
            send_text(text, sizeof text);
            cr_assert_eq(receive(), TLS_DONE);
        }
        update_key();
    }
    cr_assert_eq(receive(), TLS_AGAIN);
}
