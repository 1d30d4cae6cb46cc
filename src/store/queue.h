/* queue.h: operations that wait for a worker: callers get their turns one after another, and what one caller
 * asked is first come first served.
 *
 * Callers are told apart by a hash (stochastic fairness queueing, P. McKenney 1990): two of them, rarely,
 * share the turns of one.
 *
 * Any thread pushes; the workers, each on a seat of its own, take. A seat's file descriptor is readable when
 * its worker, having found nothing to take, was given something: so it can wait for that and for its
 * connection at once.
 */
#ifndef STORE_QUEUE_H
#define STORE_QUEUE_H

#include "base/metrics.h"
#include "store/lane.h"
#include "store/operation.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    QUEUE_SEATS_MOST = 64,
    QUEUE_FLOWS = 64,
};

/* What one caller asked. */
struct flow {
    struct operation *first;
    struct operation *last;
};

struct seat {
    int event;    /* an eventfd; never changes */
    bool open;    /* operations may wait for its worker */
    bool waiting; /* for `event` */
};

struct queue {
    unsigned n_seats;
    struct metric *depth; /* a gauge, to which it adds how many wait in it; NULL: none. Set it before use */
    pthread_mutex_t lock; /* guards all below */
    struct flow flows[QUEUE_FLOWS];
    uint64_t waiting;  /* a bit for each flow that has operations */
    unsigned turn;     /* the flow that is next */
    unsigned crowded;  /* batches to go as if there were several callers, since there lately were */
    uint64_t sequence; /* of the last operation pushed */
    unsigned n_open;   /* none: what is pushed fails at once, as the database is out of reach */
    struct seat seats[QUEUE_SEATS_MOST];
};

/* Seats are closed at first. False: errno says why. */
bool queue_init(struct queue *queue, unsigned n_seats);

/* The queue must be empty. */
void queue_destroy(struct queue *queue);

/* Adds a chain of operations of one call, linked by `next`; each fails at once when the queue is closed. */
void queue_push(struct queue *queue, struct operation *first);

/* Takes operations for one batch, as many as that may have, of each caller in turn: no two writes of one
 * order, since one statement cannot apply them in their order, nor of one request_id, since the later is to
 * find the record of the earlier; the later one stays. Returns how many. */
size_t queue_take(struct queue *queue, struct operation *out[], struct lane_batch most);

/* Fails those whose deadline has passed. */
void queue_expire(struct queue *queue, uint64_t now_ns);

/* A worker lost its connection. What waits, and what it was woken for perhaps, is another's to take. */
void queue_leave(struct queue *queue);

/* A worker comes, or stays away; with the last one, what waits fails. Either may be said again. */
void queue_open(struct queue *queue, unsigned seat);
void queue_close(struct queue *queue, unsigned seat);
bool queue_is_closed(struct queue *queue);

/* Makes ready to wait for the seat's event. False: there is something to take already. */
bool queue_begin_wait(struct queue *queue, unsigned seat);

/* Takes the event back, if it came. */
void queue_end_wait(struct queue *queue, unsigned seat);

/* The descriptor to wait for, and what makes it readable. */
int queue_event(const struct queue *queue, unsigned seat);
void queue_wake(struct queue *queue, unsigned seat);

#endif
