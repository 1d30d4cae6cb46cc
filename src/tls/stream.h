/* stream.h: TLS over any carrier of bytes. Never blocks.
 *
 * A stream is used by one thread at a time.
 */
#ifndef TLS_STREAM_H
#define TLS_STREAM_H

#include "tls/client.h"
#include "tls/server.h"

#include <stddef.h>
#include <stdint.h>

enum tls_result {
    TLS_DONE,
    TLS_AGAIN,  /* once bytes have come, or gone */
    TLS_ENDED,  /* its peer, or what carries it, has */
    TLS_FAILED, /* the peer's certificate is not accepted, or the peer breaks the protocol */
};

/* What carries it. Each takes some of the bytes, at most *n, and sets *n to how many; TLS_AGAIN: none, now.
 */
struct tls_carrier {
    enum tls_result (*send)(void *arg, const uint8_t *bytes, size_t *n);
    enum tls_result (*receive)(void *arg, uint8_t *bytes, size_t *n);
    void *arg;
};

struct tls_stream;

/* The server's end of a new connection; a client's to a server of that name; and that of a process that asks
 * at its own address. NULL: no memory. */
struct tls_stream *tls_stream_accept(struct tls_server *server, const struct tls_carrier *carrier);
struct tls_stream *tls_stream_connect(struct tls_client *client, const char *name,
                                      const struct tls_carrier *carrier);
struct tls_stream *tls_stream_ask(struct tls_server *server, const struct tls_carrier *carrier);

/* NULL does nothing. */
void tls_stream_free(struct tls_stream *stream);

/* Goes on with the handshake. Sending and receiving do so too. */
enum tls_result tls_stream_shake(struct tls_stream *stream);

/* Some of the bytes, at most *n, which is set to how many. After TLS_AGAIN the same bytes are to be sent. */
enum tls_result tls_stream_send(struct tls_stream *stream, const uint8_t *bytes, size_t *n);
enum tls_result tls_stream_receive(struct tls_stream *stream, uint8_t *bytes, size_t *n);

/* Tells the peer that nothing more is sent, if that can be done at once. */
void tls_stream_close(struct tls_stream *stream);

/* Of a server's end, when the handshake is done: who the client is; of no subject: it has no certificate, or
 * is this process. It stays. */
const struct tls_holder *tls_stream_holder(const struct tls_stream *stream);

#endif
