/* test_locks.c: what another session of the database holds locked holds up those who ask for it, and nobody
 * else. With the store's own lock_timeout, not that of the other tests.
 */
#include "fixture.h"

#include "base/time.h"
#include "orders/rules.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONG_MS = 60000, SOON_MS = 1500 };

static void set_up(void)
{
    char error[256];
    database_url = database_create();
    database = database_connect(database_url);
    store = postgres_open(&(struct postgres_options){.database_url = database_url, .workers = 1}, error,
                          sizeof error);
    cr_assert_not_null(store, "%s", error);
}

TestSuite(locks, .init = set_up, .fini = fixture_tear_down, .timeout = 120);

static void make_orders(const char *prefix, int n)
{
    char sql[512];
    snprintf(sql, sizeof sql,
             "INSERT INTO orders (order_id, customer_id, order_date, total_amount, currency, status) "
             "SELECT '%s' || n, 'C', now(), 1, 'ISK', 'pending' FROM generate_series(1, %d) AS n",
             prefix, n);
    free(database_query(database, sql));
}

static int64_t amount_of(struct pending *changed)
{
    cr_assert_eq(pending_wait(changed), STATUS_OK, "%s", changed->call.status.message);
    const int64_t amount = ((const Orders__V1__Order *)changed->answer)->total_amount;
    pending_free(changed);
    return amount;
}

/* Others' calls, one after another, each within a time that they would not be in behind a lock. */
static void expect_others_served(const char *prefix)
{
    for (int i = 1; i <= 50; i++) {
        char id[32];
        snprintf(id, sizeof id, "%s%d", prefix, i);
        expect_end(begin_set_amount(store, id, i + 1, SOON_MS), STATUS_OK);
        snprintf(id, sizeof id, "%snew-%d", prefix, i);
        expect_end(begin_create(store, id, SOON_MS), STATUS_OK);
        expect_end(begin_remove(store, id, SOON_MS), STATUS_OK);
    }
}

Test(locks, an_order_that_is_locked_holds_up_its_own_callers_alone)
{
    enum { CHANGES = 5 };
    struct pending *changes[CHANGES];
    make_orders("a-", 1);
    make_orders("b-", 50);
    free(database_query(database, "BEGIN; SELECT 1 FROM orders WHERE order_id = 'a-1' FOR UPDATE"));
    for (int i = 0; i < CHANGES; i++)
        changes[i] = begin_set_amount(store, "a-1", 10 + i, LONG_MS);
    struct pending *removed = begin_remove(store, "a-1", LONG_MS);
    struct pending *again = begin_create(store, "a-1", LONG_MS);
    expect_others_served("b-");
    for (int i = 0; i < CHANGES; i++)
        cr_assert_not(pending_is_over(changes[i]));
    free(database_query(database, "COMMIT"));
    for (int i = 0; i < CHANGES; i++)
        cr_assert_eq(amount_of(changes[i]), 10 + i); /* in their order */
    expect_end(removed, STATUS_OK);
    expect_end(again, STATUS_OK);
    expect_end(begin_set_amount(store, "a-1", 99, SOON_MS), STATUS_OK);
}

/* While the lock is held. */
Test(locks, what_waits_for_a_lock_ends_with_its_right)
{
    make_orders("a-", 1);
    free(database_query(database, "BEGIN; SELECT 1 FROM orders WHERE order_id = 'a-1' FOR UPDATE"));
    struct pending *changed = pending_new_until(3), *removed = pending_new_until(0);
    Orders__V1__Order *order = pending_order(changed, "a-1");
    store->update(store, &changed->call, order, ORDER_TOTAL_AMOUNT, (Orders__V1__Order_Closure)pending_done,
                  changed);
    store->remove(store, &removed->call, "a-1", "", (Google__Protobuf__Empty_Closure)pending_done, removed);
    cr_assert_eq(pending_wait(changed), STATUS_PERMISSION_DENIED, "%s", changed->call.status.message);
    cr_assert_eq(pending_asked(changed), 4);
    pending_free(changed);
    expect_end(removed, STATUS_PERMISSION_DENIED);
    free(database_query(database, "COMMIT"));
    expect_end(begin_set_amount(store, "a-1", 7, SOON_MS), STATUS_OK);
}

/* In words that are true of any lock, and of a write that only follows another. */
static void expect_told_of_lock(const struct pending *late)
{
    cr_assert_str_eq(late->call.status.message, "The deadline passed while it waited for a lock that another "
                                                "session held, or behind a write that did");
}

Test(locks, a_deadline_that_passes_at_a_lock_says_so)
{
    make_orders("a-", 1);
    free(database_query(database, "BEGIN; UPDATE orders SET status = 'shipped'"));
    const uint64_t began_ns = time_monotonic_ns();
    struct pending *held = begin_set_amount(store, "a-1", 5, 3000);
    struct pending *behind = begin_remove(store, "a-1", 3000);
    cr_assert_eq(pending_wait(held), STATUS_DEADLINE_EXCEEDED);
    expect_told_of_lock(held);
    cr_assert_eq(pending_wait(behind), STATUS_DEADLINE_EXCEEDED);
    expect_told_of_lock(behind);
    cr_assert_lt(time_monotonic_ns() - began_ns, UINT64_C(8000) * NS_PER_MS);
    free(database_query(database, "COMMIT"));
    expect_end(begin_set_amount(store, "a-1", 6, SOON_MS), STATUS_OK);
    cr_assert_eq(database_number(database, "SELECT total_amount FROM orders"), 6);
    pending_free(held);
    pending_free(behind);
}

/* An etag is compared with what the other session left. */
Test(locks, a_lock_is_waited_for_before_the_etag_is_compared)
{
    make_orders("a-", 1);
    struct pending *got = begin_get(store, "a-1", SOON_MS);
    cr_assert_eq(pending_wait(got), STATUS_OK);
    const char *etag = ((const Orders__V1__Order *)got->answer)->etag;
    free(database_query(database, "BEGIN; UPDATE orders SET updated_at = updated_at + interval '1 second'"));
    struct pending *removed = pending_new(LONG_MS);
    store->remove(store, &removed->call, "a-1", etag, (Google__Protobuf__Empty_Closure)pending_done, removed);
    expect_end(begin_create(store, "b", SOON_MS), STATUS_OK);
    cr_assert_not(pending_is_over(removed));
    free(database_query(database, "COMMIT"));
    expect_end(removed, STATUS_ABORTED);
    expect_end(begin_remove(store, "a-1", SOON_MS), STATUS_OK);
    pending_free(got);
}

/* A create waits for the session that makes an order of the same id, as only its commit tells. */
Test(locks, an_order_that_another_session_makes_holds_up_its_own_callers_alone)
{
    PGconn *other = database_connect(database_url);
    make_orders("b-", 50);
    free(database_query(database, "BEGIN"));
    make_orders("a-", 1);
    free(database_query(other, "BEGIN; INSERT INTO orders (order_id, customer_id, order_date, total_amount, "
                               "currency, status) VALUES ('c', 'C', now(), 1, 'ISK', 'pending')"));
    struct pending *committed = begin_create(store, "a-1", LONG_MS);
    struct pending *undone = begin_create(store, "c", LONG_MS);
    struct pending *changed = begin_set_amount(store, "c", 7, LONG_MS);
    expect_others_served("b-");
    cr_assert_not(pending_is_over(committed));
    cr_assert_not(pending_is_over(undone));
    free(database_query(database, "COMMIT"));
    expect_end(committed, STATUS_ALREADY_EXISTS);
    cr_assert_not(pending_is_over(undone));
    free(database_query(other, "ROLLBACK"));
    expect_end(undone, STATUS_OK);
    cr_assert_eq(amount_of(changed), 7);
    PQfinish(other);
}

/* They fail with it, as one statement, and are served apart from it. */
Test(locks, creates_that_go_with_one_that_waits_do_not_wait)
{
    enum { NEIGHBOURS = 200, AT = 77 };
    struct pending *creates[NEIGHBOURS], *waits = NULL;
    char id[16];
    free(database_query(
        database, "BEGIN; INSERT INTO orders (order_id, customer_id, order_date, total_amount, currency, "
                  "status) VALUES ('held', 'C', now(), 1, 'ISK', 'pending')"));
    for (int i = 0; i < NEIGHBOURS; i++) {
        snprintf(id, sizeof id, "n-%d", i);
        if (i == AT)
            waits = begin_create(store, "held", LONG_MS);
        creates[i] = begin_create(store, id, SOON_MS);
    }
    for (int i = 0; i < NEIGHBOURS; i++)
        expect_end(creates[i], STATUS_OK);
    cr_assert_not(pending_is_over(waits));
    free(database_query(database, "COMMIT"));
    expect_end(waits, STATUS_ALREADY_EXISTS);
}

/* As when another server is stuck with the same request. */
Test(locks, a_request_that_another_session_records_holds_up_itself_alone)
{
    char sql[512];
    make_orders("b-", 50);
    struct pending *twice = pending_new(LONG_MS);
    snprintf(sql, sizeof sql,
             "BEGIN; INSERT INTO idempotency (request_id, part, fingerprint, code) VALUES ('%s', 0, 0, 6)",
             twice->call.request_id);
    free(database_query(database, sql));
    store->create(store, &twice->call, pending_order(twice, "a"), (Orders__V1__Order_Closure)pending_done,
                  twice);
    expect_others_served("b-");
    cr_assert_not(pending_is_over(twice));
    free(database_query(database, "COMMIT"));
    cr_assert_eq(pending_wait(twice), STATUS_ALREADY_EXISTS); /* the record */
    cr_assert(twice->call.replayed);
    pending_free(twice);
    cr_assert_eq(database_number(database, "SELECT count(*) FROM orders WHERE order_id = 'a'"), 0);
}

/* More than a batch has room for, or can keep in mind, and each of one caller. */
Test(locks, one_of_many_locked_orders_does_not_wait_for_the_others)
{
    enum { LOCKED = 2000 };
    static struct pending *held[LOCKED];
    PGconn *other = database_connect(database_url);
    make_orders("a-", LOCKED);
    make_orders("b-", 50);
    make_orders("c-", 1);
    free(database_query(database, "BEGIN; SELECT 1 FROM orders WHERE order_id LIKE 'a-%' FOR UPDATE"));
    free(database_query(other, "BEGIN; SELECT 1 FROM orders WHERE order_id = 'c-1' FOR UPDATE"));
    for (int i = 0; i < LOCKED; i++) {
        char id[32];
        snprintf(id, sizeof id, "a-%d", i + 1);
        held[i] = begin_set_amount(store, id, 5, LONG_MS);
    }
    struct pending *one = begin_set_amount(store, "c-1", 6, LONG_MS);
    expect_others_served("b-");
    cr_assert_not(pending_is_over(one));
    free(database_query(other, "COMMIT"));
    cr_assert_eq(amount_of(one), 6);
    for (int i = 0; i < LOCKED; i++)
        cr_assert_not(pending_is_over(held[i]));
    free(database_query(database, "COMMIT"));
    for (int i = 0; i < LOCKED; i++)
        cr_assert_eq(amount_of(held[i]), 5);
    PQfinish(other);
}

/* A lock on the table is everybody's: calls end at their deadlines, and go on after it. */
Test(locks, a_locked_table_is_waited_for)
{
    make_orders("a-", 10);
    free(database_query(database, "BEGIN; LOCK TABLE orders IN SHARE MODE"));
    struct pending *late = begin_set_amount(store, "a-1", 5, 300);
    struct pending *patient[] = {begin_set_amount(store, "a-2", 5, LONG_MS),
                                 begin_remove(store, "a-3", LONG_MS), begin_create(store, "b", LONG_MS),
                                 begin_set_amount(store, "a-2", 6, LONG_MS)};
    expect_end(late, STATUS_DEADLINE_EXCEEDED);
    for (size_t i = 0; i < sizeof patient / sizeof patient[0]; i++)
        cr_assert_not(pending_is_over(patient[i]));
    free(database_query(database, "COMMIT"));
    for (size_t i = 0; i < sizeof patient / sizeof patient[0]; i++)
        expect_end(patient[i], STATUS_OK);
    cr_assert_eq(database_number(database, "SELECT total_amount FROM orders WHERE order_id = 'a-2'"), 6);
}

/* Two servers that write one order lock it for each other, at every moment. */
Test(locks, an_order_that_two_servers_write_all_the_time_starves_neither)
{
    enum { CALLERS = 4, CHANGES = 60, STORES = 2 };
    char error[256];
    struct store *stores[STORES] = {
        store, postgres_open(&(struct postgres_options){.database_url = database_url, .workers = 1}, error,
                             sizeof error)};
    cr_assert_not_null(stores[1], "%s", error);
    struct pending *under_way[STORES][CALLERS];
    make_orders("a-", 1);
    for (int i = 0; i < CHANGES; i++) {
        for (int s = 0; s < STORES; s++) {
            for (int c = 0; c < CALLERS; c++) {
                if (i > 0)
                    expect_end(under_way[s][c], STATUS_OK);
                under_way[s][c] = begin_set_amount(stores[s], "a-1", i * CALLERS + c + 1, 10000);
            }
        }
    }
    for (int s = 0; s < STORES; s++) {
        for (int c = 0; c < CALLERS; c++)
            expect_end(under_way[s][c], STATUS_OK);
    }
    postgres_close(stores[1]);
}

/* --- a sequence behind its table --- */

Test(locks, a_number_that_is_taken_is_no_order_that_exists)
{
    free(database_query(
        database, "INSERT INTO orders (id, order_id, customer_id, order_date, total_amount, currency, "
                  "status) OVERRIDING SYSTEM VALUE VALUES (1, 'restored', 'C', now(), 1, 'ISK', 'pending')"));
    struct pending *first = begin_create(store, "a", SOON_MS);
    cr_assert_eq(pending_wait(first), STATUS_INTERNAL, "%s", first->call.status.message);
    cr_assert_eq(database_number(database, "SELECT count(*) FROM idempotency"), 0, "it can be sent again");
    /* The same request, once the sequence is beyond it. */
    struct pending *again = pending_new(SOON_MS);
    again->call.request_id = first->call.request_id;
    store->create(store, &again->call, pending_order(again, "a"), (Orders__V1__Order_Closure)pending_done,
                  again);
    expect_end(again, STATUS_OK);
    pending_free(first);
    expect_end(begin_create(store, "restored", SOON_MS), STATUS_ALREADY_EXISTS);
}

static void create_two(struct pending *many, Orders__V1__BatchCreateOrdersResponse *response)
{
    Orders__V1__Order *orders[] = {pending_order(many, "a"), pending_order(many, "b")};
    orders__v1__batch_create_orders_response__init(response);
    pending_results(many, response, 2);
    store->create_many(store, &many->call, 2, orders, response,
                       (Orders__V1__BatchCreateOrdersResponse_Closure)pending_done, many);
    pending_wait(many);
}

/* What is no fault of the order is not its answer for the next 24 hours. */
Test(locks, a_batch_whose_first_number_is_taken_can_be_sent_again)
{
    free(database_query(
        database, "INSERT INTO orders (id, order_id, customer_id, order_date, total_amount, currency, "
                  "status) OVERRIDING SYSTEM VALUE VALUES (1, 'restored', 'C', now(), 1, 'ISK', 'pending')"));
    Orders__V1__BatchCreateOrdersResponse response;
    struct pending *first = pending_new(SOON_MS), *again = pending_new(SOON_MS);
    create_two(first, &response);
    cr_assert_eq((int)response.results[0]->code, STATUS_INTERNAL);
    cr_assert_eq(database_number(database, "SELECT count(*) FROM idempotency WHERE code = 3"), 0);
    again->call.request_id = first->call.request_id;
    again->call.fingerprint = first->call.fingerprint;
    create_two(again, &response);
    cr_assert_eq((int)response.results[0]->code, STATUS_OK, "%s", response.results[0]->message);
    cr_assert_eq((int)response.results[1]->code, STATUS_OK, "%s", response.results[1]->message);
    pending_free(first);
    pending_free(again);
}

static bool tells_of_the_stop(const struct pending *pending)
{
    /* A write that is tried again just then may still be made once the lock is free: it says so. */
    const char *message = pending->call.status.message;
    return strcmp(message, "The service is stopping") == 0 ||
           strcmp(message, "The service is stopping; whether the change was made is not known") == 0;
}

/* The database was there all the time. */
Test(locks, what_waits_for_a_lock_when_the_service_stops_is_told_so)
{
    make_orders("a-", 1);
    free(database_query(database, "BEGIN; SELECT 1 FROM orders WHERE order_id = 'a-1' FOR UPDATE"));
    struct pending *changed = begin_set_amount(store, "a-1", 2, LONG_MS);
    struct pending *behind = begin_remove(store, "a-1", LONG_MS);
    expect_end(begin_create(store, "b", SOON_MS), STATUS_OK); /* by then the first was set aside */
    postgres_close(store);
    cr_assert_eq(pending_wait(changed), STATUS_UNAVAILABLE);
    cr_expect(tells_of_the_stop(changed), "%s", changed->call.status.message);
    cr_assert_eq(pending_wait(behind), STATUS_UNAVAILABLE);
    cr_expect(tells_of_the_stop(behind), "%s", behind->call.status.message);
    pending_free(changed);
    pending_free(behind);
    free(database_query(database, "COMMIT"));
    store = open_store(database_url, 1); /* for the end of the test */
}
