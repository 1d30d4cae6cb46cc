/* admission.c: sums of all, of each principal and of each connection of one, under one lock. */
#include "call/admission.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
    /* A heavy hitter has more calls in hand than this, while another caller has any. It is remembered for as
     * many calls as may come before one who asks for one thing at a time asks for the next. */
    HEAVY_CALLS = 64,
    HEAVY_MEMORY = 4096,
    BUCKETS = 1 << 12,
    SPARE_FLOWS = 256,
};

/* What one principal has in hand by one connection. There is one only while that is something. */
struct flow {
    struct account *account;
    uint32_t caller; /* its id */
    unsigned calls, answers;
    size_t bytes; /* of both */
    LIST_ENTRY(flow) neighbours;
};

LIST_HEAD(flow_bucket, flow);

struct admission {
    struct admission_limits limits;
    struct admission_gauges gauges;
    pthread_mutex_t lock;      /* guards all below, and what callers and accounts have */
    struct accounts *accounts; /* owned */
    struct flow_bucket flows[BUCKETS];
    struct flow_bucket spare; /* owned, for the next; as are all */
    unsigned n_spare;
    unsigned busy;       /* principals that have calls in hand, or answers to take */
    unsigned busy_flows; /* connections of all of them */
    unsigned calls;
    unsigned answers;
    size_t bytes;      /* of both */
    atomic_uint heavy; /* calls to come for which a heavy hitter is remembered; read without the lock */
};

struct admission *admission_new(const struct admission_limits *limits, struct admission_gauges gauges,
                                struct metrics *metrics)
{
    struct admission *admission = calloc(1, sizeof *admission);
    if (admission == NULL)
        return NULL;
    admission->limits = *limits;
    admission->gauges = gauges;
    pthread_mutex_init(&admission->lock, NULL);
    admission->accounts = accounts_new(metrics);
    if (admission->accounts != NULL)
        return admission;
    admission_free(admission);
    return NULL;
}

static void free_flows(struct flow_bucket *bucket)
{
    for (struct flow *each = LIST_FIRST(bucket), *next; each != NULL; each = next) {
        next = LIST_NEXT(each, neighbours);
        free(each);
    }
}

void admission_free(struct admission *admission)
{
    if (admission == NULL)
        return;
    for (size_t i = 0; i < BUCKETS; i++)
        free_flows(&admission->flows[i]);
    free_flows(&admission->spare);
    accounts_free(admission->accounts);
    pthread_mutex_destroy(&admission->lock);
    free(admission);
}

/* Ends what was begun by locking. */
static void unlock(struct admission *admission)
{
    metric_set(admission->gauges.calls, admission->calls);
    metric_set(admission->gauges.bytes, (int64_t)admission->bytes);
    pthread_mutex_unlock(&admission->lock);
}

/* --- flows --- */

static struct flow_bucket *bucket_of(struct admission *admission, const struct account *account,
                                     uint32_t caller)
{
    const uint32_t mixed = (account->hash ^ caller) * UINT32_C(2654435769);
    return &admission->flows[mixed >> 20];
}

static struct flow *new_flow(struct admission *admission)
{
    struct flow *flow = LIST_FIRST(&admission->spare);
    if (flow != NULL) {
        LIST_REMOVE(flow, neighbours);
        admission->n_spare--;
    } else if ((flow = malloc(sizeof *flow)) == NULL) {
        abort(); /* as the arena does */
    }
    return flow;
}

static struct flow *use_flow(struct admission *admission, struct account *account, uint32_t caller)
{
    struct flow_bucket *bucket = bucket_of(admission, account, caller);
    for (struct flow *flow = LIST_FIRST(bucket); flow != NULL; flow = LIST_NEXT(flow, neighbours)) {
        if (flow->account == account && flow->caller == caller)
            return flow;
    }
    struct flow *flow = new_flow(admission);
    *flow = (struct flow){.account = account, .caller = caller};
    LIST_INSERT_HEAD(bucket, flow, neighbours);
    account->flows++;
    admission->busy_flows++;
    return flow;
}

/* Forgets a flow that has nothing in hand. */
static void rest_flow(struct admission *admission, struct flow *flow)
{
    if (flow->calls + flow->answers > 0)
        return;
    flow->account->flows--;
    admission->busy_flows--;
    LIST_REMOVE(flow, neighbours);
    if (admission->n_spare == SPARE_FLOWS) {
        free(flow);
        return;
    }
    LIST_INSERT_HEAD(&admission->spare, flow, neighbours);
    admission->n_spare++;
}

/* --- memory --- */

static void take_memory(struct admission *admission, const struct admission_entry *entry, size_t bytes)
{
    budget_add(admission->limits.memory, bytes);
    admission->bytes += bytes;
    if (entry->flow == NULL)
        return; /* its caller is gone */
    entry->caller->bytes += bytes;
    entry->flow->bytes += bytes;
}

static void free_memory(struct admission *admission, const struct admission_entry *entry, size_t bytes)
{
    budget_give_back(admission->limits.memory, bytes);
    admission->bytes -= bytes;
    if (entry->flow == NULL)
        return;
    entry->caller->bytes -= bytes;
    entry->flow->bytes -= bytes;
}

/* --- bounds --- */

/* Asked once the call is counted. */
static bool is_within_bounds(const struct admission *admission, const struct admission_entry *entry)
{
    const struct admission_limits *limits = &admission->limits;
    const struct account *account = entry->account;
    const unsigned share = limits->calls / admission->busy, flow_share = share / account->flows;
    const size_t memory_share = limits->memory->limit / admission->busy / account->flows;
    const unsigned beyond = admission->calls > limits->calls ? admission->calls - limits->calls : 0;
    const bool is_fair = entry->flow->calls <= flow_share; /* as a connection */
    const bool is_fair_principal = admission->busy > 1 && account->calls <= share;
    const bool has_call = beyond == 0 || (is_fair && beyond <= limits->further) ||
                          (is_fair && is_fair_principal && beyond <= 2 * limits->further);
    const bool has_memory = !budget_is_exceeded(limits->memory) || entry->flow->bytes <= memory_share;
    if ((has_call && has_memory) || admission->calls + admission->answers == 1)
        return true;
    if (!has_memory)
        budget_want(limits->memory);
    return false;
}

/* Asked when there is room; the rate last, as what is refused takes none of it. */
static enum admission_outcome check_principal(const struct admission *admission, struct account *account,
                                              uint64_t now_ns, uint64_t *wait_ns)
{
    const struct admission_limits *limits = &admission->limits;
    if (limits->calls_each > 0 && account->admitted >= limits->calls_each)
        return ADMISSION_TOO_MANY_CALLS;
    *wait_ns = rate_take(&limits->rate_each, &account->full_ns, now_ns);
    return *wait_ns > 0 ? ADMISSION_TOO_FAST : ADMISSION_OK;
}

static void note_heavy_hitter(struct admission *admission, const struct flow *flow)
{
    const unsigned heavy = atomic_load_explicit(&admission->heavy, memory_order_relaxed);
    unsigned left = heavy > 0 ? heavy - 1 : 0;
    if ((admission->busy_flows > 1 && flow->calls > HEAVY_CALLS) ||
        (admission->busy > 1 && flow->account->calls > HEAVY_CALLS))
        left = HEAVY_MEMORY;
    if (left != heavy)
        atomic_store_explicit(&admission->heavy, left, memory_order_relaxed);
}

bool admission_has_heavy_hitter(const struct admission *admission)
{
    return atomic_load_explicit(&admission->heavy, memory_order_relaxed) > 0;
}

/* --- calls --- */

static bool is_busy(const struct account *account)
{
    return account->calls + account->answers > 0;
}

static void count_call(struct admission *admission, const struct admission_request *request,
                       struct admission_entry *entry)
{
    struct account *account =
        accounts_use(admission->accounts, request->principal, request->principal_hash, request->now_ns);
    *entry = (struct admission_entry){.caller = request->caller, .account = account};
    admission->busy += !is_busy(account);
    admission->calls++;
    account->calls++;
    if (request->caller == NULL)
        return;
    entry->flow = use_flow(admission, account, request->caller->id);
    entry->flow->calls++;
    note_heavy_hitter(admission, entry->flow);
}

enum admission_outcome admission_enter(struct admission *admission, const struct admission_request *request,
                                       struct admission_entry *entry, uint64_t *wait_ns)
{
    enum admission_outcome outcome = ADMISSION_OK;
    pthread_mutex_lock(&admission->lock);
    count_call(admission, request, entry);
    take_memory(admission, entry, request->bytes);
    if (request->caller == NULL || !is_within_bounds(admission, entry))
        outcome = ADMISSION_NO_ROOM;
    else if (!request->is_free)
        outcome = check_principal(admission, entry->account, request->now_ns, wait_ns);
    entry->counts = outcome == ADMISSION_OK && !request->is_free;
    entry->account->admitted += entry->counts;
    unlock(admission);
    return outcome;
}

bool admission_grow(struct admission *admission, const struct admission_entry *entry, size_t more)
{
    pthread_mutex_lock(&admission->lock);
    take_memory(admission, entry, more);
    const bool admitted = entry->caller != NULL && is_within_bounds(admission, entry);
    unlock(admission);
    return admitted;
}

void admission_answer(struct admission *admission, struct admission_entry *entry, size_t call_bytes,
                      size_t answer_bytes)
{
    struct account *account = entry->account;
    pthread_mutex_lock(&admission->lock);
    assert(account->calls > 0 && account->admitted >= entry->counts);
    admission->calls--;
    admission->answers++;
    account->calls--;
    account->answers++;
    account->admitted -= entry->counts;
    if (entry->flow != NULL) {
        entry->flow->calls--;
        entry->flow->answers++;
    }
    take_memory(admission, entry, answer_bytes);
    free_memory(admission, entry, call_bytes);
    unlock(admission);
}

void admission_leave(struct admission *admission, struct admission_entry *entry, size_t answer_bytes)
{
    struct account *account = entry->account;
    pthread_mutex_lock(&admission->lock);
    assert(account->answers > 0);
    admission->answers--;
    account->answers--;
    free_memory(admission, entry, answer_bytes);
    if (entry->flow != NULL) {
        entry->flow->answers--;
        rest_flow(admission, entry->flow);
    }
    if (!is_busy(account)) {
        admission->busy--;
        accounts_rest(admission->accounts, account);
    }
    unlock(admission);
    *entry = (struct admission_entry){0};
}

size_t admission_bytes(struct admission *admission, const struct caller *caller)
{
    pthread_mutex_lock(&admission->lock);
    const size_t bytes = caller->bytes;
    pthread_mutex_unlock(&admission->lock);
    return bytes;
}
