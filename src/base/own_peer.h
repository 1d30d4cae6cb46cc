/* own_peer.h: the connection by which a process asks at its own address whether it serves, so that whoever
 * takes it knows it from a client's. One at a time; safe from any thread.
 */
#ifndef BASE_OWN_PEER_H
#define BASE_OWN_PEER_H

#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

/* A socket's, of whatever family. */
union own_peer_name {
    struct sockaddr any;
    struct sockaddr_storage storage;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_un local;
};

struct own_peer {
    pthread_mutex_t lock; /* guards all below */
    int fd;               /* -1: it asks nothing */
    bool aborted;
    uint64_t deadline_ns;         /* of the thread that asks */
    struct sockaddr_storage name; /* of no family: there is none */
};

void own_peer_init(struct own_peer *peer);

/* Makes the socket, on the thread that asks; all that is done with it has this time together. Returns it,
 * until own_peer_close; -1: errno says why. */
int own_peer_open(struct own_peer *peer, int family, unsigned timeout_ms);
void own_peer_close(struct own_peer *peer);

/* What connect(2) returns, and recv(2), with these flags; EINPROGRESS or EAGAIN: the time is up. */
int own_peer_connect(struct own_peer *peer, const struct sockaddr_storage *to, socklen_t size);
ssize_t own_peer_receive(struct own_peer *peer, void *bytes, size_t size, int flags);

/* What it waits for, now or ever after, fails at once: but a connect over ipc, which may take its time. */
void own_peer_abort(struct own_peer *peer);

/* Whether a peer of this name is it. Until own_peer_connect has returned, only its port is known, and a peer
 * of another host with the same port is taken for it: so being it must grant nothing, but not to be counted.
 * After own_peer_close, nobody is. */
bool own_peer_is(struct own_peer *peer, const struct sockaddr_storage *name);

/* For a prober_ask, when one of these steps, or a send, failed: writes what errno says, which is "no answer"
 * when the time was up. False, but when the service may live all the same: there is no file or memory left
 * for a socket, so that nobody is accepted either, for as long as that lasts; or no port is left to ask from,
 * which says nothing of the service, and nothing is written. */
bool own_peer_failed(char *why, size_t why_size);

/* The same for an answer that is none: writes what is wrong with it, and returns false. */
bool own_peer_refuse(char *why, size_t why_size, const char *what);

#endif
