/* test_store_metrics.c: batches, waits and retries as the store tells them. The worker is held up by a lock
 * on the table, so that what goes together is known. */
#include "store/pace.h"
#include "store_calls.h"
#include "support/database.h"

#include "base/metrics.h"
#include "base/time.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONG_MS = 60000, ORDERS = 8 };

static char *database_url;
static PGconn *database;
static struct metrics *metrics;
static struct arena arena;
static struct store *store;

static void open_store_of(const char *url)
{
    char error[1024];
    metrics = metrics_new();
    store = postgres_open(&(struct postgres_options){.database_url = url, .workers = 1, .metrics = metrics},
                          error, sizeof error);
    cr_assert_not_null(store, "%s", error);
}

static void close_store(void)
{
    postgres_close(store);
    metrics_free(metrics);
}

static void set_up(void)
{
    static char url[1024];
    database_url = database_create();
    database = database_connect(database_url);
    arena_init(&arena);
    snprintf(url, sizeof url, "%s options='-c lock_timeout=60s'", database_url);
    open_store_of(url);
}

static void tear_down(void)
{
    close_store();
    arena_free(&arena);
    PQfinish(database);
    database_drop(database_url);
}

TestSuite(store_metrics, .init = set_up, .fini = tear_down, .timeout = 120);

/* A figure by its name and the values of its labels, one behind the other: "write idle". */
static double figure(const char *name, const char *labels)
{
    size_t n;
    const struct metrics_group *groups = metrics_gather(metrics, &arena, &n);
    for (size_t g = 0; g < n; g++) {
        for (size_t i = 0; i < groups[g].n_samples; i++) {
            const struct metrics_sample *sample = &groups[g].samples[i];
            const char *values = "";
            for (size_t k = 0; k < sample->n_labels; k++)
                values = arena_printf(&arena, "%s%s%s", values, k > 0 ? " " : "", sample->labels[k].value);
            if (strcmp(sample->name, name) == 0 && strcmp(values, labels) == 0)
                return sample->value;
        }
    }
    cr_assert_fail("there is no %s of %s", name, labels);
    return 0;
}

/* NULL: there is nothing to add. */
static void expect_figure(const char *name, const char *labels, double wanted, const char *why)
{
    const double found = figure(name, labels);
    cr_expect_eq(found, wanted, "%s of %s is %g, and not %g; %s", name, labels, found, wanted,
                 why != NULL ? why : "");
}

static struct pending *hold(void)
{
    free(database_query(database, "BEGIN; LOCK TABLE orders IN SHARE ROW EXCLUSIVE MODE"));
    struct pending *first = begin_create(store, "first", LONG_MS);
    while (database_number(database,
                           "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                           "AND wait_event_type = 'Lock'") == 0)
        free(database_query(database, "SELECT pg_sleep(0.005)"));
    return first;
}

/* False: it was held up for so long that the worker makes smaller batches. */
static bool is_held_up_briefly(int broken)
{
    const uint64_t begun_ns = time_monotonic_ns();
    struct pending *first = hold(), *calls[ORDERS];
    for (int i = 0; i < ORDERS; i++) {
        char id[16];
        snprintf(id, sizeof id, "%d", i);
        calls[i] = pending_new(LONG_MS);
        Orders__V1__Order *order = pending_order(calls[i], id);
        if (i == broken)
            order->currency = "XXX"; /* the service would not let this through */
        store->create(store, &calls[i]->call, order, (Orders__V1__Order_Closure)pending_done, calls[i]);
    }
    expect_figure("orders_store_queue_operations", "write", ORDERS, NULL);
    expect_figure("orders_store_connections", "write busy", 1, NULL);
    free(database_query(database, "SELECT pg_sleep(0.02); COMMIT"));
    expect_end(first, STATUS_OK);
    const bool is_brief = time_monotonic_ns() - begun_ns < (uint64_t)PACE_MS * NS_PER_MS;
    for (int i = 0; i < ORDERS; i++)
        expect_end(calls[i], i == broken ? STATUS_INVALID_ARGUMENT : STATUS_OK);
    expect_figure("orders_store_queue_operations", "write", 0, NULL);
    return is_brief;
}

/* Orders that come while the worker is held up, one of which the database refuses, if any. */
static void run_batch(int broken)
{
    while (!is_held_up_briefly(broken)) { /* the machine is busy; the test's timeout bounds it */
        tear_down();
        set_up();
    }
}

Test(store_metrics, a_batch_is_one_and_all_of_it_waited)
{
    run_batch(-1);
    expect_figure("orders_store_batch_operations_count", "write", 2, NULL);
    expect_figure("orders_store_batch_operations_sum", "write", 1 + ORDERS, NULL);
    expect_figure("orders_store_batch_operations_bucket", "write 1", 1, NULL);
    expect_figure("orders_store_batch_operations_bucket", "write 4", 1, NULL);
    expect_figure("orders_store_batch_operations_bucket", "write 8", 2, NULL);
    expect_figure("orders_store_queue_wait_seconds_count", "write", 1 + ORDERS, NULL);
    cr_expect_geq(figure("orders_store_queue_wait_seconds_sum", "write"), ORDERS * 0.02);
    expect_figure("orders_store_statement_duration_seconds_count", "create", 2, NULL);
    cr_expect_geq(figure("orders_store_statement_duration_seconds_sum", "create"), 0.02, "the lock's time");
    expect_figure("orders_store_operations_retried_total", "write", 0, NULL);
    expect_figure("orders_store_splits_total", "write", 0, NULL);
    expect_figure("orders_store_batch_operations_count", "get", 0, NULL);
}

/* 8 fail; 4 and 4; 2 and 2; 1 and 1, of which one stands alone and is told. */
Test(store_metrics, a_batch_with_one_at_fault_is_split_until_it_stands_alone)
{
    run_batch(3);
    expect_figure("orders_store_splits_total", "write", 3, NULL);
    expect_figure("orders_store_operations_retried_total", "write", 8 + 4 + 2, NULL);
    expect_figure("orders_store_statements_failed_total", "create", 4, NULL);
    expect_figure("orders_store_batch_operations_count", "write", 2, "it stays one batch");
}

/* One call's creates, of a prefix but for the last: those behind the first go in one batch. */
static void create_all(const char *prefix, const char *last, enum status_code of_last)
{
    struct pending *pending = pending_new(LONG_MS);
    Orders__V1__Order *orders[ORDERS];
    Orders__V1__BatchCreateOrdersResponse response = ORDERS__V1__BATCH_CREATE_ORDERS_RESPONSE__INIT;
    pending_results(pending, &response, ORDERS);
    for (int i = 0; i < ORDERS; i++) {
        char id[16];
        snprintf(id, sizeof id, "%s-%d", prefix, i);
        orders[i] = pending_order(pending, i == ORDERS - 1 ? last : id);
    }
    store->create_many(store, &pending->call, ORDERS, orders, &response,
                       (Orders__V1__BatchCreateOrdersResponse_Closure)pending_done, pending);
    cr_assert_eq(pending_wait(pending), STATUS_OK);
    for (int i = 0; i < ORDERS; i++)
        cr_expect_eq((int)response.results[i]->code, i == ORDERS - 1 ? (int)of_last : STATUS_OK, "%d", i);
    pending_free(pending);
}

/* The first batch expects that all is new. One that finds it is not is run again as a whole, and those behind
 * it look first. */
Test(store_metrics, what_is_there_already_is_looked_up_once_something_was)
{
    create_all("a", "there", STATUS_OK);
    expect_figure("orders_store_operations_retried_total", "write", 0, NULL);
    create_all("b", "there", STATUS_ALREADY_EXISTS);
    expect_figure("orders_store_operations_retried_total", "write", ORDERS - 1, NULL);
    create_all("c", "there", STATUS_ALREADY_EXISTS);
    expect_figure("orders_store_operations_retried_total", "write", ORDERS - 1, NULL);
    expect_figure("orders_store_splits_total", "write", 0, NULL);
    expect_figure("orders_store_statements_failed_total", "create", 0, NULL);
    cr_expect_eq(database_number(database, "SELECT count(*) FROM orders"), 3 * ORDERS - 2);
}

Test(store_metrics, what_waits_when_its_deadline_passes_waits_no_more)
{
    struct pending *first = hold();
    struct pending *late = begin_create(store, "late", 100);
    expect_figure("orders_store_queue_operations", "write", 1, NULL);
    expect_end(late, STATUS_DEADLINE_EXCEEDED);
    /* it is counted out a moment after its caller was told */
    while (figure("orders_store_queue_operations", "write") != 0)
        free(database_query(database, "SELECT pg_sleep(0.005)"));
    free(database_query(database, "COMMIT"));
    expect_end(first, STATUS_OK);
}

Test(store_metrics, a_broken_connection_is_counted_and_made_again)
{
    expect_figure("orders_store_connects_total", "get ready", 1, NULL);
    free(database_query(database, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE "
                                  "application_name = 'ordersd' AND datname = current_database()"));
    while (figure("orders_store_connects_total", "get ready") < 2)
        free(database_query(database, "SELECT pg_sleep(0.005)"));
    expect_figure("orders_store_connections_lost_total", "get", 1, NULL);
}

/* Those of all stores that use the registry. */
static double purged(void)
{
    size_t n;
    double sum = 0;
    const struct metrics_group *groups = metrics_gather(metrics, &arena, &n);
    for (size_t g = 0; g < n; g++) {
        for (size_t i = 0; i < groups[g].n_samples; i++) {
            const struct metrics_sample *sample = &groups[g].samples[i];
            sum += strcmp(sample->name, "orders_store_purged_answers_total") == 0 ? sample->value : 0;
        }
    }
    return sum;
}

/* The purge comes to the table's first pages within a second or two. */
Test(store_metrics, forgotten_answers_are_counted)
{
    char error[256];
    free(database_query(
        database, "INSERT INTO idempotency (request_id, part, fingerprint, code, answered_at) "
                  "SELECT 'old-' || n, 0, n, 5, now() - interval '1 hour' FROM generate_series(1, 7) AS n"));
    const struct postgres_options with_purge = {
        .database_url = database_url, .workers = 1, .idempotency_ttl_s = 60, .metrics = metrics};
    postgres_close(store);
    store = postgres_open(&with_purge, error, sizeof error);
    cr_assert_not_null(store, "%s", error);
    while (purged() < 7)
        free(database_query(database, "SELECT pg_sleep(0.02)"));
    cr_expect_eq(purged(), 7);
    cr_expect_eq(database_number(database, "SELECT count(*) FROM idempotency"), 0);
}

/* With the store's own lock_timeout. Who goes in a batch with them waits for it: a write that met the lock
 * with one of them, or whose order shares a mark with one of theirs. */
Test(store_metrics, creates_that_meet_a_lock_again_go_a_few_at_a_time)
{
    enum { HELD = 1000, BATCHES = 16, FEW = 100 };
    static struct pending *held[HELD];
    char id[32];
    close_store();
    open_store_of(database_url);
    free(database_query(database,
                        "BEGIN; INSERT INTO orders (order_id, customer_id, order_date, total_amount, "
                        "currency, status) SELECT 'a-' || n, 'C', now(), 1, 'ISK', 'pending' "
                        "FROM generate_series(0, 999) AS n"));
    for (int i = 0; i < HELD; i++) {
        snprintf(id, sizeof id, "a-%d", i);
        held[i] = begin_create(store, id, LONG_MS);
    }
    while (figure("orders_store_batch_operations_count", "locked") < BATCHES)
        free(database_query(database, "SELECT pg_sleep(0.005)"));
    cr_expect_lt(figure("orders_store_batch_operations_sum", "locked") /
                     figure("orders_store_batch_operations_count", "locked"),
                 FEW);
    free(database_query(database, "ROLLBACK"));
    for (int i = 0; i < HELD; i++)
        expect_end(held[i], STATUS_OK);
}
