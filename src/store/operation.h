/* operation.h: one request to the database, on its way through a worker.
 *
 * Made in its call's arena; owned by the queue, then by a batch, which answers it once.
 */
#ifndef STORE_OPERATION_H
#define STORE_OPERATION_H

#include "base/call.h"
#include "orders/v1/orders.pb-c.h"
#include "store/etag.h"
#include "store/store.h"

#include <stdint.h>

struct statement;
struct summary_memory;

struct operation {
    struct operation *next; /* in a queue or a list */
    const struct statement *statement;
    struct call *call;
    uint32_t hash;         /* of order_id */
    uint32_t request_hash; /* of principal, request_id and index; 0: no write, or without request_id */
    uint64_t sequence;     /* in which order the worker's queue took it in */

    const char *order_id;            /* statements by key: which order */
    Orders__V1__Order *order;        /* create and update: what to store */
    unsigned fields;                 /* update: which of its fields */
    struct etag etag;                /* update and remove: only the order that has it */
    const struct store_query *query; /* list: which orders; NULL once nobody waits for it */
    const char *sql;                 /* list: the statement where it is made for the query, or NULL */
    uint64_t rows;                   /* list: that it reads at most, those that it passes over included */
    const struct store_count *count; /* statistics: what to count */
    struct summary_memory *summary;  /* summary: what is known of it */

    /* The outcome: an answer, or a code and why. */
    const ProtobufCMessage *answer;
    struct shared_arena *shared; /* the arena of an answer that outlives its batch; NULL: it does not */
    enum status_code code;
    const char *message; /* static, or in an arena that lives until it is finished */
    bool replayed;       /* it is the outcome that was recorded when the request came before */
    bool more;           /* another call ends right after this one */
    unsigned attempts;   /* how often a conflict with another transaction undid it */
    bool locked;         /* it waits for a lock of another session, or behind a write that does */

    void (*finish)(struct operation *operation); /* tells the caller; called by operation_finish alone */
    ProtobufCClosure closure;
    void *closure_data;
    struct create_many *many; /* the request it is a part of, or NULL */
    size_t index;             /* in that request */
};

/* In the order in which they came, linked by `next`; zeros: none. */
struct operation_list {
    struct operation *first;
    struct operation *last; /* whose `next` is NULL; not to be read when there is no first */
};

/* Adds a chain of operations, from the first of it to the last. */
void operation_list_append(struct operation_list *list, struct operation *first, struct operation *last);

/* Tells the caller the outcome, once: the operation is gone after it. */
void operation_finish(struct operation *operation);

/* Ends an operation in an error. The message must be static. */
void operation_fail(struct operation *operation, enum status_code code, const char *message);

/* Sets the outcome to what call_recheck returned, when the caller has lost its right; operation_finish is
 * still to be called. */
void operation_refuse(struct operation *operation, enum status_code code, const char *why);

/* Ends an operation whose deadline has passed. */
void operation_expire(struct operation *operation);

/* The hash that picks an order's queue. */
uint32_t operation_hash(const char *order_id);

/* operation->request_hash. */
uint32_t operation_request_hash(const struct operation *operation);

/* A copy that holds an operation's place in a batch while the caller is told that the deadline passed. It
 * lives in the arena of `nobody`, a call without a caller, has no content to send again, and is not finished.
 */
struct operation *operation_abandon(const struct operation *operation, struct call *nobody);

/* Whether nobody waits for it any more. */
bool operation_abandoned(const struct operation *operation);

#endif
