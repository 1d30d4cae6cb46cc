/* queue.c: a list under a lock, and an eventfd a worker slot that is written only while its worker waits for
 * it. */
#include "store/queue.h"

#include "base/time.h"
#include "store/statement.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    KEYS = 1 << 12,       /* of a set, a power of two */
    KEYS_MOST = 3 << 10,  /* that are in it, so that it stays quick */
    SHARED_BATCHES = 64,  /* how long several callers are remembered: one alone waits before it asks again */
    PERTURB_BATCHES = 64, /* how long two callers may share a flow */
};

static const char out_of_reach[] = "The database is out of reach";

bool queue_init(struct queue *queue, unsigned n_slots)
{
    *queue = (struct queue){.pass = 1}; /* in which nothing was tried */
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
    queue->marks = calloc(QUEUE_MARKS, sizeof *queue->marks);
    queue->tried_in = calloc(QUEUE_MARKS, sizeof *queue->tried_in);
    return queue->marks != NULL && queue->tried_in != NULL;
}

void queue_destroy(struct queue *queue)
{
    free(queue->marks);
    free(queue->tried_in);
    pthread_mutex_destroy(&queue->lock);
    for (unsigned i = 0; i < queue->n_slots; i++)
        close(queue->slots[i].event);
}

/* MurmurHash3's finalizer: whether two hashes fall together is another matter with each salt. */
static uint32_t mix(uint32_t hash, uint32_t salt)
{
    hash ^= salt;
    hash = (hash ^ hash >> 16) * UINT32_C(0x85ebca6b);
    hash = (hash ^ hash >> 13) * UINT32_C(0xc2b2ae35);
    return hash ^ hash >> 16;
}

struct queue *lane_queues_pick(const struct lane_queues *lane, uint32_t hash)
{
    return &lane->queues[hash % lane->n];
}

/* --- what is set aside --- */

static void mark(struct queue *queue, uint32_t hash)
{
    if (queue->marks != NULL)
        atomic_fetch_add(&queue->marks[hash % QUEUE_MARKS], 1);
}

static void unmark(struct queue *queue, uint32_t hash)
{
    if (queue->marks == NULL)
        return;
    const unsigned before = atomic_fetch_sub(&queue->marks[hash % QUEUE_MARKS], 1);
    assert(before > 0);
    (void)before;
}

/* Whether an operation is to follow one of its order. */
static bool is_aside(const struct queue *queue, const struct operation *operation)
{
    return queue->aside != NULL && atomic_load(&queue->aside->marks[operation->hash % QUEUE_MARKS]) > 0;
}

/* In which pass an order was tried, and is still locked. Two that share a place do so in one pass: what is
 * put off for that is tried in the next. */
static uint32_t *pass_of(struct queue *queue, const struct operation *operation)
{
    return &queue->tried_in[mix(operation->hash, queue->pass) % QUEUE_MARKS];
}

static bool is_tried(struct queue *queue, const struct operation *operation)
{
    return queue->tried_in != NULL && *pass_of(queue, operation) == queue->pass;
}

void queue_release(struct queue *queue, const uint32_t hashes[], size_t n)
{
    if (queue->marks == NULL)
        return;
    for (size_t i = 0; i < n; i++)
        unmark(queue, hashes[i]);
    pthread_mutex_lock(&queue->lock);
    queue->has_succeeded |= n > queue->put_back;
    queue->put_back = 0;
    pthread_mutex_unlock(&queue->lock);
}

/* --- failing --- */

/* Returns how many. */
static int64_t fail_all(struct queue *queue, struct operation *list, enum status_code code,
                        const char *message)
{
    int64_t n = 0;
    while (list != NULL) {
        struct operation *next = list->next; /* the operation is gone once it failed */
        unmark(queue, list->hash);
        operation_fail(list, code, message);
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

/* Adds a chain of operations of one caller. */
static void add_to_flow(struct queue *queue, struct operation *first, struct operation *last)
{
    const unsigned index = mix(first->call->caller, queue->salt) % QUEUE_FLOWS;
    operation_list_append(&queue->flows[index], first, last);
    queue->waiting |= UINT64_C(1) << index;
}

static void push(struct queue *queue, struct operation *first)
{
    const uint64_t before = queue->sequence;
    struct operation *last = NULL;
    for (struct operation *each = first; each != NULL; each = each->next) {
        each->sequence = ++queue->sequence;
        last = each;
    }
    add_to_flow(queue, first, last);
    metric_add(queue->depth, (int64_t)(queue->sequence - before));
    wake_one(queue);
}

void queue_push(struct queue *queue, struct operation *first)
{
    if (first == NULL)
        return;
    pthread_mutex_lock(&queue->lock);
    bool closed = queue->n_open == 0;
    if (!closed)
        push(queue, first);
    pthread_mutex_unlock(&queue->lock);
    if (closed)
        fail_all(queue, first, STATUS_UNAVAILABLE, out_of_reach);
}

void queue_set_aside(struct queue *queue, struct operation *operation)
{
    assert(queue->aside != NULL);
    operation->next = NULL;
    mark(queue->aside, operation->hash);
    queue_push(queue->aside, operation);
}

void queue_put_back(struct queue *queue, struct operation *operation)
{
    operation->next = NULL;
    mark(queue, operation->hash);
    pthread_mutex_lock(&queue->lock);
    bool closed = queue->n_open == 0;
    queue->put_back++;
    if (!closed) {
        *pass_of(queue, operation) = queue->pass;
        operation_list_append(&queue->tried, operation, operation);
        metric_add(queue->depth, 1);
    }
    pthread_mutex_unlock(&queue->lock);
    if (closed)
        fail_all(queue, operation, STATUS_UNAVAILABLE, out_of_reach);
}

/* --- taking a batch --- */

/* What is in a batch so far. */
struct pick {
    uint32_t keys[KEYS]; /* hashes of the orders and requests that it writes; 0: none. Two with one hash,
                            which are rare, only put off the later. */
    size_t n_keys;
    size_t unfolded;
    size_t unfolded_most;
    struct operation_list aside; /* what is to follow others that were set aside */
    int64_t n_aside;
};

/* Where a hash is, or would be. */
static uint32_t *find(struct pick *pick, uint32_t hash)
{
    if (pick->n_keys == 0)
        memset(pick->keys, 0, sizeof pick->keys);       /* not for reads, which have none */
    size_t place = (hash * UINT32_C(2654435769)) >> 20; /* the upper 12 bits */
    while (pick->keys[place] != 0 && pick->keys[place] != hash)
        place = (place + 1) % KEYS;
    return &pick->keys[place];
}

static void add(struct pick *pick, uint32_t hash)
{
    uint32_t *key = find(pick, hash);
    pick->n_keys += *key == 0;
    *key = hash;
}

/* Whether the keys of one more operation find room: looked for in a full set, a key would be looked for for
 * ever. */
static bool has_room(const struct pick *pick)
{
    return pick->n_keys + 2 <= KEYS_MOST;
}

/* Whether an operation can join the batch. One that cannot marks its order, so that none behind it overtakes
 * it. Both of its keys are looked for before either is marked, as they may be the same. */
static bool joins(struct pick *pick, const struct operation *operation)
{
    if (!operation->statement->folds)
        return pick->unfolded++ < pick->unfolded_most;
    if (operation->statement->lane != LANE_WRITE)
        return true;
    const uint32_t order = operation->hash | 1; /* never 0 */
    const uint32_t request = operation->request_hash;
    bool is_free = *find(pick, order) == 0 && (request == 0 || *find(pick, request) == 0);
    add(pick, order);
    if (request != 0)
        add(pick, request);
    return is_free;
}

/* How far a flow was walked. */
struct walk {
    struct operation **link;  /* to what is next in it */
    struct operation *stayed; /* the last that was passed over */
    unsigned calls;           /* taken to their last operation */
};

static void divert(struct queue *queue, struct pick *pick, struct operation *operation)
{
    operation->locked = true;
    mark(queue->aside, operation->hash); /* now, for those behind it */
    operation_list_append(&pick->aside, operation, operation);
    pick->n_aside++;
}

/* Takes an operation out of its flow that is to stay behind another of its order. */
static bool leaves(struct queue *queue, struct walk *walk, struct pick *pick)
{
    struct operation *operation = *walk->link;
    const bool aside = is_aside(queue, operation);
    if (!aside && !is_tried(queue, operation))
        return false;
    *walk->link = operation->next;
    operation->next = NULL;
    if (aside)
        divert(queue, pick, operation);
    else
        operation_list_append(&queue->tried, operation, operation);
    return true;
}

/* Takes the next operation of a flow that can join. NULL: there is none, or no room to find it. */
static struct operation *take_next(struct queue *queue, struct walk *walk, struct pick *pick)
{
    while (*walk->link != NULL && has_room(pick)) {
        struct operation *operation = *walk->link;
        if (leaves(queue, walk, pick))
            continue;
        if (joins(pick, operation)) {
            *walk->link = operation->next;
            return operation;
        }
        walk->stayed = operation;
        walk->link = &operation->next;
    }
    return NULL;
}

/* The lowest flow of a set that is not below `from`, or the lowest of all. */
static unsigned next_flow(uint64_t set, unsigned from)
{
    const uint64_t above = from < QUEUE_FLOWS ? set & (UINT64_MAX << from) : 0;
    return (unsigned)__builtin_ctzll(above != 0 ? above : set);
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
            operation_list_append(&queue->tried, list, list);
        else
            add_to_flow(queue, list, list);
    }
}

/* Those who share a flow part. Each caller's operations keep their order, as they are all in one flow. */
static void perturb(struct queue *queue)
{
    struct operation_list flows[QUEUE_FLOWS];
    memcpy(flows, queue->flows, sizeof flows);
    memset(queue->flows, 0, sizeof queue->flows);
    queue->waiting = 0;
    queue->salt += UINT32_C(0x9e3779b9);
    for (unsigned i = 0; i < QUEUE_FLOWS; i++)
        deal(queue, flows[i].first);
}

/* What was put back comes behind what was not tried yet, and all that is of its order behind it. */
static void rotate(struct queue *queue)
{
    perturb(queue);
    struct operation *tried = queue->tried.first;
    queue->tried = (struct operation_list){NULL, NULL};
    queue->pass++;
    deal(queue, tried);
}

/* Begins the next pass when the last one is over. */
static void begin_pass(struct queue *queue)
{
    const uint64_t now_ns = time_monotonic_ns();
    if (now_ns < queue->pass_ends_ns)
        return;
    queue->retry_ms = queue->has_succeeded || queue->retry_ms == 0 ? QUEUE_RETRY_MS : 2 * queue->retry_ms;
    if (queue->retry_ms > QUEUE_RETRY_MOST_MS)
        queue->retry_ms = QUEUE_RETRY_MOST_MS;
    queue->has_succeeded = false;
    queue->pass_ends_ns = now_ns + (uint64_t)queue->retry_ms * NS_PER_MS;
    if (queue->tried.first != NULL)
        rotate(queue);
}

/* What is due before a batch is taken. */
static void begin_take(struct queue *queue)
{
    if (++queue->taken >= PERTURB_BATCHES) {
        queue->taken = 0;
        perturb(queue);
    }
    if (queue->marks != NULL)
        begin_pass(queue);
}

static size_t take(struct queue *queue, struct pick *pick, struct operation *out[], struct lane_batch most)
{
    struct walk walks[QUEUE_FLOWS];
    size_t n = 0;
    uint64_t begun = 0, left = queue->waiting; /* the flows that were walked, and that may have more */
    if (queue->shared == 0 && (left & (left - 1)) == 0) /* one bit */
        most.calls = most.operations;
    while (left != 0 && n < most.operations && has_room(pick)) {
        const unsigned index = next_flow(left, queue->next);
        const uint64_t bit = UINT64_C(1) << index;
        struct operation_list *flow = &queue->flows[index];
        struct walk *walk = &walks[index];
        if ((begun & bit) == 0)
            *walk = (struct walk){.link = &flow->first};
        begun |= bit;
        if ((out[n] = take_next(queue, walk, pick)) != NULL)
            walk->calls += !goes_on(out[n++]);
        if (*walk->link == NULL) {
            flow->last = walk->stayed; /* the whole flow was walked: what stayed ends there */
            left &= ~bit;
            queue->waiting &= flow->first == NULL ? ~bit : UINT64_MAX;
        }
        if (walk->calls == most.calls)
            left &= ~bit;
        queue->next = index + 1;
    }
    if ((begun & (begun - 1)) != 0)
        queue->shared = SHARED_BATCHES;
    else if (n > 0 && queue->shared > 0)
        queue->shared--;
    return n;
}

size_t queue_take(struct queue *queue, struct operation *out[], struct lane_batch most)
{
    struct pick pick;
    pick.n_keys = pick.unfolded = 0;
    pick.unfolded_most = most.unfolded;
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

/* Moves the operations of a flow whose deadline has passed to a list. */
static void expire_flow(struct operation_list *flow, uint64_t now_ns, struct operation **expired)
{
    flow->last = NULL;
    for (struct operation **link = &flow->first; *link != NULL;) {
        struct operation *operation = *link;
        if (operation->call->deadline_ns <= now_ns) {
            *link = operation->next;
            operation->next = *expired;
            *expired = operation;
        } else {
            flow->last = operation;
            link = &operation->next;
        }
    }
}

void queue_expire(struct queue *queue, uint64_t now_ns)
{
    struct operation *expired = NULL;
    pthread_mutex_lock(&queue->lock);
    for (unsigned i = 0; i < QUEUE_FLOWS; i++) {
        expire_flow(&queue->flows[i], now_ns, &expired);
        if (queue->flows[i].first == NULL)
            queue->waiting &= ~(UINT64_C(1) << i);
    }
    expire_flow(&queue->tried, now_ns, &expired);
    pthread_mutex_unlock(&queue->lock);
    for (struct operation *next; expired != NULL; expired = next) {
        next = expired->next;
        unmark(queue, expired->hash);
        operation_expire(expired);
        metric_add(queue->depth, -1);
    }
}

void queue_leave(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    if (queue->waiting != 0 || queue->tried.first != NULL)
        wake_one(queue);
    pthread_mutex_unlock(&queue->lock);
}

void queue_close(struct queue *queue, unsigned slot)
{
    struct operation_list waiting[QUEUE_FLOWS + 1] = {{NULL, NULL}};
    pthread_mutex_lock(&queue->lock);
    queue->n_open -= queue->slots[slot].open;
    queue->slots[slot].open = false;
    if (queue->n_open == 0) {
        memcpy(waiting, queue->flows, sizeof queue->flows);
        waiting[QUEUE_FLOWS] = queue->tried;
        memset(queue->flows, 0, sizeof queue->flows);
        queue->tried = (struct operation_list){NULL, NULL};
        queue->waiting = 0;
    }
    pthread_mutex_unlock(&queue->lock);
    for (unsigned i = 0; i <= QUEUE_FLOWS; i++)
        metric_add(queue->depth, -fail_all(queue, waiting[i].first, STATUS_UNAVAILABLE, out_of_reach));
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
    if (queue->waiting != 0) {
        most_ms = 0;
    } else if (queue->tried.first != NULL) {
        const uint64_t now_ns = time_monotonic_ns();
        if (now_ns >= queue->pass_ends_ns)
            most_ms = 0;
        else
            most_ms = (int)((queue->pass_ends_ns - now_ns) / NS_PER_MS) + 1;
    }
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
