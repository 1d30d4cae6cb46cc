/* own_peer.h: the connection by which a process asks at its own address whether it serves, so that whoever
 * takes it knows it from a client's. One at a time; safe from any thread.
 */
#ifndef BASE_OWN_PEER_H
#define BASE_OWN_PEER_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/socket.h>

struct own_peer {
    pthread_mutex_t lock;
    struct sockaddr_storage name; /* guarded by lock; of no family: there is none */
};

void own_peer_init(struct own_peer *peer);

/* Connects a socket over TCP, as the one. What connect(2) returns. */
int own_peer_connect(struct own_peer *peer, int fd, const struct sockaddr_storage *to, socklen_t size);

/* Whether a peer of this name is it. */
bool own_peer_is(struct own_peer *peer, const struct sockaddr_storage *name);

#endif
