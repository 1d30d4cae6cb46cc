/* outbox.c: a list, and whoever ends a row of replies wakes the one who sends it. */
#include "rpc/outbox.h"

static struct outgoing *empty(struct outbox *outbox)
{
    struct outgoing *first = outbox->first;
    outbox->first = NULL;
    outbox->end = &outbox->first;
    return first;
}

static void send_all(void *arg)
{
    struct outbox *outbox = arg;
    for (;;) {
        pthread_mutex_lock(&outbox->lock);
        struct outgoing *reply = empty(outbox);
        outbox->sender_runs = reply != NULL;
        pthread_mutex_unlock(&outbox->lock);
        if (reply == NULL)
            return;
        while (reply != NULL) {
            struct outgoing *next = reply->next; /* once it is sent, it may be here again */
            nng_ctx_send(reply->context, reply->aio);
            reply = next;
        }
    }
}

bool outbox_init(struct outbox *outbox)
{
    *outbox = (struct outbox){.end = &outbox->first};
    pthread_mutex_init(&outbox->lock, NULL);
    return nng_aio_alloc(&outbox->sender, send_all, outbox) == 0;
}

void outbox_free(struct outbox *outbox)
{
    nng_aio_free(outbox->sender);
    pthread_mutex_destroy(&outbox->lock);
}

void outbox_send(struct outbox *outbox, struct outgoing *reply, bool more)
{
    reply->next = NULL;
    pthread_mutex_lock(&outbox->lock);
    bool alone = !more && outbox->first == NULL;
    if (!alone) {
        *outbox->end = reply;
        outbox->end = &reply->next;
    }
    bool wake = !alone && !more && !outbox->sender_runs;
    outbox->sender_runs |= wake;
    pthread_mutex_unlock(&outbox->lock);
    if (alone) {
        nng_ctx_send(reply->context, reply->aio);
    } else if (wake) {
        nng_aio_begin(outbox->sender);
        nng_aio_finish(outbox->sender, 0);
    }
}
