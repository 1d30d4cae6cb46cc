/* queue.h: operations that wait for one worker, first come first served.
 *
 * Any thread pushes; the one worker takes. The queue's file descriptor is readable when the worker, having
 * found the queue empty, was given something: so the worker can wait for that and for its connection at once.
 */
#ifndef STORE_QUEUE_H
#define STORE_QUEUE_H

#include "store/operation.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct queue {
    pthread_mutex_t lock; /* guards all below */
    struct operation *first;
    struct operation *last;
    uint64_t sequence; /* of the last operation pushed */
    bool closed;       /* what is pushed fails at once: the database is out of reach */
    bool waiting;      /* the worker waits for `event` */
    int event;         /* an eventfd; -1: none */
};

/* False: errno says why. A new queue is open. */
bool queue_init(struct queue *queue);

/* The queue must be empty. */
void queue_destroy(struct queue *queue);

/* Adds a chain of operations, linked by `next`; each fails at once when the queue is closed. */
void queue_push(struct queue *queue, struct operation *first);

/* Takes operations for one batch, at most `most`: no two writes of one order, since one statement cannot
 * apply them in their order; the later one stays. Returns how many. */
size_t queue_take(struct queue *queue, struct operation *out[], size_t most);

/* Fails those whose deadline has passed. */
void queue_expire(struct queue *queue, uint64_t now_ns);

/* Closes, and fails what waits; or opens. */
void queue_close(struct queue *queue);
void queue_open(struct queue *queue);
bool queue_is_closed(struct queue *queue);

/* Makes ready to wait for queue->event. False: there is something to take already. */
bool queue_begin_wait(struct queue *queue);
void queue_end_wait(struct queue *queue);

/* Makes queue->event readable. */
void queue_wake(struct queue *queue);

#endif
