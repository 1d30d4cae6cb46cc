/* queue.h: operations that wait for a worker: fair queueing between principals, then between the connections
 * of one principal, and first come first served for what one connection asked.
 *
 * Principals and connections are told apart by a hash (stochastic fairness queueing, P. McKenney 1990), whose
 * salt changes now and then: two whose hashes collide share a flow for a moment only. The cost of taking an
 * operation does not depend on how many wait.
 *
 * Any thread pushes; workers take. Each worker has a slot with a file descriptor, which becomes readable when
 * something was pushed while the worker waited: so it can poll that and its connection at once.
 *
 * Writes whose order another session has locked go to another queue (store/locked.h).
 */
#ifndef STORE_QUEUE_H
#define STORE_QUEUE_H

#include "base/metrics.h"
#include "store/fair_flows.h"
#include "store/lane.h"
#include "store/locked.h"
#include "store/operation.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    QUEUE_SLOTS_MOST = 64,
};

struct worker_slot {
    int event;    /* an eventfd; never changes */
    bool open;    /* operations may wait for its worker */
    bool waiting; /* for `event` */
};

struct queue {
    unsigned n_slots;
    struct metric *depth;  /* a gauge, to which it adds how many wait in it; NULL: none. Set it before use */
    struct queue *aside;   /* where operations are set aside; NULL: none ever is. Set it before use */
    struct locked *locked; /* owned; of what is set aside here; NULL: nothing ever is */
    pthread_mutex_t lock;  /* guards all below, and what is said to be so in `locked` */
    struct fair_flows flows;
    unsigned taken;  /* batches since they were perturbed */
    unsigned shared; /* so many more batches are bounded as with several callers, as there were lately */
    unsigned shared_principals; /* the same of principals */
    uint64_t sequence;          /* of the last operation pushed */
    unsigned n_open;            /* none: what is pushed fails at once */
    const char *why_closed;     /* then */
    struct worker_slot slots[QUEUE_SLOTS_MOST];
};

/* What is kept of an operation that was taken, as the operation is gone once it is answered. */
struct queue_taken {
    uint32_t order;             /* the hash of its order */
    uint32_t principal, caller; /* the hashes by which it was queued */
};

/* Worker slots are closed at first. False: errno says why; it is to be destroyed all the same. */
bool queue_init(struct queue *queue, unsigned n_slots);

/* Makes it one into which others set aside. False likewise. */
bool queue_init_aside(struct queue *queue, unsigned n_slots);

/* The queue must be empty. */
void queue_destroy(struct queue *queue);

/* Adds a chain of operations of one call, linked by `next`; each fails at once when the queue is closed. */
void queue_push(struct queue *queue, struct operation *first);

/* Takes operations for one batch, within `most`, round robin over principals and their connections. Of two
 * writes of one order only the earlier is taken, since one statement cannot apply both in their order, and so
 * of two with one request_id of a principal, since the later is to find the earlier's record. Returns how
 * many. */
size_t queue_take(struct queue *queue, struct operation *out[], struct lane_batch most);

struct queue_taken queue_taken_of(const struct operation *operation);

/* Charges the callers of operations that were taken for a batch of a lane that is timed: all together took so
 * long. To be called before the next batch is taken. */
void queue_charge(struct queue *queue, const struct queue_taken taken[], size_t n, uint64_t took_ns);

/* These operations, which were taken, are answered, set aside or put back. */
void queue_release(struct queue *queue, const struct queue_taken taken[], size_t n);

/* Sets aside an operation that was taken and found a lock. `aside` is not NULL. */
void queue_set_aside(struct queue *queue, struct operation *operation);

/* Puts an operation back that was set aside, was taken, and is still locked. */
void queue_put_back(struct queue *queue, struct operation *operation);

/* Fails those whose deadline has passed. */
void queue_expire(struct queue *queue, uint64_t now_ns);

/* A worker lost its connection: wakes another, for what this one may have been woken for. */
void queue_leave(struct queue *queue);

/* A worker can take operations, or no longer can; without any, what waits and what is pushed fails. `why` is
 * the message for callers; static. Both are idempotent. */
void queue_open(struct queue *queue, unsigned slot);
void queue_close(struct queue *queue, unsigned slot, const char *why);
bool queue_is_closed(struct queue *queue);

/* Makes ready to wait for the slot's event. Returns for how long, in milliseconds; 0: not at all, as there is
 * something to take; -1: until it comes. */
int queue_begin_wait(struct queue *queue, unsigned slot);

/* Takes the event back, if it came. */
void queue_end_wait(struct queue *queue, unsigned slot);

/* The descriptor to wait for, and what makes it readable. */
int queue_event(const struct queue *queue, unsigned slot);
void queue_wake(struct queue *queue, unsigned slot);

/* Where the operations of one lane wait: in one queue for all its workers, or in one for each. */
struct lane_queues {
    struct queue *queues;
    unsigned n;
};

/* Where those of an order wait, and so are taken by one worker after another: by its hash. */
struct queue *lane_queues_pick(const struct lane_queues *lane, uint32_t hash);

#endif
