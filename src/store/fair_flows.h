/* fair_flows.h: lists of operations by principal, and by connection of one: what store/queue.h queues fairly.
 *
 * Turns are equal in rows (deficit round robin, M. Shreedhar and G. Varghese 1995): whoever had a large page
 * passes for as many turns as there are in it.
 *
 * Both are told apart by a hash, which is perturbed now and then. No locks: whoever has the flows guards
 * them.
 */
#ifndef STORE_FAIR_FLOWS_H
#define STORE_FAIR_FLOWS_H

#include "store/operation.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    FAIR_PRINCIPALS = 64,
    FAIR_FLOWS = 64,      /* of each */
    FAIR_TURN_ROWS = 128, /* which one may have each time that it is its turn: a list of the usual size */
};

/* What is asked in the name of one principal. */
struct fair_principal {
    /* What one connection asked is in one flow, which a hash picks. */
    struct operation_list flows[FAIR_FLOWS];
    uint64_t waiting;           /* a bit for each flow that has operations */
    unsigned next;              /* the flow that is next */
    unsigned debts[FAIR_FLOWS]; /* rows that each flow had beyond its turns */
};

/* Zeros: nothing is in it. */
struct fair_flows {
    struct fair_principal principals[FAIR_PRINCIPALS]; /* a hash picks which */
    uint64_t waiting;                                  /* a bit for each that has operations */
    unsigned next;                                     /* the one that is next */
    unsigned debts[FAIR_PRINCIPALS];                   /* rows that each had beyond its turns */
    uint32_t salt;                                     /* of the hashes */
};

/* Adds a chain of operations of one call. */
void fair_flows_add(struct fair_flows *flows, struct operation *first, struct operation *last);

/* A flow is empty perhaps, and then its principal has one less. */
void fair_flows_note_rest(struct fair_flows *flows, unsigned whose, unsigned index);

/* Empties all into one list: what one connection asked keeps its order. Those who shared a place part when it
 * is added again. */
struct operation_list fair_flows_empty(struct fair_flows *flows);

/* Moves those whose deadline has passed to a list, in no order. */
void fair_flows_expire(struct fair_flows *flows, uint64_t now_ns, struct operation **expired);

/* The same of one list. */
void operation_list_expire(struct operation_list *list, uint64_t now_ns, struct operation **expired);

static inline uint64_t fair_bit(unsigned index)
{
    return UINT64_C(1) << index;
}

/* Whose turn it is of a set, which is not empty, from `from` on: each that is in debt passes, and owes less.
 */
unsigned fair_whose_turn(unsigned debts[static 64], uint64_t set, unsigned from);

/* Whether all of a set are. */
bool fair_are_in_debt(const unsigned debts[static 64], uint64_t set);

/* One had its turn, and so many rows. */
void fair_charge(unsigned *debt, unsigned rows);

#endif
