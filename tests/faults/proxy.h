/* proxy.h: stands between clients and one server, knows where SP's frames begin and end, and on command cuts
 * a connection in the middle of one, drops a reply, or delivers a request twice.
 */
#ifndef FAULTS_PROXY_H
#define FAULTS_PROXY_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

enum proxy_fault {
    PROXY_CUT_REQUEST, /* half of it arrives, then the connection closes */
    PROXY_CUT_REPLY,
    PROXY_DROP_REPLY,     /* the connection stays */
    PROXY_DOUBLE_REQUEST, /* the copy goes with a later request, to another server perhaps */
    PROXY_FAULTS
};

struct proxy {
    uint16_t port;        /* where clients connect, on 127.0.0.1 */
    uint16_t server_port; /* where the server listens; set once it is known */
    int listener;
    atomic_uint pending[PROXY_FAULTS]; /* of each, how many next frames are to suffer it */
    atomic_uint done;                  /* faults that happened */
    pthread_t thread;
};

/* Listens, and serves until the process ends. Ends the process when it cannot. */
void proxy_start(struct proxy *proxy);

#endif
