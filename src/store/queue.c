/* queue.c: a list under a lock, and an eventfd a worker slot that is written only while its worker waits for
 * it. */
#include "store/queue.h"

#include "base/hash.h"
#include "base/time.h"
#include "store/statement.h"

#include <assert.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    KEYS = 1 << 12,       /* of a set, a power of two */
    KEYS_MOST = 3 << 10,  /* that are in it, so that it stays quick */
    SHARED_BATCHES = 64,  /* how long several callers are remembered: one alone waits before it asks again */
    PERTURB_BATCHES = 64, /* how long two callers may share a place */
    STATEMENT_ROWS = 20,  /* what a statement that does not fold costs besides its rows, in rows */
};

bool queue_init(struct queue *queue, unsigned n_slots)
{
    *queue = (struct queue){.why_closed = "The database is out of reach"};
    pthread_mutex_init(&queue->lock, NULL);
    for (; queue->n_slots < n_slots; queue->n_slots++) {
        int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (event < 0)
            return false;
        queue->slots[queue->n_slots].event = event;
    }
    return true;
}

bool queue_init_aside(struct queue *queue, unsigned n_slots)
{
    if (!queue_init(queue, n_slots))
        return false;
    queue->locked = locked_new();
    return queue->locked != NULL;
}

void queue_destroy(struct queue *queue)
{
    locked_free(queue->locked);
    pthread_mutex_destroy(&queue->lock);
    for (unsigned i = 0; i < queue->n_slots; i++)
        close(queue->slots[i].event);
}

struct queue *lane_queues_pick(const struct lane_queues *lane, uint32_t hash)
{
    return &lane->queues[hash % lane->n];
}

/* --- failing --- */

/* An operation ends without having been taken from here. */
static void unmark(struct queue *queue, const struct operation *operation)
{
    if (queue->locked != NULL)
        locked_unmark(queue->locked, operation->hash);
}

/* Returns how many. */
static int64_t fail_all(struct queue *queue, struct operation *list, const char *why)
{
    int64_t n = 0;
    while (list != NULL) {
        struct operation *next = list->next; /* the operation is gone once it failed */
        unmark(queue, list);
        operation_fail(list, STATUS_UNAVAILABLE, why);
        list = next;
        n++;
    }
    return n;
}

/* --- pushing --- */

static void wake(const struct worker_slot *slot)
{
    const uint64_t one = 1;
    ssize_t wrote = write(slot->event, &one, sizeof one);
    (void)wrote; /* fails only when the counter is full, and then it is readable */
}

/* Wakes a worker that waits. Under the lock: once that is free, the queue may be destroyed by whoever was
 * answered. */
static void wake_one(struct queue *queue)
{
    for (struct worker_slot *slot = queue->slots; slot < queue->slots + queue->n_slots; slot++) {
        if (slot->waiting) {
            slot->waiting = false;
            wake(slot);
            return;
        }
    }
}

static void push(struct queue *queue, struct operation *first)
{
    const uint64_t before = queue->sequence;
    struct operation *last = NULL;
    for (struct operation *each = first; each != NULL; each = each->next) {
        each->sequence = ++queue->sequence;
        last = each;
    }
    fair_flows_add(&queue->flows, first, last);
    metric_add(queue->depth, (int64_t)(queue->sequence - before));
    wake_one(queue);
}

void queue_push(struct queue *queue, struct operation *first)
{
    if (first == NULL)
        return;
    pthread_mutex_lock(&queue->lock);
    const char *why_closed = queue->n_open == 0 ? queue->why_closed : NULL;
    if (why_closed == NULL)
        push(queue, first);
    pthread_mutex_unlock(&queue->lock);
    if (why_closed != NULL)
        fail_all(queue, first, why_closed);
}

void queue_set_aside(struct queue *queue, struct operation *operation)
{
    assert(queue->aside != NULL);
    operation->next = NULL;
    locked_mark(queue->aside->locked, operation->hash);
    queue_push(queue->aside, operation);
}

void queue_put_back(struct queue *queue, struct operation *operation)
{
    operation->next = NULL;
    locked_mark(queue->locked, operation->hash);
    pthread_mutex_lock(&queue->lock);
    const char *why_closed = queue->n_open == 0 ? queue->why_closed : NULL;
    if (why_closed == NULL) {
        locked_put_back(queue->locked, operation);
        metric_add(queue->depth, 1);
    }
    pthread_mutex_unlock(&queue->lock);
    if (why_closed != NULL)
        fail_all(queue, operation, why_closed);
}

struct queue_taken queue_taken_of(const struct operation *operation)
{
    return (struct queue_taken){.order = operation->hash,
                                .principal = operation->call->principal_hash,
                                .caller = operation->call->caller};
}

/* Equal parts: what is in one batch of such a lane was one run, or nearly so. */
void queue_charge(struct queue *queue, const struct queue_taken taken[], size_t n, uint64_t took_ns)
{
    pthread_mutex_lock(&queue->lock);
    for (size_t i = 0; i < n; i++)
        fair_flows_charge(&queue->flows, taken[i].principal, taken[i].caller, took_ns / n);
    pthread_mutex_unlock(&queue->lock);
}

void queue_release(struct queue *queue, const struct queue_taken taken[], size_t n)
{
    if (queue->locked == NULL)
        return;
    for (size_t i = 0; i < n; i++)
        locked_unmark(queue->locked, taken[i].order);
    pthread_mutex_lock(&queue->lock);
    locked_end_batch(queue->locked, n);
    pthread_mutex_unlock(&queue->lock);
}

/* --- taking a batch --- */

/* What is in a batch so far. */
struct pick {
    uint32_t keys[KEYS]; /* hashes of the orders and requests that it writes; 0: none. Two with one hash,
                            which are rare, only put off the later. */
    size_t n_keys;
    unsigned rows; /* what it costs, in rows */
    unsigned rows_most;
    bool is_timed;               /* what it costs is charged when it is done */
    bool is_full;                /* the next operation is for another batch, which it begins */
    struct operation_list aside; /* what is to follow others that were set aside */
    int64_t n_aside;
};

/* Where a hash is, or would be. */
static uint32_t *pick_find_key(struct pick *pick, uint32_t hash)
{
    if (pick->n_keys == 0)
        memset(pick->keys, 0, sizeof pick->keys);       /* not for reads, which have none */
    size_t place = (hash * UINT32_C(2654435769)) >> 20; /* the upper 12 bits */
    while (pick->keys[place] != 0 && pick->keys[place] != hash)
        place = (place + 1) % KEYS;
    return &pick->keys[place];
}

static void pick_add_key(struct pick *pick, uint32_t hash)
{
    uint32_t *key = pick_find_key(pick, hash);
    pick->n_keys += *key == 0;
    *key = hash;
}

/* Whether the keys of one more operation find room: looked for in a full set, a key would be looked for for
 * ever. */
static bool has_room(const struct pick *pick)
{
    return pick->n_keys + 2 <= KEYS_MOST;
}

/* What of a batch an operation takes that has a statement of its own; what folds is bounded by its number. */
static unsigned cost(const struct operation *operation)
{
    if (operation->statement->folds)
        return 0;
    return operation->rows < FAIR_COST_MOST - STATEMENT_ROWS ? STATEMENT_ROWS + (unsigned)operation->rows
                                                             : FAIR_COST_MOST;
}

/* Whether a batch would read more rows with it than it may. The first one may read any number. */
static bool is_too_large(const struct pick *pick, const struct operation *operation)
{
    return pick->rows > 0 && cost(operation) > 0 && pick->rows + cost(operation) > pick->rows_most;
}

/* Whether an operation can join the batch. One that cannot marks its order, so that none behind it overtakes
 * it. Both of its keys are looked for before either is marked, as they may be the same. */
static bool joins(struct pick *pick, const struct operation *operation)
{
    if (operation->statement->lane != LANE_WRITE)
        return true;
    const uint32_t order = operation->hash | 1; /* never 0 */
    const uint32_t request = operation->request_hash;
    bool is_free = *pick_find_key(pick, order) == 0 && (request == 0 || *pick_find_key(pick, request) == 0);
    pick_add_key(pick, order);
    if (request != 0)
        pick_add_key(pick, request);
    return is_free;
}

/* How far a flow was walked. */
struct flow_walk {
    struct operation **link;  /* to what is next in it */
    struct operation *stayed; /* the last that was passed over */
    unsigned calls;           /* taken to their last operation */
};

/* How far the flows of a principal were. */
struct principal_walk {
    struct flow_walk flows[FAIR_FLOWS];
    uint64_t begun, left; /* the flows that were walked, and those that may have more */
    unsigned calls;       /* taken to their last operation */
};

static void divert(struct queue *queue, struct pick *pick, struct operation *operation)
{
    operation->locked = true;
    locked_mark(queue->aside->locked, operation->hash); /* now, for those behind it */
    operation_list_append(&pick->aside, operation, operation);
    pick->n_aside++;
}

/* Whether an order was tried in this pass, and is still locked. */
static bool is_tried(const struct queue *queue, const struct operation *operation)
{
    return queue->locked != NULL && locked_is_tried(queue->locked, operation->hash);
}

/* Takes an operation out of its flow that is to stay behind another of its order. */
static bool leaves(struct queue *queue, struct flow_walk *walk, struct pick *pick)
{
    struct operation *operation = *walk->link;
    const bool aside = queue->aside != NULL && locked_is_marked(queue->aside->locked, operation->hash);
    if (!aside && !is_tried(queue, operation))
        return false;
    *walk->link = operation->next;
    operation->next = NULL;
    if (aside)
        divert(queue, pick, operation);
    else
        locked_put_off(queue->locked, operation);
    return true;
}

/* Takes the next operation of a flow that can join. NULL: there is none, or no room to find it. */
static struct operation *take_next(struct queue *queue, struct flow_walk *walk, struct pick *pick)
{
    while (*walk->link != NULL && has_room(pick)) {
        struct operation *operation = *walk->link;
        if (leaves(queue, walk, pick))
            continue;
        pick->is_full = is_too_large(pick, operation);
        if (pick->is_full)
            return NULL;
        if (joins(pick, operation)) {
            pick->rows += cost(operation);
            *walk->link = operation->next;
            return operation;
        }
        walk->stayed = operation;
        walk->link = &operation->next;
    }
    return NULL;
}

/* Whether the next operation of its flow is of the same call. */
static bool goes_on(const struct operation *operation)
{
    return operation->next != NULL && operation->next->call == operation->call;
}

/* Deals out a list to the flows of its callers, and puts off what is to stay behind others. */
static void deal(struct queue *queue, struct operation *list)
{
    for (struct operation *next; list != NULL; list = next) {
        next = list->next;
        list->next = NULL;
        if (is_tried(queue, list))
            locked_put_off(queue->locked, list);
        else
            fair_flows_add(&queue->flows, list, list);
    }
}

/* Those who share a place part. Each connection's operations keep their order, as they are all in one flow.
 */
static void perturb(struct queue *queue)
{
    deal(queue, fair_flows_empty(&queue->flows).first);
}

/* When the pass is over, what was tried in it comes behind what was not tried yet. What is of its order, and
 * not tried, comes behind it: so its flows are dealt out first. */
static void begin_pass(struct queue *queue)
{
    if (!locked_end_pass(queue->locked))
        return;
    perturb(queue);
    deal(queue, locked_begin_pass(queue->locked));
}

/* What is due before a batch is taken. */
static void begin_take(struct queue *queue)
{
    if (++queue->taken >= PERTURB_BATCHES) {
        queue->taken = 0;
        perturb(queue);
    }
    if (queue->locked != NULL)
        begin_pass(queue);
}

static void charge(const struct pick *pick, unsigned *deficit, const struct operation *operation)
{
    if (!pick->is_timed)
        fair_charge(deficit, cost(operation));
}

/* Takes the next operation of one flow, of those that are left. NULL: it has none that can join. */
static struct operation *take_of_flow(struct queue *queue, unsigned whose, struct principal_walk *visited,
                                      struct pick *pick, unsigned most_calls)
{
    struct fair_principal *principal = &queue->flows.principals[whose];
    const unsigned index = fair_next(principal->deficits, visited->left, principal->next);
    assert(index < FAIR_FLOWS);
    struct operation_list *flow = &principal->flows[index];
    struct flow_walk *walk = &visited->flows[index];
    if ((visited->begun & bit_set_of(index)) == 0)
        *walk = (struct flow_walk){.link = &flow->first};
    visited->begun |= bit_set_of(index);
    principal->next = index;
    struct operation *operation = take_next(queue, walk, pick);
    if (pick->is_full)
        return NULL;
    if (operation != NULL)
        charge(pick, &principal->deficits[index], operation);
    if (operation != NULL && !goes_on(operation)) {
        walk->calls++;
        visited->calls++;
    }
    if (*walk->link == NULL) {
        flow->last = walk->stayed; /* the whole flow was walked: what stayed ends there */
        visited->left &= ~bit_set_of(index);
        fair_flows_note_rest(&queue->flows, whose, index);
    }
    if (walk->calls == most_calls)
        visited->left &= ~bit_set_of(index);
    principal->next = index + 1;
    return operation;
}

static bool has_several(uint64_t set)
{
    return (set & (set - 1)) != 0;
}

/* Remembers for some batches that there were several. */
static void note_shared(unsigned *shared, bool are_several, bool is_taken)
{
    if (are_several)
        *shared = SHARED_BATCHES;
    else if (is_taken && *shared > 0)
        (*shared)--;
}

/* While there is nobody else to wait for it, one may fill a batch. */
static void lift_bounds(const struct queue *queue, struct lane_batch *most)
{
    const bool are_several = has_several(queue->flows.waiting);
    const unsigned only = queue->flows.waiting != 0 ? bit_set_next(queue->flows.waiting, 0) : 0;
    if (queue->shared_principals == 0 && !are_several)
        most->calls_each = most->operations;
    if (queue->shared == 0 && !are_several && !has_several(queue->flows.principals[only].waiting))
        most->calls = most->operations;
}

static size_t take(struct queue *queue, struct pick *pick, struct operation *out[], struct lane_batch most)
{
    struct principal_walk visits[FAIR_PRINCIPALS]; /* each is set when it is first looked at */
    size_t n = 0;
    uint64_t begun = 0,
             left = queue->flows.waiting; /* the principals that were served, and those that may be */
    bool are_several = false;             /* connections */
    lift_bounds(queue, &most);
    while (left != 0 && n < most.operations && has_room(pick)) {
        if (left != queue->flows.waiting &&
            fair_have_deficits(queue->flows.deficits, left & queue->flows.waiting))
            break; /* others are served first, in the next batch */
        const unsigned whose = fair_next(queue->flows.deficits, left, queue->flows.next);
        struct principal_walk *visited = &visits[whose];
        if ((begun & bit_set_of(whose)) == 0) {
            visited->left = queue->flows.principals[whose].waiting;
            visited->begun = 0;
            visited->calls = 0;
        }
        begun |= bit_set_of(whose);
        queue->flows.next = whose;
        struct operation *operation = take_of_flow(queue, whose, visited, pick, most.calls);
        if (pick->is_full)
            break;
        if (operation != NULL) {
            charge(pick, &queue->flows.deficits[whose], operation);
            out[n++] = operation;
        }
        are_several |= has_several(visited->begun);
        if (visited->left == 0 || visited->calls >= most.calls_each)
            left &= ~bit_set_of(whose);
        queue->flows.next = whose + 1;
    }
    note_shared(&queue->shared_principals, has_several(begun), n > 0);
    note_shared(&queue->shared, are_several || has_several(begun), n > 0);
    return n;
}

size_t queue_take(struct queue *queue, struct operation *out[], struct lane_batch most)
{
    struct pick pick;
    pick.n_keys = 0;
    pick.rows = 0;
    pick.rows_most = most.rows;
    pick.is_timed = most.is_timed;
    pick.is_full = false;
    pick.aside = (struct operation_list){NULL, NULL};
    pick.n_aside = 0;
    pthread_mutex_lock(&queue->lock);
    begin_take(queue);
    const size_t n = take(queue, &pick, out, most);
    metric_add(queue->depth, -(int64_t)n - pick.n_aside);
    pthread_mutex_unlock(&queue->lock);
    for (struct operation *each = pick.aside.first, *next; each != NULL; each = next) {
        next = each->next;
        each->next = NULL;
        queue_push(queue->aside, each);
    }
    return n;
}

/* --- waiting and ending --- */

void queue_expire(struct queue *queue, uint64_t now_ns)
{
    struct operation *expired = NULL;
    pthread_mutex_lock(&queue->lock);
    fair_flows_expire(&queue->flows, now_ns, &expired);
    if (queue->locked != NULL)
        operation_list_expire(&queue->locked->tried, now_ns, &expired);
    pthread_mutex_unlock(&queue->lock);
    for (struct operation *next; expired != NULL; expired = next) {
        next = expired->next;
        unmark(queue, expired);
        operation_expire(expired);
        metric_add(queue->depth, -1);
    }
}

void queue_leave(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    if (queue->flows.waiting != 0 || (queue->locked != NULL && queue->locked->tried.first != NULL))
        wake_one(queue);
    pthread_mutex_unlock(&queue->lock);
}

void queue_close(struct queue *queue, unsigned slot, const char *why)
{
    struct operation_list waiting = {NULL, NULL}, tried = {NULL, NULL};
    pthread_mutex_lock(&queue->lock);
    queue->n_open -= queue->slots[slot].open;
    queue->slots[slot].open = false;
    queue->why_closed = why;
    if (queue->n_open == 0) {
        waiting = fair_flows_empty(&queue->flows);
        if (queue->locked != NULL) {
            tried = queue->locked->tried;
            queue->locked->tried = (struct operation_list){NULL, NULL};
        }
    }
    pthread_mutex_unlock(&queue->lock);
    metric_add(queue->depth, -fail_all(queue, waiting.first, why));
    metric_add(queue->depth, -fail_all(queue, tried.first, why));
}

void queue_open(struct queue *queue, unsigned slot)
{
    pthread_mutex_lock(&queue->lock);
    queue->n_open += !queue->slots[slot].open;
    queue->slots[slot].open = true;
    pthread_mutex_unlock(&queue->lock);
}

bool queue_is_closed(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    bool closed = queue->n_open == 0;
    pthread_mutex_unlock(&queue->lock);
    return closed;
}

int queue_begin_wait(struct queue *queue, unsigned slot)
{
    int most_ms = -1;
    pthread_mutex_lock(&queue->lock);
    if (queue->flows.waiting != 0)
        most_ms = 0;
    else if (queue->locked != NULL)
        most_ms = locked_due_ms(queue->locked);
    queue->slots[slot].waiting = most_ms != 0;
    pthread_mutex_unlock(&queue->lock);
    return most_ms;
}

void queue_end_wait(struct queue *queue, unsigned slot)
{
    uint64_t count;
    pthread_mutex_lock(&queue->lock);
    queue->slots[slot].waiting = false;
    pthread_mutex_unlock(&queue->lock);
    ssize_t got = read(queue->slots[slot].event, &count, sizeof count);
    (void)got; /* nothing to read when the wait ended for another reason */
}

int queue_event(const struct queue *queue, unsigned slot)
{
    return queue->slots[slot].event;
}

void queue_wake(struct queue *queue, unsigned slot)
{
    wake(&queue->slots[slot]);
}
