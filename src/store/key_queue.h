/* key_queue.h: the queue of changes and lists of keys. Each belongs to a call, which is answered once: when
 * it is done, when its deadline has passed, when its caller has lost the right to it, or when the database is
 * out of reach. First come, first served, with a bound for each principal, so that nobody waits behind many
 * of another. */
#ifndef STORE_KEY_QUEUE_H
#define STORE_KEY_QUEUE_H

#include "base/arena.h"
#include "base/call.h"
#include "store/key_statements.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum { KEY_QUEUE_EACH = 16 }; /* bound of one principal's operations that wait */

/* A change or a list. */
struct key_operation {
    struct arena arena; /* owns the parameters */
    const struct key_statement *statement;
    const char *params[KEY_PARAMS_MOST];
    struct call *call; /* guarded by the queue's lock; NULL: it was answered while it was under way */
    uint64_t deadline_ns;
    key_store_done *done;
    void *closure_data;
    struct key_operation *next;
};

struct key_queue {
    pthread_mutex_t lock; /* guards all below */
    bool is_open;
    const char *why_closed;              /* then */
    struct key_operation *first, **last; /* that wait */
    struct key_operation *current;       /* that was taken */
};

/* Makes a queue that is closed. */
void key_queue_init(struct key_queue *queue);

/* The queue must be closed. */
void key_queue_destroy(struct key_queue *queue);

/* The database is there. */
void key_queue_open(struct key_queue *queue);

/* There is no session: what waits, and whatever is pushed, is answered with why, which is static. */
void key_queue_close(struct key_queue *queue, const char *why);

/* Adds a copy of one, with its parameters. False: it was not taken, and is answered. */
bool key_queue_push(struct key_queue *queue, const struct key_operation *operation);

/* The next one that its caller may still ask for, which is under way until it is ended; NULL: none waits. */
struct key_operation *key_queue_take(struct key_queue *queue);

/* Puts it at the end of the queue, or frees it if it was answered already. */
void key_queue_again(struct key_queue *queue, struct key_operation *operation);

/* Answers it, if it was not, and frees it. A result of NULL: what became of it is not known. */
void key_queue_end(struct key_queue *queue, struct key_operation *operation, const PGresult *result);

/* Answers those whose deadline has passed, and frees those that wait; one that is under way may be done all
 * the same. Any thread. */
void key_queue_expire(struct key_queue *queue, uint64_t now_ns);

#endif
