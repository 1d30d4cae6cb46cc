/* own_peer.c: a socket, and the address and port that it has. */
#include "base/own_peer.h"

#include "base/time.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

void own_peer_init(struct own_peer *peer)
{
    *peer = (struct own_peer){.lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1, .name.ss_family = AF_UNSPEC};
}

/* False: there is no time left. */
static bool limit(const struct own_peer *peer, int option)
{
    const uint64_t now_ns = time_monotonic_ns();
    if (now_ns + NS_PER_US > peer->deadline_ns) { /* of 0 us would be for ever */
        errno = EAGAIN;
        return false;
    }
    const uint64_t left_ns = peer->deadline_ns - now_ns;
    const struct timeval timeout = {.tv_sec = (time_t)(left_ns / NS_PER_S),
                                    .tv_usec = (suseconds_t)(left_ns % NS_PER_S / NS_PER_US)};
    return setsockopt(peer->fd, SOL_SOCKET, option, &timeout, sizeof timeout) == 0;
}

int own_peer_open(struct own_peer *peer, int family, unsigned timeout_ms)
{
    const int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    pthread_mutex_lock(&peer->lock);
    peer->fd = fd;
    peer->deadline_ns = time_monotonic_ns() + (uint64_t)timeout_ms * NS_PER_MS;
    pthread_mutex_unlock(&peer->lock);
    return fd;
}

/* Under the lock: own_peer_abort shuts down no other file that gets the number. */
void own_peer_close(struct own_peer *peer)
{
    pthread_mutex_lock(&peer->lock);
    close(peer->fd);
    peer->fd = -1;
    peer->name.ss_family = AF_UNSPEC;
    pthread_mutex_unlock(&peer->lock);
}

void own_peer_abort(struct own_peer *peer)
{
    pthread_mutex_lock(&peer->lock);
    peer->aborted = true;
    if (peer->fd >= 0)
        shutdown(peer->fd, SHUT_RDWR);
    pthread_mutex_unlock(&peer->lock);
}

static bool is_aborted(struct own_peer *peer)
{
    pthread_mutex_lock(&peer->lock);
    const bool aborted = peer->aborted;
    pthread_mutex_unlock(&peer->lock);
    if (aborted)
        errno = ECANCELED;
    return aborted;
}

static void note_name(struct own_peer *peer)
{
    struct sockaddr_storage name = {.ss_family = AF_UNSPEC};
    socklen_t size = sizeof name;
    if (getsockname(peer->fd, (struct sockaddr *)&name, &size) != 0)
        name.ss_family = AF_UNSPEC;
    pthread_mutex_lock(&peer->lock);
    peer->name = name;
    pthread_mutex_unlock(&peer->lock);
}

/* The other end may see it before connect returns, when its port is all that is known of it. That it
 * was aborted is looked at again when it is connected, as before that there is nothing to shut down. */
int own_peer_connect(struct own_peer *peer, const struct sockaddr_storage *to, socklen_t size)
{
    const union own_peer_name any = {.any.sa_family = to->ss_family};
    const bool is_ipc = to->ss_family == AF_UNIX;
    if (!is_ipc && bind(peer->fd, &any.any, size) != 0)
        return -1;
    if (!is_ipc)
        note_name(peer);
    if (is_aborted(peer) || !limit(peer, SO_SNDTIMEO) ||
        connect(peer->fd, (const struct sockaddr *)to, size) != 0)
        return -1;
    if (!is_ipc)
        note_name(peer);
    return is_aborted(peer) ? -1 : 0;
}

ssize_t own_peer_receive(struct own_peer *peer, void *bytes, size_t size, int flags)
{
    return limit(peer, SO_RCVTIMEO) ? recv(peer->fd, bytes, size, flags) : -1;
}

static bool is_v4(const struct sockaddr_in *own, const struct sockaddr_in *name)
{
    return own->sin_port == name->sin_port &&
           (own->sin_addr.s_addr == htonl(INADDR_ANY) || own->sin_addr.s_addr == name->sin_addr.s_addr);
}

static bool is_v6(const struct sockaddr_in6 *own, const struct sockaddr_in6 *name)
{
    return own->sin6_port == name->sin6_port &&
           (IN6_IS_ADDR_UNSPECIFIED(&own->sin6_addr) ||
            memcmp(&own->sin6_addr, &name->sin6_addr, sizeof own->sin6_addr) == 0);
}

bool own_peer_is(struct own_peer *peer, const struct sockaddr_storage *name)
{
    const union own_peer_name other = {.storage = *name};
    pthread_mutex_lock(&peer->lock);
    const union own_peer_name own = {.storage = peer->name};
    pthread_mutex_unlock(&peer->lock);
    if (own.any.sa_family != other.any.sa_family)
        return false;
    return (own.any.sa_family == AF_INET && is_v4(&own.v4, &other.v4)) ||
           (own.any.sa_family == AF_INET6 && is_v6(&own.v6, &other.v6));
}

bool own_peer_failed(char *why, size_t why_size)
{
    switch (errno) {
    case EADDRINUSE: /* by bind */
    case EADDRNOTAVAIL:
        return true;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
        snprintf(why, why_size, "accepts nobody: %m");
        return true;
    case EAGAIN:
    case EINPROGRESS:
        return own_peer_refuse(why, why_size, "no answer");
    default:
        snprintf(why, why_size, "%m");
        return false;
    }
}

bool own_peer_refuse(char *why, size_t why_size, const char *what)
{
    snprintf(why, why_size, "%s", what);
    return false;
}
