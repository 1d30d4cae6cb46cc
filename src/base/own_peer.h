/* own_peer.h: the connection by which a process probes its own address, and by which the listener there tells
 * it from a client's. One at a time; safe from any thread. */
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
    int fd;               /* -1: no probe is under way */
    bool aborted;
    uint64_t deadline_ns;         /* of the probe */
    struct sockaddr_storage name; /* AF_UNSPEC: there is none */
};

void own_peer_init(struct own_peer *peer);

/* Makes the socket, on the thread that probes. The timeout covers all that is done until own_peer_close. -1:
 * errno says why. */
int own_peer_open(struct own_peer *peer, int family, unsigned timeout_ms);
void own_peer_close(struct own_peer *peer);

/* What connect(2) returns, and recv(2), with these flags; EINPROGRESS or EAGAIN: the time is up. */
int own_peer_connect(struct own_peer *peer, const struct sockaddr_storage *to, socklen_t size);
ssize_t own_peer_receive(struct own_peer *peer, void *bytes, size_t size, int flags);

/* Makes its present wait and all later ones fail at once. Only a connect over ipc goes on. */
void own_peer_abort(struct own_peer *peer);

/* Whether a peer of this address is the probe. Until own_peer_connect has returned only its port is known,
 * and a peer of another host with the same port is taken for it: so the probe must have no privilege but to
 * be outside the limit of connections. After own_peer_close no peer is. */
bool own_peer_is(struct own_peer *peer, const struct sockaddr_storage *name);

/* What a prober_ask returns when one of these steps, or a send, failed. Writes what errno says, "no answer"
 * after the timeout. True in two cases in which the service may be alive: no file or memory is left for a
 * socket, so that clients are not accepted either; or no port is left to connect from, which says nothing of
 * the service, and then nothing is written. */
bool own_peer_failed(char *why, size_t why_size);

/* The same for a malformed answer: writes what is wrong with it, and returns false. */
bool own_peer_refuse(char *why, size_t why_size, const char *what);

#endif
