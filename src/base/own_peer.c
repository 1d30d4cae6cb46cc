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

void own_peer_set(struct own_peer *peer, int fd)
{
    struct sockaddr_storage name = {.ss_family = AF_UNSPEC};
    socklen_t size = sizeof name;
    if (fd >= 0 && getsockname(fd, (struct sockaddr *)&name, &size) != 0)
        name.ss_family = AF_UNSPEC;
    pthread_mutex_lock(&peer->lock);
    peer->name = name;
    pthread_mutex_unlock(&peer->lock);
}

static bool is_same(const union name *a, const union name *b)
{
    if (a->any.ss_family != b->any.ss_family)
        return false;
    if (a->any.ss_family == AF_INET)
        return a->v4.sin_port == b->v4.sin_port && a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
    return a->any.ss_family == AF_INET6 && a->v6.sin6_port == b->v6.sin6_port &&
           memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr, sizeof a->v6.sin6_addr) == 0;
}

bool own_peer_is(struct own_peer *peer, const struct sockaddr_storage *name)
{
    pthread_mutex_lock(&peer->lock);
    const bool same = is_same(&(union name){.any = peer->name}, &(union name){.any = *name});
    pthread_mutex_unlock(&peer->lock);
    return same;
}
