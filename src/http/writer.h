/* writer.h: a thread that writes large answers, so that none of libmicrohttpd's does: each of those serves
 * hundreds of connections, and a few lists of a thousand orders would hold up all of them for milliseconds.
 * One thread, first come, first served: it never has more than one core.
 */
#ifndef HTTP_WRITER_H
#define HTTP_WRITER_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/queue.h>

#define WRITER_NAME "http:writer" /* its thread's */

/* One answer to write; embedded in what it is for. */
struct writing {
    STAILQ_ENTRY(writing) next;
    void (*write)(
        struct writing *writing); /* on the writer's thread; `writing` may be gone when it returns */
};

struct writer {
    pthread_t thread;
    bool is_running;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    STAILQ_HEAD(writing_list, writing) waiting; /* guarded by lock */
    bool stop;                                  /* guarded by lock */
};

/* False: errno says why. */
bool writer_start(struct writer *writer);

/* From any thread. The writing stays the caller's, who keeps it until it was written. */
void writer_add(struct writer *writer, struct writing *writing);

/* When nothing is added any more; what waits is written first. One that was not started, and is all zero,
 * is left as it is. */
void writer_stop(struct writer *writer);

#endif
