/* relay.h: stands between the store and its server, forwards what both say, and lets a session die silently:
 * each end then has a connection on which nothing comes any more, and which nobody closes. */
#ifndef STORE_RELAY_H
#define STORE_RELAY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { RELAY_MOST = 64 }; /* sessions in all */

struct relay_session {
    struct relay *relay;
    int client, server; /* sockets */
    atomic_bool dead;
};

/* Its threads run to the end of the test: it must be static. */
struct relay {
    uint16_t port; /* on 127.0.0.1, where the server is to be found */
    int listening;
    char server[108];            /* the path of its socket */
    _Atomic(const char *) death; /* a statement: the next session that is to run it dies before its commit */
    atomic_uint deaths;
    atomic_uint pause_ms; /* twice within the server's first words of a session; 0: none */
    struct relay_session sessions[RELAY_MOST];
    atomic_uint n;
};

/* Forwards to the server in this directory, to the end of the test. */
void relay_start(struct relay *relay, const char *directory);

#endif
