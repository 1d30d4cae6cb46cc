/* servers.c: a place for each, of which there are few, and one round of probes at a time. */
#include "rpc/servers.h"

#include "base/time.h"

#include <pthread.h>
#include <stdlib.h>

enum { ASK_AGAIN_MS = 50 }; /* and then after twice as long each time */

struct server {
    uint32_t pipe; /* 0: it is not connected */
    uint64_t heard_ns;
    bool closing; /* it is unresponsive, and that was told */
};

struct servers {
    pthread_mutex_t lock; /* guards all below */
    uint64_t asked_ns;    /* when the first probe was sent; 0: none is to be answered */
    uint64_t again_ns;    /* when the next one is due */
    uint64_t decide_ns;   /* until when they have time to answer */
    size_t count;
    struct server each[];
};

struct servers *servers_new(size_t count)
{
    struct servers *servers = calloc(1, sizeof *servers + count * sizeof servers->each[0]);
    if (servers == NULL)
        return NULL;
    servers->count = count;
    pthread_mutex_init(&servers->lock, NULL);
    return servers;
}

void servers_free(struct servers *servers)
{
    if (servers == NULL)
        return;
    pthread_mutex_destroy(&servers->lock);
    free(servers);
}

/* --- who is there --- */

/* The place of a connection, or with 0 a free one. NULL: there is none. */
static struct server *servers_find(struct servers *servers, uint32_t pipe)
{
    for (size_t i = 0; i < servers->count; i++) {
        if (servers->each[i].pipe == pipe)
            return &servers->each[i];
    }
    return NULL;
}

void servers_add(struct servers *servers, uint32_t pipe, uint64_t now_ns)
{
    pthread_mutex_lock(&servers->lock);
    struct server *server = servers_find(servers, 0);
    if (server != NULL)
        *server = (struct server){.pipe = pipe, .heard_ns = now_ns};
    pthread_mutex_unlock(&servers->lock);
}

void servers_remove(struct servers *servers, uint32_t pipe)
{
    pthread_mutex_lock(&servers->lock);
    struct server *server = servers_find(servers, pipe);
    if (server != NULL)
        *server = (struct server){0};
    pthread_mutex_unlock(&servers->lock);
}

bool servers_any(struct servers *servers)
{
    bool any = false;
    pthread_mutex_lock(&servers->lock);
    for (size_t i = 0; i < servers->count; i++)
        any |= servers->each[i].pipe != 0;
    pthread_mutex_unlock(&servers->lock);
    return any;
}

void servers_hear(struct servers *servers, uint32_t pipe, uint64_t now_ns)
{
    pthread_mutex_lock(&servers->lock);
    struct server *server = servers_find(servers, pipe);
    if (server != NULL)
        server->heard_ns = now_ns;
    pthread_mutex_unlock(&servers->lock);
}

/* --- who does not respond --- */

/* A call that gives a server less time is not to wait until the others have decided. */
static void shorten(struct servers *servers, uint64_t grace_ns, uint64_t now_ns)
{
    if (servers->asked_ns == 0) {
        servers->asked_ns = servers->again_ns = now_ns;
        servers->decide_ns = UINT64_MAX;
    }
    if (servers->decide_ns > now_ns + grace_ns)
        servers->decide_ns = now_ns + grace_ns;
}

size_t servers_overdue(struct servers *servers, uint64_t grace_ns, uint64_t now_ns)
{
    const uint64_t soonest_ns = (uint64_t)ASK_AGAIN_MS * NS_PER_MS;
    size_t probes = 0;
    pthread_mutex_lock(&servers->lock);
    if (grace_ns != 0)
        shorten(servers, grace_ns, now_ns);
    if (servers->asked_ns != 0 && now_ns >= servers->again_ns && now_ns < servers->decide_ns) {
        const uint64_t passed_ns = now_ns - servers->asked_ns;
        servers->again_ns = now_ns + (passed_ns > soonest_ns ? passed_ns : soonest_ns);
        probes = servers->count;
    }
    pthread_mutex_unlock(&servers->lock);
    return probes;
}

static uint32_t take_silent(struct servers *servers)
{
    for (size_t i = 0; i < servers->count; i++) {
        struct server *server = &servers->each[i];
        if (server->pipe != 0 && !server->closing && server->heard_ns < servers->asked_ns) {
            server->closing = true;
            return server->pipe;
        }
    }
    return 0;
}

uint32_t servers_take_unresponsive(struct servers *servers, uint64_t now_ns)
{
    uint32_t pipe = 0;
    pthread_mutex_lock(&servers->lock);
    if (servers->asked_ns != 0 && now_ns >= servers->decide_ns) {
        pipe = take_silent(servers);
        if (pipe == 0)
            servers->asked_ns = 0;
    }
    pthread_mutex_unlock(&servers->lock);
    return pipe;
}
