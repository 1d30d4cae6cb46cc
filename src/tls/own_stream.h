/* own_stream.h: the stream of a process's probe of its own address: plain, or TLS with the process's own
 * certificate. The timeout of the own_peer covers all of it. */
#ifndef TLS_OWN_STREAM_H
#define TLS_OWN_STREAM_H

#include "base/own_peer.h"
#include "tls/server.h"
#include "tls/stream.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct own_stream {
    struct own_peer *self;
    struct tls_stream *tls; /* owned; NULL: it has none */
};

/* Over a peer that is connected; without a server, without TLS. False: errno says why; see own_peer_failed.
 */
bool own_stream_open(struct own_stream *stream, struct own_peer *self, struct tls_server *server);
void own_stream_close(struct own_stream *stream);

/* All of the bytes. False: as above. */
bool own_stream_send(struct own_stream *stream, const void *bytes, size_t size);

/* How many of them came before the end, or in time. -1: as above. */
ssize_t own_stream_receive(struct own_stream *stream, void *bytes, size_t size);

#endif
