/* queue.c: a list under a lock, and an eventfd a seat that is written only while its worker waits for it. */
#include "store/queue.h"

#include "store/statement.h"

#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    KEYS = 1 << 12,       /* of a set, a power of two */
    KEYS_MOST = 3 << 10,  /* that are in it, so that it stays quick */
    CROWDED_BATCHES = 64, /* how long several callers are remembered: one alone waits before it asks again */
    UNFOLDED_MOST = 16,   /* statements of their own in one batch, so that lists do not hold up the rest */
};

static const char out_of_reach[] = "The database is out of reach";

bool queue_init(struct queue *queue, unsigned n_seats)
{
    *queue = (struct queue){0};
    pthread_mutex_init(&queue->lock, NULL);
    for (; queue->n_seats < n_seats; queue->n_seats++) {
        int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (event < 0)
            return false;
        queue->seats[queue->n_seats].event = event;
    }
    return true;
}

void queue_destroy(struct queue *queue)
{
    pthread_mutex_destroy(&queue->lock);
    for (unsigned i = 0; i < queue->n_seats; i++)
        close(queue->seats[i].event);
}

/* Returns how many. */
static int64_t fail_all(struct operation *list, enum status_code code, const char *message)
{
    int64_t n = 0;
    while (list != NULL) {
        struct operation *next = list->next; /* the operation is gone once it failed */
        operation_fail(list, code, message);
        list = next;
        n++;
    }
    return n;
}

static void wake(const struct seat *seat)
{
    const uint64_t one = 1;
    ssize_t wrote = write(seat->event, &one, sizeof one);
    (void)wrote; /* fails only when the counter is full, and then it is readable */
}

/* Wakes a worker that waits. Under the lock: once that is free, the queue may be destroyed by whoever was
 * answered. */
static void wake_one(struct queue *queue)
{
    for (struct seat *seat = queue->seats; seat < queue->seats + queue->n_seats; seat++) {
        if (seat->waiting) {
            seat->waiting = false;
            wake(seat);
            return;
        }
    }
}

void queue_push(struct queue *queue, struct operation *first)
{
    if (first == NULL)
        return;
    pthread_mutex_lock(&queue->lock);
    const uint64_t before = queue->sequence;
    bool closed = queue->n_open == 0;
    if (!closed) {
        const unsigned turn = first->call->caller % QUEUE_FLOWS;
        struct flow *flow = &queue->flows[turn];
        *(flow->last != NULL ? &flow->last->next : &flow->first) = first;
        for (struct operation *each = first; each != NULL; each = each->next) {
            each->sequence = ++queue->sequence;
            flow->last = each;
        }
        queue->waiting |= UINT64_C(1) << turn;
        metric_add(queue->depth, (int64_t)(queue->sequence - before));
        wake_one(queue);
    }
    pthread_mutex_unlock(&queue->lock);
    if (closed)
        fail_all(first, STATUS_UNAVAILABLE, out_of_reach);
}

/* --- taking a batch --- */

/* What is in a batch so far. */
struct pick {
    uint32_t keys[KEYS]; /* hashes of the orders and requests that it writes; 0: none. Two with one hash,
                            which are rare, only put off the later. */
    size_t n_keys;
    size_t unfolded;
};

/* Where a hash is, or would be. */
static uint32_t *find(struct pick *pick, uint32_t hash)
{
    if (pick->n_keys == 0)
        memset(pick->keys, 0, sizeof pick->keys);      /* not for reads, which have none */
    size_t slot = (hash * UINT32_C(2654435769)) >> 20; /* the upper 12 bits */
    while (pick->keys[slot] != 0 && pick->keys[slot] != hash)
        slot = (slot + 1) % KEYS;
    return &pick->keys[slot];
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
        return pick->unfolded++ < UNFOLDED_MOST;
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

/* Takes the next operation of a flow that can join. NULL: there is none, or no room to find it. */
static struct operation *take_next(struct walk *walk, struct pick *pick)
{
    while (*walk->link != NULL && has_room(pick)) {
        struct operation *operation = *walk->link;
        if (joins(pick, operation)) {
            *walk->link = operation->next;
            return operation;
        }
        walk->stayed = operation;
        walk->link = &operation->next;
    }
    return NULL;
}

/* The lowest flow of a set that is not below `turn`, or the lowest of all. */
static unsigned next_turn(uint64_t set, unsigned turn)
{
    const uint64_t above = turn < QUEUE_FLOWS ? set & (UINT64_MAX << turn) : 0;
    return (unsigned)__builtin_ctzll(above != 0 ? above : set);
}

/* Whether the next operation of its flow is of the same call. */
static bool goes_on(const struct operation *operation)
{
    return operation->next != NULL && operation->next->call == operation->call;
}

size_t queue_take(struct queue *queue, struct operation *out[], struct lane_batch most)
{
    struct pick pick;
    struct walk walks[QUEUE_FLOWS];
    size_t n = 0;
    pick.n_keys = pick.unfolded = 0;
    pthread_mutex_lock(&queue->lock);
    uint64_t begun = 0, left = queue->waiting; /* the flows that were walked, and that may have more */
    if (queue->crowded == 0 && (left & (left - 1)) == 0) /* one bit */
        most.calls = most.operations;
    while (left != 0 && n < most.operations && has_room(&pick)) {
        const unsigned turn = next_turn(left, queue->turn);
        const uint64_t bit = UINT64_C(1) << turn;
        struct flow *flow = &queue->flows[turn];
        struct walk *walk = &walks[turn];
        if ((begun & bit) == 0)
            *walk = (struct walk){.link = &flow->first};
        begun |= bit;
        if ((out[n] = take_next(walk, &pick)) != NULL)
            walk->calls += !goes_on(out[n++]);
        if (*walk->link == NULL) {
            flow->last = walk->stayed; /* the whole flow was walked: what stayed ends there */
            left &= ~bit;
            queue->waiting &= flow->first == NULL ? ~bit : UINT64_MAX;
        }
        if (walk->calls == most.calls)
            left &= ~bit;
        queue->turn = turn + 1;
    }
    if ((begun & (begun - 1)) != 0)
        queue->crowded = CROWDED_BATCHES;
    else if (n > 0 && queue->crowded > 0)
        queue->crowded--;
    metric_add(queue->depth, -(int64_t)n);
    pthread_mutex_unlock(&queue->lock);
    return n;
}

/* --- waiting and ending --- */

/* Moves the operations of a flow whose deadline has passed to a list. */
static void expire_flow(struct flow *flow, uint64_t now_ns, struct operation **expired)
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
    pthread_mutex_unlock(&queue->lock);
    for (struct operation *next; expired != NULL; expired = next) {
        next = expired->next;
        operation_expire(expired);
        metric_add(queue->depth, -1);
    }
}

void queue_leave(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    if (queue->waiting != 0)
        wake_one(queue);
    pthread_mutex_unlock(&queue->lock);
}

void queue_close(struct queue *queue, unsigned seat)
{
    struct flow waiting[QUEUE_FLOWS] = {{NULL, NULL}};
    pthread_mutex_lock(&queue->lock);
    queue->n_open -= queue->seats[seat].open;
    queue->seats[seat].open = false;
    if (queue->n_open == 0) {
        memcpy(waiting, queue->flows, sizeof waiting);
        memset(queue->flows, 0, sizeof queue->flows);
        queue->waiting = 0;
    }
    pthread_mutex_unlock(&queue->lock);
    for (unsigned i = 0; i < QUEUE_FLOWS; i++)
        metric_add(queue->depth, -fail_all(waiting[i].first, STATUS_UNAVAILABLE, out_of_reach));
}

void queue_open(struct queue *queue, unsigned seat)
{
    pthread_mutex_lock(&queue->lock);
    queue->n_open += !queue->seats[seat].open;
    queue->seats[seat].open = true;
    pthread_mutex_unlock(&queue->lock);
}

bool queue_is_closed(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    bool closed = queue->n_open == 0;
    pthread_mutex_unlock(&queue->lock);
    return closed;
}

bool queue_begin_wait(struct queue *queue, unsigned seat)
{
    pthread_mutex_lock(&queue->lock);
    bool waits = queue->waiting == 0;
    queue->seats[seat].waiting = waits;
    pthread_mutex_unlock(&queue->lock);
    return waits;
}

void queue_end_wait(struct queue *queue, unsigned seat)
{
    uint64_t count;
    pthread_mutex_lock(&queue->lock);
    queue->seats[seat].waiting = false;
    pthread_mutex_unlock(&queue->lock);
    ssize_t got = read(queue->seats[seat].event, &count, sizeof count);
    (void)got; /* nothing to read when the wait ended for another reason */
}

int queue_event(const struct queue *queue, unsigned seat)
{
    return queue->seats[seat].event;
}

void queue_wake(struct queue *queue, unsigned seat)
{
    wake(&queue->seats[seat]);
}
