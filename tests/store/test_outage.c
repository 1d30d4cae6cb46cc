/* test_outage.c: PostgreSQL stops, starts, loses a backend, or says nothing at all. On a cluster of the
 * test's own. */
#include "store/fault.h"
#include "store_calls.h"
#include "support/cluster.h"
#include "support/database.h"

#include "base/time.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct cluster cluster;
static struct store *store;

static bool is_ready(void)
{
    char why[128];
    return postgres_ready(store, why, sizeof why);
}

static void set_up(void)
{
    cluster_create(&cluster);
    store = open_store(cluster.database_url, 2);
    cr_assert(is_ready());
}

static void tear_down(void)
{
    postgres_close(store);
    cluster_destroy(&cluster);
}

TestSuite(outage, .init = set_up, .fini = tear_down, .timeout = 180);

Test(outage, a_stopped_server_is_unavailable_at_once_and_comes_back)
{
    expect_end(begin_create(store, "before", 10000), STATUS_OK);
    cluster_stop(&cluster, "fast");
    await_ready(store, false);
    uint64_t began_ns = time_monotonic_ns();
    expect_end(begin_get(store, "before", 30000), STATUS_UNAVAILABLE);
    expect_end(begin_create(store, "during", 30000), STATUS_UNAVAILABLE);
    cr_assert_lt(time_monotonic_ns() - began_ns, UINT64_C(5) * NS_PER_S, "not at once");
    cluster_start(&cluster, "");
    await_ready(store, true);
    expect_end(begin_get(store, "before", 10000), STATUS_OK);
    expect_end(begin_create(store, "during", 10000), STATUS_OK);
}

Test(outage, a_terminated_backend_is_replaced_without_an_error_for_those_who_wait)
{
    PGconn *other = database_connect(cluster.database_url);
    for (int i = 0; i < 5; i++) {
        free(database_query(other, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                                   "WHERE application_name = 'ordersd'"));
        /* Under way when it broke, it may fail; asked afterwards, it waits for the new connection. */
        await_ready(store, true);
        struct pending *get = begin_get(store, "nobody", 10000);
        enum status_code code = pending_wait(get);
        cr_assert(code == STATUS_NOT_FOUND || code == STATUS_UNAVAILABLE);
        pending_free(get);
    }
    await_ready(store, true);
    PQfinish(other);
    struct pending *last;
    enum status_code code;
    do { /* the last termination may still have been on its way */
        last = begin_create(store, "after", 10000);
        code = pending_wait(last);
        pending_free(last);
    } while (code == STATUS_UNAVAILABLE);
    cr_assert(code == STATUS_OK || code == STATUS_ALREADY_EXISTS);
}

/* Creates orders 0 to n-1 in one call, under a request_id unless it is "". */
static struct pending *begin_many(const char *request_id, size_t n,
                                  Orders__V1__BatchCreateOrdersResponse *response)
{
    struct pending *many = pending_new(60000);
    Orders__V1__Order **orders = arena_calloc(&many->call.arena, n, sizeof(Orders__V1__Order *));
    many->call.request_id = request_id;
    *response = (Orders__V1__BatchCreateOrdersResponse)ORDERS__V1__BATCH_CREATE_ORDERS_RESPONSE__INIT;
    pending_results(many, response, n);
    for (size_t i = 0; i < n; i++) {
        char id[8];
        snprintf(id, sizeof id, "%zu", i);
        orders[i] = pending_order(many, id);
    }
    store->create_many(store, &many->call, n, orders, response,
                       (Orders__V1__BatchCreateOrdersResponse_Closure)pending_done, many);
    return many;
}

/* Waits until a session waits for another's lock, and ends it. */
static void terminate_blocked(PGconn *other)
{
    char *ended = NULL;
    do {
        free(ended);
        ended = database_query(other, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                                      "WHERE cardinality(pg_blocking_pids(pid)) > 0");
    } while (atoi(ended) == 0);
    free(ended);
}

/* The writers share a batch. One of them ends while it waits for an order that somebody else is creating. */
Test(outage, a_batch_of_which_a_part_was_lost_is_made_again_as_a_whole)
{
    enum { ORDERS = 16 };
    PGconn *holder = database_connect(cluster.database_url), *other = database_connect(cluster.database_url);
    Orders__V1__BatchCreateOrdersResponse response;
    const char *const take = "BEGIN; INSERT INTO orders (order_id, customer_id, order_date, total_amount, "
                             "currency, status) VALUES ('0', 'C', now(), 1, 'ISK', 'pending')";

    free(database_query(holder, take));
    struct pending *many = begin_many("once", ORDERS, &response);
    terminate_blocked(other);
    expect_end(many, STATUS_UNAVAILABLE);
    free(database_query(holder, "ROLLBACK"));
    await_ready(store, true);
    expect_end(begin_many("once", ORDERS, &response), STATUS_OK);
    char *stored = database_query(other, "SELECT count(*) FROM orders");
    cr_assert_str_eq(stored, "16");
    free(stored);

    /* Without an id it cannot be made again, so that what became of the others has to be told. */
    free(database_query(other, "DELETE FROM orders"));
    free(database_query(holder, take));
    many = begin_many("", ORDERS, &response);
    terminate_blocked(other);
    cr_assert_eq(pending_wait(many), STATUS_OK);
    cr_assert_eq((int)response.results[0]->code, STATUS_UNAVAILABLE);
    unsigned made = 0;
    for (size_t i = 0; i < ORDERS; i++)
        made += response.results[i]->code == RPC__V1__CODE__OK;
    pending_free(many);
    stored = database_query(other, "SELECT count(*) FROM orders");
    cr_assert_gt(made, 0);
    cr_assert_eq((unsigned)atoi(stored), made);
    free(stored);
    PQfinish(holder);
    PQfinish(other);
}

/* Whoever is woken for a list may find its connection gone: another must take it. */
Test(outage, a_list_is_not_lost_with_the_worker_that_was_woken_for_it)
{
    PGconn *other = database_connect(cluster.database_url);
    static const struct store_query query = {.limit = 5, .customer_id = ""};
    for (int i = 0; i < 50; i++) {
        await_ready(store, true);
        struct pending *list = pending_new(5000);
        cr_assert(PQsendQuery(other, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                                     "WHERE application_name = 'ordersd' ORDER BY random() LIMIT 2"));
        store->list(store, &list->call, &query, (Orders__V1__ListOrdersResponse_Closure)pending_done, list);
        enum status_code code = pending_wait(list);
        cr_assert(code == STATUS_OK || code == STATUS_UNAVAILABLE, "%d", code);
        pending_free(list);
        for (PGresult *result; (result = PQgetResult(other)) != NULL;)
            PQclear(result);
    }
    PQfinish(other);
}

/* Sends a signal to every backend of the store. */
static void signal_backends(PGconn *other, int signal_number)
{
    PGresult *pids = PQexec(other, "SELECT pid FROM pg_stat_activity WHERE application_name = 'ordersd'");
    cr_assert_eq(PQntuples(pids),
                 1 + 2 + 1 + 1 + 1 + 2 + 1); /* get, scan, long, summary, locked, write, purge */
    for (int i = 0; i < PQntuples(pids); i++)
        kill(atoi(PQgetvalue(pids, i, 0)), signal_number);
    PQclear(pids);
}

Test(outage, a_silent_server_lets_deadlines_pass)
{
    PGconn *other = database_connect(cluster.database_url);
    signal_backends(other, SIGSTOP);
    struct pending *calls[8];
    uint64_t began_ns = time_monotonic_ns();
    for (int i = 0; i < 8; i++) {
        char id[8];
        snprintf(id, sizeof id, "%d", i);
        calls[i] = i % 2 == 0 ? begin_get(store, id, 300) : begin_create(store, id, 300);
    }
    for (int i = 0; i < 8; i++)
        expect_end(calls[i], STATUS_DEADLINE_EXCEEDED);
    cr_assert_lt(time_monotonic_ns() - began_ns, UINT64_C(3) * NS_PER_S);
    signal_backends(other, SIGCONT);
    expect_end(begin_create(store, "after", 10000), STATUS_OK);
    PQfinish(other);
}

/* --- a restart under traffic --- */

enum { CALLERS = 4 };

struct traffic {
    atomic_bool stop;
    atomic_uint next;
    atomic_uint acknowledged;
    atomic_uint unknown; /* UNAVAILABLE: made or not */
    atomic_uint wrong;   /* any other end */
};

static void *create_orders(void *arg)
{
    struct traffic *traffic = arg;
    while (!atomic_load(&traffic->stop)) {
        char id[32];
        snprintf(id, sizeof id, "ORD-%u", atomic_fetch_add(&traffic->next, 1));
        struct pending *create = begin_create(store, id, 10000);
        enum status_code code = pending_wait(create);
        pending_free(create);
        atomic_fetch_add(code == STATUS_OK            ? &traffic->acknowledged
                         : code == STATUS_UNAVAILABLE ? &traffic->unknown
                                                      : &traffic->wrong,
                         1);
    }
    return NULL;
}

/* Waits for so many more acknowledged orders. */
static void await_traffic(struct traffic *traffic, unsigned more)
{
    unsigned target = atomic_load(&traffic->acknowledged) + more;
    while (atomic_load(&traffic->acknowledged) < target)
        usleep(1000);
}

Test(outage, a_restart_under_traffic_loses_nothing_that_was_acknowledged)
{
    static const char *const modes[] = {"fast", "immediate", "immediate"};
    struct traffic traffic = {0};
    pthread_t callers[CALLERS];
    for (size_t i = 0; i < CALLERS; i++)
        pthread_create(&callers[i], NULL, create_orders, &traffic);
    for (size_t i = 0; i < 3; i++) {
        await_traffic(&traffic, 200);
        cluster_stop(&cluster, modes[i]);
        cluster_start(&cluster, "");
    }
    await_traffic(&traffic, 200);
    atomic_store(&traffic.stop, true);
    for (size_t i = 0; i < CALLERS; i++)
        pthread_join(callers[i], NULL);

    PGconn *other = database_connect(cluster.database_url);
    char *stored = database_query(other, "SELECT count(*) FROM orders");
    unsigned n = (unsigned)atoi(stored);
    cr_assert_eq(atomic_load(&traffic.wrong), 0);
    cr_assert_geq(n, atomic_load(&traffic.acknowledged));
    cr_assert_leq(n, atomic_load(&traffic.acknowledged) + atomic_load(&traffic.unknown));
    free(stored);
    PQfinish(other);
}

/* --- no room on its disk --- */

static void expect_told(const char *told)
{
    char why[128] = "";
    postgres_ready(store, why, sizeof why);
    cr_assert_str_eq(why, told);
}

/* A server that is not ready is sent nothing to write, and would not find out that there is room again. */
Test(outage, a_full_disk_is_told_of_until_a_write_succeeds_or_none_was_tried)
{
    static const char full[] = "the database's disk is full";
    PGconn *other = database_connect(cluster.database_url);
    free(database_query(other, "CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS "
                               "$$ BEGIN RAISE 'no space' USING ERRCODE = '53100'; END $$"));
    free(database_query(other, "CREATE TRIGGER fill BEFORE INSERT ON orders EXECUTE FUNCTION fill()"));
    expect_end(begin_create(store, "A", 10000), STATUS_RESOURCE_EXHAUSTED);
    expect_told(full);
    expect_end(begin_get(store, "A", 10000), STATUS_NOT_FOUND); /* reads tell nothing of it */
    expect_told(full);
    free(database_query(other, "DROP TRIGGER fill ON orders"));
    expect_end(begin_create(store, "A", 10000), STATUS_OK);
    expect_told("");

    free(database_query(other, "CREATE TRIGGER fill BEFORE UPDATE ON orders EXECUTE FUNCTION fill()"));
    expect_end(begin_set_amount(store, "A", 5, 10000), STATUS_RESOURCE_EXHAUSTED);
    expect_told(full);
    await_told(store, "", (FAULT_S + 1) * 1000);
    expect_end(begin_set_amount(store, "A", 6, 10000), STATUS_RESOURCE_EXHAUSTED);
    expect_told(full);
    PQfinish(other);
}

/* --- a schema that was changed --- */

static void expect_told_until(const char *breaks, const char *told, const char *heals)
{
    PGconn *other = database_connect(cluster.database_url);
    free(database_query(other, breaks));
    struct pending *create = begin_create(store, "B", 10000);
    cr_expect_eq(pending_wait(create), STATUS_INTERNAL, "%s: %s", breaks, create->call.status.message);
    pending_free(create);
    expect_told(told);
    free(database_query(other, heals));
    expect_end(begin_create(store, "B", 10000), STATUS_OK);
    expect_told("");
    expect_end(begin_remove(store, "B", 10000), STATUS_OK);
    PQfinish(other);
}

/* Nothing is missing, and yet no order can be created. */
Test(outage, a_statement_that_the_schema_refuses_is_told_of)
{
    expect_told_until("CREATE FUNCTION odd() RETURNS trigger LANGUAGE plpgsql "
                      "AS 'BEGIN PERFORM nowhere(); RETURN NEW; END'; "
                      "CREATE TRIGGER odd BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION odd()",
                      "create fails: SQLSTATE 42883", "DROP FUNCTION odd CASCADE");
    expect_told_until(
        "ALTER TABLE orders ADD more text NOT NULL DEFAULT ''; ALTER TABLE orders ALTER more DROP DEFAULT",
        "create fails: SQLSTATE 23502", "ALTER TABLE orders DROP more");
    expect_told_until("CREATE RULE nothing AS ON INSERT TO orders DO INSTEAD NOTHING",
                      "create fails: SQLSTATE 0A000", "DROP RULE nothing ON orders");
}

/* As a restore of data alone, or a COPY with ids, leaves it. */
Test(outage, a_sequence_that_makes_no_new_ids_is_told_of)
{
    static const char heals[] = "SELECT setval(pg_get_serial_sequence('orders', 'id'), max(id)) FROM orders";
    expect_end(begin_create(store, "A", 10000), STATUS_OK);
    expect_told_until("SELECT setval(pg_get_serial_sequence('orders', 'id'), min(id), false) FROM orders",
                      "create fails: SQLSTATE 23505", heals);
    expect_told_until("SELECT setval(pg_get_serial_sequence('orders', 'id'), 9223372036854775807)",
                      "create fails: SQLSTATE 2200H", heals);
}

/* Values are read as what they are in this program's own schema. */
Test(outage, a_column_of_another_type_is_told_of_and_not_read)
{
    PGconn *other = database_connect(cluster.database_url);
    expect_end(begin_create(store, "A", 10000), STATUS_OK);
    free(database_query(other, "ALTER TABLE orders ALTER total_amount TYPE numeric"));
    expect_end(begin_get(store, "A", 10000), STATUS_UNAVAILABLE);
    await_told(store, "column total_amount of table orders is numeric, bigint is wanted", TOLD_MS);
    expect_end(begin_set_amount(store, "A", 7, 10000), STATUS_UNAVAILABLE);
    free(database_query(other, "ALTER TABLE orders ALTER total_amount TYPE bigint"));
    await_told(store, "", TOLD_AGAIN_MS);
    expect_end(begin_set_amount(store, "A", 7, 10000), STATUS_OK);
    PQfinish(other);
}

/* What one order is refused for is not. */
Test(outage, one_orders_own_failure_is_no_fault_of_the_database)
{
    PGconn *other = database_connect(cluster.database_url);
    free(database_query(other, "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
                               "$$ BEGIN RAISE 'not this one'; END $$"));
    free(database_query(other, "CREATE TRIGGER refuse BEFORE INSERT ON orders FOR EACH ROW "
                               "WHEN (NEW.order_id = 'odd') EXECUTE FUNCTION refuse()"));
    expect_end(begin_create(store, "odd", 10000), STATUS_INVALID_ARGUMENT);
    expect_told("");
    free(database_query(other, "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
                               "$$ BEGIN RAISE 'may not' USING ERRCODE = '42501'; END $$"));
    expect_end(begin_create(store, "odd", 10000), STATUS_INTERNAL);
    expect_told("");
    free(database_query(other, "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
                               "$$ BEGIN NEW.customer_id := NULL; RETURN NEW; END $$"));
    expect_end(begin_create(store, "odd", 10000), STATUS_INTERNAL);
    expect_told("");
    PQfinish(other);
}

/* --- a synchronous standby that does not answer --- */

static struct pending *begin_create_once(const char *order_id, const char *request_id, unsigned timeout_ms)
{
    struct pending *pending = pending_new(timeout_ms);
    pending->call.request_id = request_id;
    store->create(store, &pending->call, pending_order(pending, order_id),
                  (Orders__V1__Order_Closure)pending_done, pending);
    return pending;
}

/* Waits until the commit of a session whose query is like this waits for a standby. */
static void await_commit(PGconn *other, const char *like)
{
    char sql[256], *waiting = NULL;
    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND query LIKE '%s'", like);
    do {
        free(waiting);
        waiting = database_query(other, sql);
    } while (atoi(waiting) == 0);
    free(waiting);
}

static const char creates[] = "%INSERT INTO orders %";

/* From now on no commit ends. */
static PGconn *lose_standby(PGconn *other)
{
    PGconn *first = database_connect(cluster.database_url);
    cluster_set(&cluster, "synchronous_standby_names = 'nobody'");
    /* The server takes notice when it gets to it: until then commits end. */
    cr_assert(PQsendQuery(first, "DO $$ BEGIN LOOP PERFORM pg_logical_emit_message(true, '', ''); COMMIT; "
                                 "END LOOP; END $$"));
    await_commit(other, "DO %");
    return first;
}

/* PostgreSQL says no more of it than a warning. The order is in this server's table, and nowhere else. */
static void expect_unreplicated_not_acknowledged(void)
{
    PGconn *other = database_connect(cluster.database_url), *first = lose_standby(other);
    struct pending *create = begin_create_once("A", "once", 60000);
    await_commit(other, creates);
    free(database_query(other, "SELECT pg_cancel_backend(pid) FROM pg_stat_activity "
                               "WHERE wait_event = 'SyncRep' AND application_name = 'ordersd'"));
    expect_end(create, STATUS_UNAVAILABLE);
    char *stored = database_query(other, "SELECT count(*) FROM orders");
    cr_assert_str_eq(stored, "1");
    free(stored);

    /* Nor is it when it is asked again, as long as no standby has it. */
    create = begin_create_once("A", "once", 60000);
    await_commit(other, creates);
    cr_assert_not(pending_is_over(create));
    cluster_set(&cluster, "synchronous_standby_names = ''");
    cr_assert_eq(pending_wait(create), STATUS_OK);
    cr_assert(create->call.replayed);
    pending_free(create);
    PQfinish(first);
    PQfinish(other);
}

Test(outage, a_commit_that_was_not_to_wait_for_its_standby_is_not_acknowledged)
{
    expect_unreplicated_not_acknowledged();
}

Test(outage, nor_is_it_where_sessions_are_not_to_be_sent_warnings)
{
    cluster_set(&cluster, "client_min_messages = error");
    expect_unreplicated_not_acknowledged();
}

/* --- a table that is changed while the service runs --- */

/* A session prepares a statement only once, and PostgreSQL refuses one whose answer has another type since.
 */
Test(outage, nobody_notices_that_a_column_was_made_wider)
{
    PGconn *other = database_connect(cluster.database_url);
    expect_end(begin_create(store, "A", 10000), STATUS_OK);
    for (int width = 300; width < 310; width++) {
        char sql[80];
        expect_end(begin_get(store, "A", 10000), STATUS_OK);
        snprintf(sql, sizeof sql, "ALTER TABLE orders ALTER customer_id TYPE varchar(%d)", width);
        free(database_query(other, sql));
        expect_end(begin_set_amount(store, "A", width, 10000), STATUS_OK);
        static const struct store_query query = {.limit = 5, .customer_id = ""};
        struct pending *list = pending_new(10000);
        store->list(store, &list->call, &query, (Orders__V1__ListOrdersResponse_Closure)pending_done, list);
        expect_end(list, STATUS_OK);
    }
    expect_end(begin_get(store, "A", 10000), STATUS_OK);
    PQfinish(other);
}
