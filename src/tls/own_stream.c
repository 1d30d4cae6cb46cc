/* own_stream.c: TLS over a socket that blocks: what would block has taken all the time there is. */
#include "tls/own_stream.h"

#include <errno.h>
#include <stdint.h>
#include <sys/socket.h>

static enum tls_result result_of(ssize_t done, size_t *n)
{
    if (done > 0) {
        *n = (size_t)done;
        return TLS_DONE;
    }
    if (done == 0)
        errno = ECONNRESET;
    return TLS_ENDED;
}

static enum tls_result carry_out(void *arg, const uint8_t *bytes, size_t *n)
{
    const struct own_peer *self = arg;
    return result_of(send(self->fd, bytes, *n, MSG_NOSIGNAL), n);
}

static enum tls_result carry_in(void *arg, uint8_t *bytes, size_t *n)
{
    return result_of(own_peer_receive(arg, bytes, *n, 0), n);
}

/* What carries it has set errno. */
static bool is_done(enum tls_result result)
{
    if (result == TLS_FAILED)
        errno = EPROTO;
    return result == TLS_DONE;
}

bool own_stream_open(struct own_stream *stream, struct own_peer *self, struct tls_server *server)
{
    const struct tls_carrier carrier = {carry_out, carry_in, self};
    *stream = (struct own_stream){.self = self};
    if (server == NULL)
        return true;
    stream->tls = tls_stream_ask(server, &carrier);
    errno = ENOMEM;
    return stream->tls != NULL && is_done(tls_stream_shake(stream->tls));
}

void own_stream_close(struct own_stream *stream)
{
    tls_stream_free(stream->tls);
    stream->tls = NULL;
}

bool own_stream_send(struct own_stream *stream, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    if (stream->tls == NULL)
        return send(stream->self->fd, bytes, size, MSG_NOSIGNAL) >= 0;
    for (size_t n; size > 0; at += n, size -= n) {
        n = size;
        if (!is_done(tls_stream_send(stream->tls, at, &n)))
            return false;
    }
    return true;
}

ssize_t own_stream_receive(struct own_stream *stream, void *bytes, size_t size)
{
    size_t got = 0;
    if (stream->tls == NULL)
        return own_peer_receive(stream->self, bytes, size, MSG_WAITALL);
    while (got < size) {
        size_t n = size - got;
        errno = ECONNRESET; /* its end is no error of the socket's */
        const enum tls_result result = tls_stream_receive(stream->tls, (uint8_t *)bytes + got, &n);
        if (!is_done(result))
            return result == TLS_ENDED && errno == ECONNRESET ? (ssize_t)got : -1;
        got += n;
    }
    return (ssize_t)got;
}
