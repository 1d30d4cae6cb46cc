/* fair_flows.c: lists, and a bit for each that has something. */
#include "store/fair_flows.h"

#include "base/hash.h"

#include <string.h>

static unsigned principal_of(const struct fair_flows *flows, uint32_t principal_hash)
{
    return hash_mix(principal_hash, flows->salt) % FAIR_PRINCIPALS;
}

static unsigned flow_of(const struct fair_flows *flows, uint32_t caller)
{
    return hash_mix(caller, flows->salt) % FAIR_FLOWS;
}

void fair_flows_add(struct fair_flows *flows, struct operation *first, struct operation *last)
{
    const unsigned whose = principal_of(flows, first->call->principal_hash);
    const unsigned index = flow_of(flows, first->call->caller);
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

static void add_deficit(unsigned *deficit, unsigned rows)
{
    *deficit = *deficit + rows < FAIR_TIME_MOST ? *deficit + rows : FAIR_TIME_MOST;
}

void fair_flows_charge(struct fair_flows *flows, uint32_t principal_hash, uint32_t caller, uint64_t took_ns)
{
    const unsigned whose = principal_of(flows, principal_hash);
    const uint64_t rows = took_ns / FAIR_ROW_NS;
    const unsigned most = rows < FAIR_TIME_MOST ? (unsigned)rows : FAIR_TIME_MOST;
    add_deficit(&flows->deficits[whose], most);
    add_deficit(&flows->principals[whose].deficits[flow_of(flows, caller)], most);
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
