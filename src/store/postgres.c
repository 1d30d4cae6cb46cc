/* postgres.c: the functions of a store, each of which makes operations and gives them to workers. */
#include "store/postgres.h"

#include "base/time.h"
#include "store/deadlines.h"
#include "store/dial.h"
#include "store/row.h"
#include "store/statement.h"
#include "store/store_metrics.h"
#include "store/upkeep.h"
#include "store/worker.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FOLD_REST_S = 1800 };

/* Rows that a list passes over, each of which costs as much as one that it answers: with more it takes longer
 * than any list without. */
enum { LONG_SKIP = 4000 };

struct postgres {
    struct store base;
    struct lane_queues lanes[LANES];
    struct queue *queues; /* owned */
    unsigned n_queues;
    struct store_metrics metrics;
    struct upkeep upkeeps[2];
    unsigned n_upkeeps;
    struct deadlines deadlines;
    bool keeps_deadlines;
    unsigned n_workers;
    struct worker workers[];
};

static struct postgres *postgres_of(struct store *store)
{
    return (struct postgres *)store; /* base is its first member */
}

/* --- operations with a call of their own --- */

static void finish_call(struct operation *operation)
{
    struct call *call = operation->call;
    call->more = operation->more;
    call->replayed = operation->replayed;
    if (operation->code != STATUS_OK)
        call_fail(call, operation->code, "%s", operation->message);
    operation->closure(operation->code == STATUS_OK ? operation->answer : NULL, operation->closure_data);
}

static void submit_to(struct store *store, enum lane lane, struct call *call, struct operation prototype,
                      ProtobufCClosure closure, void *closure_data)
{
    struct postgres *postgres = postgres_of(store);
    struct operation *operation = arena_alloc(&call->arena, sizeof *operation);
    *operation = prototype;
    operation->call = call;
    operation->finish = finish_call;
    operation->closure = closure;
    operation->closure_data = closure_data;
    if (operation->statement->keyed)
        operation->hash = operation_hash(operation->order_id);
    if (operation->statement->lane == LANE_WRITE)
        operation->request_hash = operation_request_hash(operation);
    queue_push(lane_queues_pick(&postgres->lanes[lane], operation->hash), operation);
}

static void submit(struct store *store, struct call *call, struct operation prototype,
                   ProtobufCClosure closure, void *closure_data)
{
    submit_to(store, prototype.statement->lane, call, prototype, closure, closure_data);
}

/* Closures differ only in the message's type, as protobuf-c's own generated code assumes. */
#define CLOSURE(done) ((ProtobufCClosure)(done))

static void create(struct store *store, struct call *call, Orders__V1__Order *order,
                   Orders__V1__Order_Closure done, void *closure_data)
{
    row_make_room(order, &call->arena);
    submit(store, call,
           (struct operation){
               .statement = &statements[STATEMENT_CREATE], .order_id = order->order_id, .order = order},
           CLOSURE(done), closure_data);
}

static void get(struct store *store, struct call *call, const char *order_id, Orders__V1__Order_Closure done,
                void *closure_data)
{
    submit(store, call, (struct operation){.statement = &statements[STATEMENT_GET], .order_id = order_id},
           CLOSURE(done), closure_data);
}

static void list(struct store *store, struct call *call, const struct store_query *query,
                 Orders__V1__ListOrdersResponse_Closure done, void *closure_data)
{
    bool by_status = query->status != ORDERS__V1__ORDER_STATUS__ORDER_STATUS_UNSPECIFIED;
    bool by_customer = *query->customer_id != '\0';
    static const enum statement_id by[2][2][2] = {
        {{STATEMENT_LIST, STATEMENT_LIST_BY_CUSTOMER}, {STATEMENT_LIST_BY_STATUS, STATEMENT_LIST_BY_BOTH}},
        {{STATEMENT_NEWEST, STATEMENT_NEWEST_BY_CUSTOMER},
         {STATEMENT_NEWEST_BY_STATUS, STATEMENT_NEWEST_BY_BOTH}},
    };
    const struct statement *statement = &statements[by[query->newest_first][by_status][by_customer]];
    submit_to(store, query->skip > LONG_SKIP ? LANE_LONG : LANE_SCAN, call,
              (struct operation){.statement = statement, .query = query}, CLOSURE(done), closure_data);
}

static void update(struct store *store, struct call *call, Orders__V1__Order *order, unsigned fields,
                   Orders__V1__Order_Closure done, void *closure_data)
{
    submit(store, call,
           (struct operation){.statement = &statements[STATEMENT_UPDATE],
                              .order_id = order->order_id,
                              .order = order,
                              .fields = fields,
                              .etag = etag_read(order->etag)},
           CLOSURE(done), closure_data);
}

static void remove_order(struct store *store, struct call *call, const char *order_id, const char *etag,
                         Google__Protobuf__Empty_Closure done, void *closure_data)
{
    submit(store, call,
           (struct operation){
               .statement = &statements[STATEMENT_REMOVE], .order_id = order_id, .etag = etag_read(etag)},
           CLOSURE(done), closure_data);
}

static void summarize(struct store *store, struct call *call, bool verify,
                      Orders__V1__OrderSummary_Closure done, void *closure_data)
{
    enum statement_id id = verify ? STATEMENT_SUMMARY_VERIFIED : STATEMENT_SUMMARY;
    submit_to(store, verify ? LANE_LONG : LANE_SCAN, call, (struct operation){.statement = &statements[id]},
              CLOSURE(done), closure_data);
}

static void count(struct store *store, struct call *call, const struct store_days *days,
                  Orders__V1__OrderStatistics_Closure done, void *closure_data)
{
    submit(store, call, (struct operation){.statement = &statements[STATEMENT_STATISTICS], .days = days},
           CLOSURE(done), closure_data);
}

/* --- one call with many operations --- */

/* The request; its operations may be answered by several workers at once, which write a result each.
 *
 * They are made in transactions of their own, and one request_id is to be that of one request, whatever else
 * is sent under it at the same moment: a single write, which is recorded as part 0, or another batch. So part
 * 0 of a batch is recorded before any other is begun. */
struct create_many {
    const struct lane_queues *writers;
    struct call *call;
    Orders__V1__BatchCreateOrdersResponse *response;
    Orders__V1__BatchCreateOrdersResponse_Closure closure;
    void *closure_data;
    struct operation *rest; /* what is not begun */
    struct operation *claim;
    struct operation_list *queued; /* one for each of the writers' queues */
    atomic_bool replayed;
    atomic_size_t left; /* operations without an outcome, and one more while `rest` is not begun */
};

static bool is_open(enum status_code code)
{
    return code == STATUS_UNAVAILABLE || code == STATUS_DEADLINE_EXCEEDED ||
           code == STATUS_RESOURCE_EXHAUSTED;
}

/* The outcome of one order of a batch that is the whole call's; NULL: each order has its own.
 *
 * A call that can be made again under its request_id is to be, when it is not known of an order whether it is
 * there, or it would be for a later time: those that are there are answered from their records then. Without
 * an id only a call of which nothing came is failed, as what became of the rest would be lost. */
static const Orders__V1__BatchCreateResult *outcome_of_all(const struct create_many *many)
{
    const Orders__V1__BatchCreateOrdersResponse *response = many->response;
    const Orders__V1__BatchCreateResult *first = response->results[0];
    bool alike =
        is_open((enum status_code)first->code) || (enum status_code)first->code == STATUS_FAILED_PRECONDITION;
    for (size_t i = 0; i < response->n_results; i++) {
        const Orders__V1__BatchCreateResult *result = response->results[i];
        if (is_open((enum status_code)result->code) && *many->call->request_id != '\0')
            return result;
        alike &= result->code == first->code;
    }
    return alike ? first : NULL;
}

static void finish_many(struct create_many *many)
{
    struct call *call = many->call;
    const Orders__V1__BatchCreateResult *outcome = outcome_of_all(many);
    call->replayed = atomic_load(&many->replayed);
    if (outcome != NULL) {
        call_fail(call, (enum status_code)outcome->code, "%s", outcome->message);
        many->closure(NULL, many->closure_data);
    } else {
        many->closure(many->response, many->closure_data);
    }
}

static void release_many(struct create_many *many)
{
    if (atomic_fetch_sub(&many->left, 1) == 1)
        finish_many(many);
}

static void finish_one_of_many(struct operation *operation)
{
    struct create_many *many = operation->many;
    Orders__V1__BatchCreateResult *result = many->response->results[operation->index];
    result->code = (Rpc__V1__Code)operation->code;
    if (operation->replayed)
        atomic_store(&many->replayed, true);
    if (operation->code == STATUS_OK)
        result->order = operation->order;
    else
        result->message = (char *)(uintptr_t)operation->message;
    release_many(many);
}

static void begin_rest(struct create_many *many)
{
    const struct lane_queues *writers = many->writers;
    for (struct operation *each = many->rest, *next; each != NULL; each = next) {
        next = each->next;
        each->next = NULL;
        operation_list_append(&many->queued[lane_queues_pick(writers, each->hash) - writers->queues], each,
                              each);
    }
    for (unsigned i = 0; i < writers->n; i++)
        queue_push(&writers->queues[i], many->queued[i].first);
    release_many(many);
}

static void fail_rest(struct create_many *many, enum status_code code, const char *message)
{
    for (struct operation *each = many->rest, *next; each != NULL; each = next) {
        next = each->next;
        operation_fail(each, code, message);
    }
    release_many(many);
}

static void push_write(struct create_many *many, struct operation *operation)
{
    operation->next = NULL;
    operation->request_hash = operation_request_hash(operation);
    queue_push(lane_queues_pick(many->writers, operation->hash), operation);
}

/* The request_id is another request's, or it cannot be known, or it is this one's. */
static void finish_claim(struct operation *claim)
{
    const enum status_code code = claim->code;
    if (is_open(code) || code == STATUS_FAILED_PRECONDITION || code == STATUS_INTERNAL)
        fail_rest(claim->many, code, claim->message);
    else
        begin_rest(claim->many);
}

/* Part 0 is no order's that can be made. */
static void claim(struct create_many *many)
{
    *many->claim = (struct operation){
        .statement = &statements[STATEMENT_CLAIM],
        .call = many->call,
        .hash = many->rest->hash,
        .order_id = many->rest->order_id,
        .finish = finish_claim,
        .many = many,
    };
    push_write(many, many->claim);
}

static void finish_first_of_many(struct operation *operation)
{
    struct create_many *many = operation->many;
    const enum status_code code = operation->code;
    const char *message = operation->message;
    finish_one_of_many(operation);
    if (code == STATUS_OK || code == STATUS_ALREADY_EXISTS)
        begin_rest(many);
    else if (many->rest != NULL && code == STATUS_INVALID_ARGUMENT)
        claim(many); /* nothing else is the order's own fault, and so the answer for as long as it is kept */
    else
        fail_rest(many, code, message);
}

/* One operation for each order that is not refused yet, in a list. */
static size_t make_operations(struct create_many *many, size_t n, Orders__V1__Order *const orders[])
{
    struct arena *arena = &many->call->arena;
    struct operation *operations = arena_calloc(arena, n, sizeof *operations), **link = &many->rest;
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        if (many->response->results[i]->code != RPC__V1__CODE__OK)
            continue;
        struct operation *operation = &operations[count++];
        row_make_room(orders[i], arena);
        *operation = (struct operation){
            .statement = &statements[STATEMENT_CREATE],
            .call = many->call,
            .hash = operation_hash(orders[i]->order_id),
            .order_id = orders[i]->order_id,
            .order = orders[i],
            .finish = finish_one_of_many,
            .many = many,
            .index = i,
        };
        operation->request_hash = operation_request_hash(operation);
        *link = operation;
        link = &operation->next;
    }
    return count;
}

static void create_many_begin(const struct lane_queues *writers, struct call *call, size_t n,
                              Orders__V1__Order *const orders[],
                              Orders__V1__BatchCreateOrdersResponse *response,
                              Orders__V1__BatchCreateOrdersResponse_Closure done, void *closure_data)
{
    struct create_many *many = arena_alloc(&call->arena, sizeof *many);
    *many = (struct create_many){.writers = writers,
                                 .call = call,
                                 .response = response,
                                 .closure = done,
                                 .closure_data = closure_data};
    const size_t count = make_operations(many, n, orders);
    if (count == 0) {
        done(response, closure_data);
        return;
    }
    many->queued = arena_calloc(&call->arena, writers->n, sizeof *many->queued);
    many->claim = arena_alloc(&call->arena, sizeof *many->claim);
    atomic_init(&many->left, count + 1);
    struct operation *first = many->rest;
    if (*call->request_id == '\0') {
        begin_rest(many);
    } else if (first->index > 0) {
        claim(many);
    } else {
        many->rest = first->next;
        first->finish = finish_first_of_many;
        push_write(many, first);
    }
}

static void create_many(struct store *store, struct call *call, size_t n, Orders__V1__Order *const orders[],
                        Orders__V1__BatchCreateOrdersResponse *response,
                        Orders__V1__BatchCreateOrdersResponse_Closure done, void *closure_data)
{
    create_many_begin(&postgres_of(store)->lanes[LANE_WRITE], call, n, orders, response, done, closure_data);
}

/* --- opening and closing --- */

/* Without libpq's words on what is wrong with it, which may show a password. */
static bool check_url(const char *database_url, char *error, size_t error_size)
{
    PQconninfoOption *options = PQconninfoParse(database_url, NULL);
    if (options == NULL)
        snprintf(error, error_size, "DATABASE_URL: is neither a libpq URL nor a keyword string");
    PQconninfoFree(options);
    return options != NULL;
}

static const struct store functions = {
    .create = create,
    .create_many = create_many,
    .get = get,
    .list = list,
    .update = update,
    .remove = remove_order,
    .summarize = summarize,
    .count = count,
};

static bool start_lane(struct postgres *postgres, enum lane lane, unsigned n_queues, unsigned workers_each,
                       const struct worker_options *options)
{
    struct lane_queues *of_lane = &postgres->lanes[lane];
    of_lane->queues = &postgres->queues[postgres->n_queues];
    while (of_lane->n < n_queues) {
        struct queue *queue = &of_lane->queues[of_lane->n++];
        postgres->n_queues++; /* it is destroyed with the others, whatever comes of it */
        if (lane == LANE_LOCKED ? !queue_init_aside(queue, workers_each) : !queue_init(queue, workers_each))
            return false;
        if (lane_sets_aside(lane))
            queue->aside = postgres->lanes[LANE_LOCKED].queues;
        queue->depth = postgres->metrics.lanes[lane].waiting;
        for (unsigned slot = 0; slot < workers_each; slot++, postgres->n_workers++) {
            if (!worker_start(&postgres->workers[postgres->n_workers], lane, queue, slot, options))
                return false;
        }
    }
    return true;
}

/* Changes to one order keep their order, since they have a queue with one worker. A scan is taken by whoever
 * has none. Gets have one worker: a second makes batches smaller and the sum of them dearer, and is not
 * faster. */
static bool start_lanes(struct postgres *postgres, const struct postgres_options *options)
{
    const struct worker_options each = {
        .database_url = options->database_url,
        .check_ms = options->check_ms,
        .metrics = &postgres->metrics,
        .log = {.log = options->log, .slow_ns = (uint64_t)options->slow_statement_ms * NS_PER_MS},
    };
    return start_lane(postgres, LANE_GET, 1, 1, &each) &&
           start_lane(postgres, LANE_SCAN, 1, options->workers, &each) &&
           start_lane(postgres, LANE_LONG, 1, 1, &each) && start_lane(postgres, LANE_LOCKED, 1, 1, &each) &&
           start_lane(postgres, LANE_WRITE, options->workers, 1, &each) &&
           start_lane(postgres, LANE_PURGE, 1, 1, &each);
}

static bool start_upkeep(struct postgres *postgres, const struct upkeep_options *options)
{
    if (!upkeep_start(&postgres->upkeeps[postgres->n_upkeeps], options))
        return false;
    postgres->n_upkeeps++;
    return true;
}

/* Rows of the rollup that are in use come again after each walk, so its walks are far apart. */
static bool start_upkeeps(struct postgres *postgres, uint32_t ttl_s)
{
    const struct upkeep_options fold = {
        .step = &statements[STATEMENT_FOLD],
        .queue = postgres->lanes[LANE_PURGE].queues,
        .rest_s = FOLD_REST_S,
        .counts = postgres->metrics.folded,
    };
    const struct upkeep_options purge = {
        .step = &statements[STATEMENT_PURGE],
        .queue = postgres->lanes[LANE_PURGE].queues,
        .ttl_s = ttl_s,
        .counts = postgres->metrics.purged,
    };
    return start_upkeep(postgres, &fold) && (ttl_s == 0 || start_upkeep(postgres, &purge));
}

static void expire(void *arg, uint64_t now_ns)
{
    struct postgres *postgres = arg;
    for (unsigned i = 0; i < postgres->n_queues; i++)
        queue_expire(&postgres->queues[i], now_ns);
    for (unsigned i = 0; i < postgres->n_workers; i++)
        worker_expire(&postgres->workers[i], now_ns);
}

/* Once all workers are started: it looks at each. */
static bool start_deadlines(struct postgres *postgres)
{
    postgres->keeps_deadlines = deadlines_start(&postgres->deadlines, expire, postgres);
    return postgres->keeps_deadlines;
}

/* Waits for the first attempts. A pooler that shares sessions may show in one as a wrong schema; other
 * outcomes may change by themselves. False: it is not to be begun. */
static bool await_first(struct postgres *postgres, char *error, size_t error_size)
{
    bool wrong = false;
    for (unsigned i = 0; i < postgres->n_workers; i++) {
        char why[CONNECTION_WHY];
        const enum connection_result outcome = worker_await(&postgres->workers[i], why, sizeof why);
        if (outcome == CONNECTION_SHARED || (outcome == CONNECTION_WRONG_SCHEMA && !wrong)) {
            snprintf(error, error_size, "%s", why);
            wrong = true;
        }
        if (outcome == CONNECTION_SHARED)
            break;
    }
    return !wrong;
}

struct store *postgres_open(const struct postgres_options *options, char *error, size_t error_size)
{
    const size_t most = (size_t)LANES * options->workers; /* of workers, and of queues */
    if (!check_url(options->database_url, error, error_size)) {
        errno = EINVAL;
        return NULL;
    }
    struct postgres *postgres = calloc(1, sizeof *postgres + most * sizeof postgres->workers[0]);
    struct queue *queues = calloc(most, sizeof *queues);
    if (postgres == NULL || queues == NULL) {
        snprintf(error, error_size, "out of memory");
        free(postgres);
        free(queues);
        errno = ENOMEM;
        return NULL;
    }
    postgres->base = functions;
    postgres->queues = queues;
    store_metrics_init(&postgres->metrics, options->metrics);
    if (!start_lanes(postgres, options) || !start_deadlines(postgres) ||
        !start_upkeeps(postgres, options->idempotency_ttl_s)) {
        const int why = errno;
        snprintf(error, error_size, "cannot start a worker: %m");
        postgres_close(&postgres->base);
        errno = why;
        return NULL;
    }
    if (!await_first(postgres, error, error_size)) {
        postgres_close(&postgres->base);
        errno = EINVAL;
        return NULL;
    }
    return &postgres->base;
}

/* Any worker of a queue knows as much as the others. */
static void explain_closed(struct postgres *postgres, const struct queue *queue, char *why, size_t why_size)
{
    snprintf(why, why_size, "database out of reach");
    for (unsigned i = 0; i < postgres->n_workers; i++) {
        if (postgres->workers[i].queue == queue && !worker_ready(&postgres->workers[i], why, why_size))
            return;
    }
}

bool postgres_ready(void *store, char *why, size_t why_size)
{
    struct postgres *postgres = postgres_of(store);
    for (enum lane lane = 0; lane < LANES; lane++) {
        const struct lane_queues *of_lane = &postgres->lanes[lane];
        for (unsigned i = 0; lane != LANE_PURGE && i < of_lane->n; i++) {
            if (queue_is_closed(&of_lane->queues[i])) {
                explain_closed(postgres, &of_lane->queues[i], why, why_size);
                return false;
            }
        }
    }
    for (unsigned i = 0; i < postgres->n_workers; i++) {
        if (worker_degraded(&postgres->workers[i], why, why_size))
            return false;
    }
    return true;
}

void postgres_close(struct store *store)
{
    struct postgres *postgres = postgres_of(store);
    for (unsigned i = 0; i < postgres->n_upkeeps; i++)
        upkeep_stop(&postgres->upkeeps[i]);
    for (unsigned i = 0; i < postgres->n_workers; i++)
        worker_stop(&postgres->workers[i]);
    if (postgres->keeps_deadlines)
        deadlines_stop(&postgres->deadlines);
    for (unsigned i = 0; i < postgres->n_workers; i++)
        worker_free(&postgres->workers[i]);
    for (unsigned i = 0; i < postgres->n_upkeeps; i++)
        upkeep_free(&postgres->upkeeps[i]);
    for (unsigned i = 0; i < postgres->n_queues; i++)
        queue_destroy(&postgres->queues[i]);
    free(postgres->queues);
    free(postgres);
}

bool postgres_is_left(void)
{
    return dial_is_left();
}
