/* own_peer.c: compares addresses and ports. */
#include "base/own_peer.h"

#include <netinet/in.h>
#include <string.h>

union name {
    struct sockaddr_storage any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

void own_peer_init(struct own_peer *peer)
{
    *peer = (struct own_peer){.lock = PTHREAD_MUTEX_INITIALIZER, .name.ss_family = AF_UNSPEC};
}

static void note(struct own_peer *peer, int fd)
{
    struct sockaddr_storage name = {.ss_family = AF_UNSPEC};
    socklen_t size = sizeof name;
    if (getsockname(fd, (struct sockaddr *)&name, &size) != 0)
        name.ss_family = AF_UNSPEC;
    pthread_mutex_lock(&peer->lock);
    peer->name = name;
    pthread_mutex_unlock(&peer->lock);
}

/* The other end may see it before connect returns, when its port is all that is known of it. */
int own_peer_connect(struct own_peer *peer, int fd, const struct sockaddr_storage *to, socklen_t size)
{
    const union name any = {.any.ss_family = to->ss_family};
    if (bind(fd, (const struct sockaddr *)&any, size) != 0)
        return -1;
    note(peer, fd);
    if (connect(fd, (const struct sockaddr *)to, size) != 0)
        return -1;
    note(peer, fd);
    return 0;
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
    const union name other = {.any = *name};
    pthread_mutex_lock(&peer->lock);
    const union name own = {.any = peer->name};
    pthread_mutex_unlock(&peer->lock);
    if (own.any.ss_family != other.any.ss_family)
        return false;
    return (own.any.ss_family == AF_INET && is_v4(&own.v4, &other.v4)) ||
           (own.any.ss_family == AF_INET6 && is_v6(&own.v6, &other.v6));
}
