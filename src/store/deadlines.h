/* deadlines.h: a thread that ends calls whose deadline has passed, and never blocks: a worker may block in
 * libpq, which waits for a disk, a name server, or a pipe at stderr. */
#ifndef STORE_DEADLINES_H
#define STORE_DEADLINES_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum { DEADLINES_TICK_MS = 20 }; /* how much later than its deadline a call may be ended */

struct deadlines {
    pthread_t thread;
    void (*expire)(void *arg, uint64_t now_ns); /* ends what has a deadline that is not after it */
    void *arg;
    pthread_mutex_t lock; /* guards `stop` */
    pthread_cond_t changed;
    bool stop;
};

/* Calls `expire` every DEADLINES_TICK_MS. False: errno says why. */
bool deadlines_start(struct deadlines *deadlines, void (*expire)(void *arg, uint64_t now_ns), void *arg);

void deadlines_stop(struct deadlines *deadlines);

#endif
