/* writer.h: a thread that writes large answers, so that none of libmicrohttpd's does: each of those serves
 * hundreds of connections, and a few lists of a thousand orders would hold up all of them for milliseconds.
 * One thread: it never has more than one core. It writes for one principal after another, and what one has
 * asked for first come, first served: a lone list is behind one of those of a principal with four hundred,
 * which is all that there can be of one connection.
 */
#ifndef HTTP_WRITER_H
#define HTTP_WRITER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#define WRITER_NAME "http:writer" /* its thread's */

/* One answer to write; embedded in what it is for. */
struct writing {
    STAILQ_ENTRY(writing) next;
    uint32_t principal; /* a hash of who asked */
    void (*write)(
        struct writing *writing); /* on the writer's thread; `writing` may be gone when it returns */
};

STAILQ_HEAD(writing_list, writing);

enum { WRITER_FLOWS = 64 };

struct writer {
    pthread_t thread;
    bool is_running;
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t changed;
    /* What one principal asked is in one flow, which a hash picks, as in store/queue.h. */
    struct writing_list flows[WRITER_FLOWS];
    uint64_t waiting; /* a bit for each flow that has writings */
    unsigned next;    /* the flow that is next */
    uint32_t salt;    /* of the hash */
    unsigned taken;   /* since it was changed */
    bool stop;
};

/* False: errno says why. */
bool writer_start(struct writer *writer);

/* From any thread. The writing stays the caller's, who keeps it until it was written. */
void writer_add(struct writer *writer, struct writing *writing);

/* When nothing is added any more; what waits is written first. One that was not started, and is all zero,
 * is left as it is. */
void writer_stop(struct writer *writer);

#endif
