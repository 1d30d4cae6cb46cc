/* outbox.h: replies that are ready to be sent.
 *
 * A reply that comes alone is sent at once, on the calling thread, which saves a thread switch. Replies that
 * come together are sent on nng's thread, which also runs the callbacks of what was sent: any other thread
 * would contend with it for nng's locks at each reply.
 */
#ifndef RPC_OUTBOX_H
#define RPC_OUTBOX_H

#include <nng/nng.h>
#include <pthread.h>
#include <stdbool.h>

/* A reply: the aio carries it, and its callback says what became of it. */
struct outgoing {
    nng_ctx context;
    nng_aio *aio;
    struct outgoing *next; /* in the outbox */
};

struct outbox {
    nng_aio *sender;      /* owned; runs on nng's thread */
    pthread_mutex_t lock; /* guards all below */
    struct outgoing *first;
    struct outgoing **end;
    bool sender_runs;
};

/* False: no memory; it is to be freed all the same. */
bool outbox_init(struct outbox *outbox);

/* It must be empty, and nobody may send any more. */
void outbox_free(struct outbox *outbox);

/* Sends a reply; with `more`, another follows at once. From any thread. */
void outbox_send(struct outbox *outbox, struct outgoing *reply, bool more);

#endif
