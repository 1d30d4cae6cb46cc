/* rpc_peer.h: an RPC server that a test holds in its hand: it takes one request at a time and answers when
 * the test says so. It speaks SP over TCP by itself, so that a request in hand is an event to wait for. */
#ifndef SUPPORT_RPC_PEER_H
#define SUPPORT_RPC_PEER_H

#include "rpc/v1/frame.pb-c.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rpc_peer {
    int listen_fd;
    int fd; /* -1 until a client connected */
    uint8_t request_header[4];
    char url[64];
};

void rpc_peer_open(struct rpc_peer *peer);

/* The same in two steps: one that has an address, where connections are refused, and one that listens. */
void rpc_peer_reserve(struct rpc_peer *peer);
void rpc_peer_listen(struct rpc_peer *peer);

/* Waits for a client to connect, if none has, or else to send something; false: not within TIMEOUT_MS. */
bool rpc_peer_asked(const struct rpc_peer *peer, int timeout_ms);

/* Takes a connection, and greets; rpc_peer_take does so by itself. */
void rpc_peer_accept(struct rpc_peer *peer);

/* Waits for a request, to be freed with rpc__v1__request__free_unpacked. One that asks whether a front end's
 * own key holds, which comes at any time, is answered that it does, and not returned. */
Rpc__V1__Request *rpc_peer_take(struct rpc_peer *peer);

/* Answers the request taken last. */
void rpc_peer_answer(struct rpc_peer *peer, Rpc__V1__Code code, const char *message);

/* Answers it with success. */
void rpc_peer_answer_message(struct rpc_peer *peer, const ProtobufCMessage *message);

/* The same, with a frame that may be none. */
void rpc_peer_answer_bytes(struct rpc_peer *peer, const void *frame, size_t size);

/* Closes the connection; the next request is taken on another. */
void rpc_peer_hang_up(struct rpc_peer *peer);

void rpc_peer_close(struct rpc_peer *peer);

#endif
