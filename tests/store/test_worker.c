/* test_worker.c: a worker alone, with a queue of the test's own. */
#include "fixture.h"
#include "store/statement.h"
#include "store/worker.h"

#include <criterion/criterion.h>
#include <sched.h>
#include <stdio.h>

enum { LONG_MS = 20000 };

static struct queue queue, aside;
static struct store_metrics metrics;
static struct worker worker;
static char url[512]; /* of the worker, which waits for locks for long */
static PGconn *other; /* a session that holds the table */

static void set_up(void)
{
    char why[256];
    database_url = database_create();
    database = database_connect(database_url);
    other = database_connect(database_url);
    store_metrics_init(&metrics, NULL);
    cr_assert(queue_init(&queue, 1));
    cr_assert(queue_init_aside(&aside, 1)); /* from which nobody takes */
    queue.aside = &aside;
    snprintf(url, sizeof url, "%s options='-c lock_timeout=60s'", database_url);
    const struct worker_options options = {.database_url = url, .metrics = &metrics};
    cr_assert(worker_start(&worker, LANE_WRITE, &queue, 0, &options));
    cr_assert_eq(worker_await(&worker, why, sizeof why), SESSION_READY, "%s", why);
    free(database_query(
        database, "INSERT INTO orders (order_id, customer_id, order_date, total_amount, currency, status) "
                  "SELECT id, 'C', now(), 1, 'ISK', 'pending' FROM unnest('{a,b,c}'::text[]) AS id"));
}

static void tear_down(void)
{
    worker_stop(&worker);
    worker_free(&worker);
    queue_destroy(&queue);
    queue_destroy(&aside);
    PQfinish(other);
    PQfinish(database);
    database_drop(database_url);
}

TestSuite(worker, .init = set_up, .fini = tear_down, .timeout = 120);

static void finish(struct operation *operation)
{
    struct call *call = operation->call;
    if (operation->code != STATUS_OK)
        call_fail(call, operation->code, "%s", operation->message);
    pending_done(operation->answer, call);
}

/* Begins to remove an order. */
static struct pending *push_remove(const char *order_id, unsigned timeout_ms)
{
    struct pending *pending = pending_new(timeout_ms);
    struct operation *operation = arena_alloc(&pending->call.arena, sizeof *operation);
    *operation = (struct operation){
        .statement = &statements[STATEMENT_REMOVE],
        .call = &pending->call,
        .order_id = order_id,
        .hash = operation_hash(order_id),
        .finish = finish,
    };
    queue_push(&queue, operation);
    return pending;
}

static bool waits(void)
{
    pthread_mutex_lock(&queue.lock);
    const bool now = queue.slots[0].waiting;
    pthread_mutex_unlock(&queue.lock);
    return now;
}

/* No write waits for its order: for the table it does. */
static void hold(void)
{
    free(database_query(other, "BEGIN; LOCK TABLE orders IN SHARE ROW EXCLUSIVE MODE"));
}

static void release(void)
{
    free(database_query(other, "COMMIT"));
}

Test(worker, each_answer_is_that_of_its_own_question)
{
    hold();
    struct pending *a = push_remove("a", LONG_MS);
    await_blocked(1);
    struct pending *b = push_remove("b", LONG_MS);
    release();
    expect_end(a, STATUS_OK);
    expect_end(b, STATUS_OK);
    expect_end(push_remove("a", LONG_MS), STATUS_NOT_FOUND);
    expect_end(push_remove("c", LONG_MS), STATUS_OK);
    expect_end(push_remove("c", LONG_MS), STATUS_NOT_FOUND);
}

Test(worker, what_was_sent_fails_with_its_connection)
{
    hold();
    struct pending *a = push_remove("a", LONG_MS);
    await_blocked(1);
    free(database_query(database, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                                  "WHERE datname = current_database() AND application_name = 'ordersd'"));
    expect_end(a, STATUS_UNAVAILABLE);
    release();
    while (queue_is_closed(&queue) || !waits())
        sched_yield();
    expect_end(push_remove("b", LONG_MS), STATUS_OK);
}

/* The database did not go away. */
Test(worker, one_that_is_stopped_says_so)
{
    hold();
    struct pending *sent = push_remove("a", LONG_MS);
    await_blocked(1);
    struct pending *waiting = push_remove("b", LONG_MS);
    atomic_store(&worker.stop, true);
    queue_wake(&queue, 0);
    cr_assert_eq(pending_wait(sent), STATUS_UNAVAILABLE);
    cr_expect_str_eq(sent->call.status.message,
                     "The service is stopping; whether the change was made is not known");
    cr_assert_eq(pending_wait(waiting), STATUS_UNAVAILABLE);
    cr_expect_str_eq(waiting->call.status.message, "The service is stopping");
    pending_free(sent);
    pending_free(waiting);
    release();
}
