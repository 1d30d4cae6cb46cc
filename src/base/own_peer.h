/* own_peer.h: the connection by which a process asks at its own address whether it serves, so that whoever
 * takes it knows it from a client's. One at a time; safe from any thread.
 */
#ifndef BASE_OWN_PEER_H
#define BASE_OWN_PEER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct own_peer {
    pthread_mutex_t lock; /* guards all below */
    int fd;               /* -1: it asks nothing */
    bool aborted;
    uint64_t deadline_ns;         /* of the thread that asks */
    struct sockaddr_storage name; /* of no family: there is none */
};

void own_peer_init(struct own_peer *peer);

/* Makes the socket, on the thread that asks; all that is done with it has this time together. Returns it,
 * until own_peer_close; -1: no file is left for it. */
int own_peer_open(struct own_peer *peer, int family, unsigned timeout_ms);
void own_peer_close(struct own_peer *peer);

/* What connect(2) returns, and recv(2) with MSG_WAITALL; EINPROGRESS or EAGAIN: the time is up. */
int own_peer_connect(struct own_peer *peer, const struct sockaddr_storage *to, socklen_t size);
ssize_t own_peer_receive(struct own_peer *peer, void *bytes, size_t size);

/* What it waits for, now or ever after, fails at once: but a connect over ipc, which may take its time. */
void own_peer_abort(struct own_peer *peer);

/* Whether a peer of this name is it. Until own_peer_connect has returned its port is all that is known of it,
 * so a peer of another host with the same one is taken for it: as one is by accident, whoever is it is to be
 * served as all others are. After own_peer_close, nobody is. */
bool own_peer_is(struct own_peer *peer, const struct sockaddr_storage *name);

#endif
