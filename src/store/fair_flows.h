/* fair_flows.h: lists of operations by principal, and by connection of one: what store/queue.h queues fairly.
 *
 * They are served round robin, with an equal number of rows each (deficit round robin, M. Shreedhar and G.
 * Varghese 1995): after a page of several quanta of rows its caller is passed over for as many rounds. An
 * operation is charged when it is taken, by the rows that it reads at most, or when it is done, by the time
 * that it took.
 *
 * Principals and connections are told apart by a hash, whose salt changes now and then. No locks: the owner
 * of the flows guards them.
 */
#ifndef STORE_FAIR_FLOWS_H
#define STORE_FAIR_FLOWS_H

#include "base/bit_set.h"
#include "store/operation.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    FAIR_PRINCIPALS = 64,
    FAIR_FLOWS = 64,                         /* of each */
    FAIR_QUANTUM_ROWS = 128,                 /* which each may have in a round: a list of the usual size */
    FAIR_COST_MOST = 64 * FAIR_QUANTUM_ROWS, /* of one operation, so that it is passed over for few rounds */
    FAIR_ROW_NS = 20000,                     /* a row, where time is charged: a quantum is 2.56 ms */
    FAIR_TIME_MOST = 50000, /* rows that one is charged at most for time: a second, as it may have run while
                               nobody else waited */
};

/* The operations of one principal. */
struct fair_principal {
    /* The operations of one connection are in one flow, which a hash picks. */
    struct operation_list flows[FAIR_FLOWS];
    uint64_t waiting;              /* a bit for each flow that has operations */
    unsigned next;                 /* the flow that is next */
    unsigned deficits[FAIR_FLOWS]; /* rows that each flow had beyond its quanta */
};

/* Zeros: nothing is in it. */
struct fair_flows {
    struct fair_principal principals[FAIR_PRINCIPALS]; /* a hash picks which */
    uint64_t waiting;                                  /* a bit for each that has operations */
    unsigned next;                                     /* the one that is next */
    unsigned deficits[FAIR_PRINCIPALS];                /* rows that each had beyond its quanta */
    uint32_t salt;                                     /* of the hashes */
};

/* Adds a chain of operations of one call. */
void fair_flows_add(struct fair_flows *flows, struct operation *first, struct operation *last);

/* Operations were taken from a flow: if it is empty now, it is no longer served. */
void fair_flows_note_rest(struct fair_flows *flows, unsigned whose, unsigned index);

/* Empties all flows into one list, in which the operations of one connection keep their order: to be added
 * again under another salt, so that connections whose hashes collided no longer share a flow. */
struct operation_list fair_flows_empty(struct fair_flows *flows);

/* Moves those whose deadline has passed to a list, in no order. */
void fair_flows_expire(struct fair_flows *flows, uint64_t now_ns, struct operation **expired);

/* The same of one list. */
void operation_list_expire(struct operation_list *list, uint64_t now_ns, struct operation **expired);

/* The next one to serve of a set that is not empty, from `from` on: one with a deficit is passed over, and
 * its deficit reduced by a quantum. */
unsigned fair_next(unsigned deficits[static 64], uint64_t set, unsigned from);

/* Whether all of a set have a deficit. */
bool fair_have_deficits(const unsigned deficits[static 64], uint64_t set);

/* Charges one for rows beyond this round's quantum. */
void fair_charge(unsigned *deficit, unsigned rows);

/* Charges a principal, and its connection, for the time that an operation took. */
void fair_flows_charge(struct fair_flows *flows, uint32_t principal_hash, uint32_t caller, uint64_t took_ns);

#endif
