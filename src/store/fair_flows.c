/* fair_flows.c: lists, and a bit for each that has something. */
#include "store/fair_flows.h"

#include "base/hash.h"

#include <string.h>

void fair_flows_add(struct fair_flows *flows, struct operation *first, struct operation *last)
{
    const unsigned whose = hash_mix(first->call->principal_hash, flows->salt) % FAIR_PRINCIPALS;
    const unsigned index = hash_mix(first->call->caller, flows->salt) % FAIR_FLOWS;
    struct fair_principal *principal = &flows->principals[whose];
    operation_list_append(&principal->flows[index], first, last);
    principal->waiting |= bit_set_of(index);
    flows->waiting |= bit_set_of(whose);
}

void fair_flows_note_rest(struct fair_flows *flows, unsigned whose, unsigned index)
{
    struct fair_principal *principal = &flows->principals[whose];
    if (principal->flows[index].first == NULL)
        principal->waiting &= ~bit_set_of(index);
    if (principal->waiting == 0)
        flows->waiting &= ~bit_set_of(whose);
}

/* They are of places. */
static void forget_deficits(struct fair_flows *flows)
{
    memset(flows->deficits, 0, sizeof flows->deficits);
    for (unsigned i = 0; i < FAIR_PRINCIPALS; i++)
        memset(flows->principals[i].deficits, 0, sizeof flows->principals[i].deficits);
}

struct operation_list fair_flows_empty(struct fair_flows *flows)
{
    struct operation_list all = {NULL, NULL};
    while (flows->waiting != 0) {
        struct fair_principal *principal = &flows->principals[bit_set_pop(&flows->waiting)];
        while (principal->waiting != 0) {
            struct operation_list *flow = &principal->flows[bit_set_pop(&principal->waiting)];
            operation_list_append(&all, flow->first, flow->last);
            flow->first = NULL;
        }
    }
    forget_deficits(flows);
    flows->salt += UINT32_C(0x9e3779b9);
    return all;
}

unsigned fair_next(unsigned deficits[static 64], uint64_t set, unsigned from)
{
    for (;;) {
        const unsigned index = bit_set_next(set, from);
        if (deficits[index] == 0)
            return index;
        deficits[index] = deficits[index] > FAIR_QUANTUM_ROWS ? deficits[index] - FAIR_QUANTUM_ROWS : 0;
        from = index + 1;
    }
}

bool fair_have_deficits(const unsigned deficits[static 64], uint64_t set)
{
    while (set != 0) {
        if (deficits[bit_set_pop(&set)] == 0)
            return false;
    }
    return true;
}

void fair_charge(unsigned *deficit, unsigned rows)
{
    if (rows > FAIR_QUANTUM_ROWS)
        *deficit = rows - FAIR_QUANTUM_ROWS;
}

void operation_list_expire(struct operation_list *list, uint64_t now_ns, struct operation **expired)
{
    list->last = NULL;
    for (struct operation **link = &list->first; *link != NULL;) {
        struct operation *operation = *link;
        if (operation->call->deadline_ns <= now_ns) {
            *link = operation->next;
            operation->next = *expired;
            *expired = operation;
        } else {
            list->last = operation;
            link = &operation->next;
        }
    }
}

void fair_flows_expire(struct fair_flows *flows, uint64_t now_ns, struct operation **expired)
{
    for (uint64_t left = flows->waiting; left != 0;) {
        const unsigned whose = bit_set_pop(&left);
        struct fair_principal *principal = &flows->principals[whose];
        for (uint64_t of = principal->waiting; of != 0;) {
            const unsigned index = bit_set_pop(&of);
            operation_list_expire(&principal->flows[index], now_ns, expired);
            fair_flows_note_rest(flows, whose, index);
        }
    }
}
