/* postgres.c: the functions of a store, each of which makes operations and gives them to workers. */
#include "store/postgres.h"

#include "base/time.h"
#include "store/create_many.h"
#include "store/database_url.h"
#include "store/deadlines.h"
#include "store/dial.h"
#include "store/find.h"
#include "store/order_row.h"
#include "store/postgres_keys.h"
#include "store/statement.h"
#include "store/store_metrics.h"
#include "store/summary_memory.h"
#include "store/upkeep.h"
#include "store/worker.h"

#include <errno.h>
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
    unsigned look_rows; /* at which a list looks */
    struct summary_memory summary;
    struct deadlines deadlines;
    bool keeps_deadlines;
    struct postgres_keys keys;
    bool has_keys;
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
    if (operation->statement->keyed) {
        operation->hash = operation_hash(operation->order_id);
        call->order_id = operation->order_id;
    }
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
    order_row_make_room(order, &call->arena);
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

/* Which prepared statement answers a list; STATEMENT_FIND: none. */
static const struct statement *statement_of(const struct store_query *query)
{
    static const enum statement_id by[2][2][2] = {
        {{STATEMENT_LIST, STATEMENT_LIST_BY_CUSTOMER}, {STATEMENT_LIST_BY_STATUS, STATEMENT_LIST_BY_BOTH}},
        {{STATEMENT_NEWEST, STATEMENT_NEWEST_BY_CUSTOMER},
         {STATEMENT_NEWEST_BY_STATUS, STATEMENT_NEWEST_BY_BOTH}},
    };
    const bool by_status = query->statuses != 0;
    const bool by_customer = query->customer_id != NULL && *query->customer_id != '\0';
    return &statements[find_is_needed(query) ? STATEMENT_FIND
                                             : by[query->descending][by_status][by_customer]];
}

static void list(struct store *store, struct call *call, const struct store_query *query,
                 Orders__V1__ListOrdersResponse_Closure done, void *closure_data)
{
    struct operation prototype = {.statement = statement_of(query), .query = query};
    bool is_long = query->skip > LONG_SKIP;
    if (prototype.statement == &statements[STATEMENT_FIND]) {
        prototype.sql = find_compose(query, &call->arena);
        prototype.rows = find_rows(query, postgres_of(store)->look_rows);
        is_long |= find_is_long(query);
    } else {
        prototype.rows = find_rows(query, 0);
    }
    submit_to(store, is_long ? LANE_LONG : LANE_SCAN, call, prototype, CLOSURE(done), closure_data);
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
    submit_to(store, verify ? LANE_LONG : LANE_SUMMARY, call,
              (struct operation){.statement = &statements[id], .summary = &postgres_of(store)->summary},
              CLOSURE(done), closure_data);
}

static void count(struct store *store, struct call *call, const struct store_count *what,
                  Orders__V1__OrderStatistics_Closure done, void *closure_data)
{
    enum statement_id id = what->by_status ? STATEMENT_STATISTICS_BY_STATUS : STATEMENT_STATISTICS;
    submit_to(store, what->by_status ? LANE_LONG : LANE_SCAN, call,
              (struct operation){.statement = &statements[id], .count = what}, CLOSURE(done), closure_data);
}

static void create_many(struct store *store, struct call *call, size_t n, Orders__V1__Order *const orders[],
                        Orders__V1__BatchCreateOrdersResponse *response,
                        Orders__V1__BatchCreateOrdersResponse_Closure done, void *closure_data)
{
    create_many_begin(&postgres_of(store)->lanes[LANE_WRITE], call, n, orders, response, done, closure_data);
}

/* --- opening and closing --- */

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
 * faster. So have summaries: all that wait are answered at once, of what one session knows. */
static bool start_lanes(struct postgres *postgres, const struct postgres_options *options)
{
    const struct worker_options each = {
        .database_url = options->database_url,
        .check_ms = options->check_ms,
        .metrics = &postgres->metrics,
        .log = {.log = options->log, .slow_ns = (uint64_t)options->slow_statement_ms * NS_PER_MS},
    };
    struct worker_options summary = each;
    summary.connected = summary_memory_forget;
    summary.arg = &postgres->summary;
    return start_lane(postgres, LANE_GET, 1, 1, &each) &&
           start_lane(postgres, LANE_SCAN, 1, options->workers, &each) &&
           start_lane(postgres, LANE_LONG, 1, 1, &each) &&
           start_lane(postgres, LANE_SUMMARY, 1, 1, &summary) &&
           start_lane(postgres, LANE_LOCKED, 1, 1, &each) &&
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
    if (postgres->has_keys)
        postgres_keys_expire(&postgres->keys, now_ns);
}

static bool start_keys(struct postgres *postgres, const struct postgres_options *options)
{
    const struct postgres_keys_options keys = {
        .database_url = options->database_url,
        .check_ms = options->check_ms,
        .memory = options->keys,
        .metrics = &postgres->metrics.lanes[LANE_KEYS],
        .log = options->log,
    };
    if (options->keys.load == NULL)
        return true;
    postgres->has_keys = postgres_keys_start(&postgres->keys, &keys);
    return postgres->has_keys;
}

/* Once all workers are started, and the keys: it looks at each. */
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
        char why[SESSION_WHY];
        const enum session_result outcome = worker_await(&postgres->workers[i], why, sizeof why);
        if (outcome == SESSION_SHARED || (outcome == SESSION_WRONG_SCHEMA && !wrong)) {
            snprintf(error, error_size, "%s", why);
            wrong = true;
        }
        if (outcome == SESSION_SHARED)
            return false;
    }
    if (postgres->has_keys) /* which can be wrong in no way of their own */
        postgres_keys_await(&postgres->keys, (char[SESSION_WHY]){""}, SESSION_WHY);
    return !wrong;
}

struct store *postgres_open(const struct postgres_options *options, char *error, size_t error_size)
{
    const size_t most = (size_t)LANES * options->workers; /* of workers, and of queues */
    if (!database_url_check(options->database_url, error, error_size)) {
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
    postgres->look_rows = options->look_rows != 0 ? options->look_rows : FIND_ROWS;
    store_metrics_init(&postgres->metrics, options->metrics);
    if (!start_lanes(postgres, options) || !start_keys(postgres, options) || !start_deadlines(postgres) ||
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

struct key_store *postgres_key_store(struct store *store)
{
    return &postgres_of(store)->keys.base;
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
    return !postgres->has_keys || postgres_keys_ready(&postgres->keys, why, why_size);
}

void postgres_close(struct store *store)
{
    struct postgres *postgres = postgres_of(store);
    for (unsigned i = 0; i < postgres->n_upkeeps; i++)
        upkeep_stop(&postgres->upkeeps[i]);
    for (unsigned i = 0; i < postgres->n_workers; i++)
        worker_stop(&postgres->workers[i]);
    if (postgres->has_keys)
        postgres_keys_stop(&postgres->keys);
    if (postgres->keeps_deadlines)
        deadlines_stop(&postgres->deadlines);
    for (unsigned i = 0; i < postgres->n_workers; i++)
        worker_free(&postgres->workers[i]);
    for (unsigned i = 0; i < postgres->n_upkeeps; i++)
        upkeep_free(&postgres->upkeeps[i]);
    for (unsigned i = 0; i < postgres->n_queues; i++)
        queue_destroy(&postgres->queues[i]);
    summary_memory_free(&postgres->summary);
    if (postgres->has_keys)
        postgres_keys_free(&postgres->keys);
    free(postgres->queues);
    free(postgres);
}

bool postgres_is_left(void)
{
    return dial_is_left();
}
