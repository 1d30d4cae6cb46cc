/* test_batches.c: what shares a round trip and a commit, and what never shares an error.
 *
 * A worker is held up by a lock on the table: what is asked meanwhile then makes one batch.
 */
#include "fixture.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONG_MS = 60000 };

static void set_up(void)
{
    fixture_set_up(1);
}

TestSuite(batches, .init = set_up, .fini = fixture_tear_down, .timeout = 120);

/* Holds up the worker, with one create under way. */
static struct pending *hold(void)
{
    free(database_query(database, "BEGIN; LOCK TABLE orders IN SHARE ROW EXCLUSIVE MODE"));
    struct pending *first = begin_create(store, "first", LONG_MS);
    await_blocked(1);
    return first;
}

static void release(void)
{
    free(database_query(database, "COMMIT"));
}

static void create(const char *order_id)
{
    expect_end(begin_create(store, order_id, LONG_MS), STATUS_OK);
}

/* One that the service would not let through, and the database does not either. */
static struct pending *begin_broken(const char *order_id)
{
    struct pending *broken = pending_new(LONG_MS);
    Orders__V1__Order *order = pending_order(broken, order_id);
    order->currency = "XXX";
    store->create(store, &broken->call, order, (Orders__V1__Order_Closure)pending_done, broken);
    return broken;
}

/* --- one order's failure is its own --- */

Test(batches, of_64_creates_three_fail_and_61_are_there)
{
    enum { ORDERS = 64, STORED = 10, TWICE = 20, BROKEN = 30 };
    create("stored");
    struct pending *pending = pending_new(LONG_MS);
    Orders__V1__Order *orders[ORDERS];
    Orders__V1__BatchCreateOrdersResponse response = ORDERS__V1__BATCH_CREATE_ORDERS_RESPONSE__INIT;
    pending_results(pending, &response, ORDERS);
    for (int i = 0; i < ORDERS; i++) {
        char id[16];
        snprintf(id, sizeof id, "%d", i);
        orders[i] = pending_order(pending, i == STORED ? "stored" : i == TWICE ? "0" : id);
    }
    orders[BROKEN]->total_amount =
        0; /* the service would not let this through; the database does not either */
    store->create_many(store, &pending->call, ORDERS, orders, &response,
                       (Orders__V1__BatchCreateOrdersResponse_Closure)pending_done, pending);
    cr_assert_eq(pending_wait(pending), STATUS_OK);
    for (int i = 0; i < ORDERS; i++) {
        int wanted = i == STORED || i == TWICE ? STATUS_ALREADY_EXISTS
                     : i == BROKEN             ? STATUS_INVALID_ARGUMENT
                                               : STATUS_OK;
        cr_assert_eq((int)response.results[i]->code, wanted, "order %d: %d", i, response.results[i]->code);
        cr_assert((response.results[i]->order != NULL) == (wanted == STATUS_OK));
    }
    pending_free(pending);
    cr_assert_eq(database_number(database, "SELECT count(*) FROM orders"), 1 + 61);
}

/* What is checked at the commit is told of none of those that share it. */
Test(batches, an_error_of_the_commit_is_its_order_s_alone)
{
    create("a");
    create("b");
    free(database_query(
        database, "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION "
                  "'refused' USING ERRCODE = 'check_violation'; END $$; "
                  "CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON orders DEFERRABLE INITIALLY "
                  "DEFERRED FOR EACH ROW WHEN (NEW.order_id = 'bad') EXECUTE FUNCTION refuse()"));
    struct pending *first = hold();
    struct pending *made = begin_create(store, "good", LONG_MS), *bad = begin_create(store, "bad", LONG_MS);
    struct pending *changed = begin_set_amount(store, "a", 7, LONG_MS);
    struct pending *removed = begin_remove(store, "b", LONG_MS);
    release();
    expect_end(first, STATUS_OK);
    expect_end(made, STATUS_OK);
    expect_end(bad, STATUS_INVALID_ARGUMENT);
    expect_end(changed, STATUS_OK);
    expect_end(removed, STATUS_OK);
    cr_assert_eq(database_number(database, "SELECT count(*) FROM orders WHERE order_id IN ('bad', 'b')"), 0);
    cr_assert_eq(database_number(database, "SELECT total_amount FROM orders WHERE order_id = 'a'"), 7);
}

/* A trigger of somebody's that does this to the order "bad". */
static void do_to_bad(const char *statement)
{
    char sql[512];
    snprintf(sql, sizeof sql,
             "CREATE FUNCTION do_it() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN %s; RETURN NEW; END $$; "
             "CREATE TRIGGER do_it BEFORE INSERT ON orders FOR EACH ROW WHEN (NEW.order_id = 'bad') "
             "EXECUTE FUNCTION do_it()",
             statement);
    free(database_query(database, sql));
}

/* As of another database's pooler, by dblink, say: of ours it says nothing. */
Test(batches, an_error_is_not_the_session_s_that_a_trigger_raised)
{
    static const char *const sqlstates[] = {"26000", "42P05", "08P01"};
    create("a");
    for (size_t i = 0; i < sizeof sqlstates / sizeof sqlstates[0]; i++) {
        char statement[96];
        snprintf(statement, sizeof statement, "RAISE EXCEPTION 'elsewhere' USING ERRCODE = '%s'",
                 sqlstates[i]);
        do_to_bad(statement);
        struct pending *first = hold(), *bad = begin_create(store, "bad", LONG_MS);
        struct pending *changed = begin_set_amount(store, "a", 7 + (int64_t)i, LONG_MS);
        release();
        expect_end(first, i == 0 ? STATUS_OK : STATUS_ALREADY_EXISTS);
        cr_expect_eq(pending_wait(bad), i == 2 ? STATUS_UNAVAILABLE : STATUS_INTERNAL, "%s", sqlstates[i]);
        cr_expect_null(strstr(bad->call.status.message, "went away"), "%s", bad->call.status.message);
        pending_free(bad);
        expect_end(changed, STATUS_OK);
        free(database_query(database, "DROP FUNCTION do_it CASCADE"));
    }
}

/* What was answered in another encoding than it was asked in, or stored, is not acknowledged, and nothing is
 * after it. */
Test(batches, a_session_whose_encoding_was_changed_is_given_up)
{
    do_to_bad("PERFORM set_config('client_encoding', 'LATIN1', false)");
    expect_end(begin_create(store, "bad", LONG_MS), STATUS_UNAVAILABLE);
    struct pending *next;
    do /* until there is another session */
        next = begin_create(store, "Þórður", LONG_MS);
    while (pending_wait(next) == STATUS_UNAVAILABLE && (pending_free(next), true));
    expect_end(next, STATUS_OK);
    cr_assert_eq(database_number(database, "SELECT count(*) FROM orders WHERE order_id = 'Þórður'"), 1);
}

Test(batches, single_calls_keep_their_errors_too)
{
    create("stored");
    struct pending *first = hold();
    struct pending *good = begin_create(store, "good", LONG_MS);
    struct pending *twice = begin_create(store, "stored", LONG_MS);
    struct pending *broken = begin_broken("broken");
    struct pending *absent = begin_set_amount(store, "nobody", 5, LONG_MS);
    struct pending *changed = begin_set_amount(store, "stored", 5, LONG_MS);
    struct pending *unremoved = begin_remove(store, "nobody", LONG_MS);
    release();
    expect_end(first, STATUS_OK);
    expect_end(good, STATUS_OK);
    expect_end(twice, STATUS_ALREADY_EXISTS);
    expect_end(broken, STATUS_INVALID_ARGUMENT);
    expect_end(absent, STATUS_NOT_FOUND);
    expect_end(changed, STATUS_OK);
    expect_end(unremoved, STATUS_NOT_FOUND);
    cr_assert_eq(database_number(database, "SELECT total_amount FROM orders WHERE order_id = 'stored'"), 5);
    cr_assert_eq(database_number(database, "SELECT count(*) FROM orders WHERE order_id = 'broken'"), 0);
}

/* --- a right that ends meanwhile --- */

static void expect_refused(struct pending *pending)
{
    cr_assert_eq(pending_wait(pending), STATUS_PERMISSION_DENIED, "%s", pending->call.status.message);
    cr_expect_str_eq(pending->call.status.message, "revoked");
    pending_free(pending);
}

static struct pending *begin_create_until(unsigned asked_most, const char *order_id)
{
    struct pending *pending = pending_new_until(asked_most);
    store->create(store, &pending->call, pending_order(pending, order_id),
                  (Orders__V1__Order_Closure)pending_done, pending);
    return pending;
}

Test(batches, what_was_withdrawn_while_it_waited_is_not_done)
{
    static const struct store_query query = {.limit = 1, .customer_id = ""};
    struct pending *first = hold();
    struct pending *refused = begin_create_until(0, "refused"), *made = begin_create_until(1, "made");
    struct pending *young = pending_new_until(0);
    young->call.start_ns = UINT64_MAX / 2; /* it did not wait */
    store->create(store, &young->call, pending_order(young, "young"), (Orders__V1__Order_Closure)pending_done,
                  young);
    release();
    expect_end(first, STATUS_OK);
    expect_refused(refused);
    expect_end(made, STATUS_OK);
    expect_end(young, STATUS_OK);
    cr_assert_eq(database_number(database, "SELECT count(*) FROM orders WHERE order_id = 'refused'"), 0);
    struct pending *list = pending_new_until(0);
    store->list(store, &list->call, &query, (Orders__V1__ListOrdersResponse_Closure)pending_done, list);
    expect_refused(list);
    create("last"); /* the worker goes on */
}

/* Another's error undid what was done of it. */
Test(batches, what_was_withdrawn_is_not_tried_again)
{
    struct pending *first = hold();
    struct pending *good = begin_create_until(1, "good"), *broken = begin_broken("broken");
    release();
    expect_end(first, STATUS_OK);
    expect_end(broken, STATUS_INVALID_ARGUMENT);
    expect_refused(good);
    cr_assert_eq(database_number(database, "SELECT count(*) FROM orders"), 1);
}

/* --- one id for two requests at the same moment --- */

enum { TWO_WORKERS = 2, BATCH_ORDERS = 12 };

/* Creates orders in one call under another's request_id. The first `refused` are so by the service already.
 */
static struct pending *begin_orders(struct store *from, struct pending *many, const char *request_id,
                                    int refused)
{
    Orders__V1__Order *orders[BATCH_ORDERS];
    Orders__V1__BatchCreateOrdersResponse *response = arena_alloc(&many->call.arena, sizeof *response);
    orders__v1__batch_create_orders_response__init(response);
    pending_results(many, response, BATCH_ORDERS);
    many->call.request_id = request_id;
    many->call.fingerprint = 77;
    for (int i = 0; i < BATCH_ORDERS; i++) {
        char id[16];
        snprintf(id, sizeof id, "many-%d", i);
        orders[i] = pending_order(many, id);
        if (i < refused)
            response->results[i]->code = RPC__V1__CODE__INVALID_ARGUMENT;
    }
    from->create_many(from, &many->call, BATCH_ORDERS, orders, response,
                      (Orders__V1__BatchCreateOrdersResponse_Closure)pending_done, many);
    return many;
}

static struct pending *begin_many(struct store *from, const char *request_id, int refused)
{
    return begin_orders(from, pending_new(LONG_MS), request_id, refused);
}

/* It is told as one, and can be sent again by another right; without an id each order has its own outcome. */
Test(batches, a_batch_goes_no_further_once_its_right_is_withdrawn)
{
    expect_refused(begin_orders(store, pending_new_until(0), "one-id", 1));
    expect_end(begin_orders(store, pending_new_until(1), "one-id", 0), STATUS_UNAVAILABLE);
    cr_assert_eq(database_number(database, "SELECT count(*) FROM orders"), 1);
    expect_end(begin_many(store, "one-id", 0), STATUS_OK);
    cr_assert_eq(database_number(database, "SELECT count(*) FROM orders"), BATCH_ORDERS);
    expect_refused(begin_orders(store, pending_new_until(0), "", 0));
}

static struct pending *begin_single(const char *request_id)
{
    struct pending *single = pending_new(LONG_MS);
    single->call.request_id = request_id;
    store->create(store, &single->call, pending_order(single, "single"),
                  (Orders__V1__Order_Closure)pending_done, single);
    return single;
}

/* Holds up whoever has made and recorded an order, before its commit. */
static void hold_commits(void)
{
    free(database_query(database, "BEGIN; LOCK TABLE order_rollup IN SHARE ROW EXCLUSIVE MODE"));
}

/* With one that was refused anyway, each order has its own outcome. */
static void expect_kept_out(struct pending *many, int refused)
{
    cr_assert_eq(pending_wait(many), refused > 0 ? STATUS_OK : STATUS_FAILED_PRECONDITION);
    const Orders__V1__BatchCreateOrdersResponse *response = (const void *)many->answer;
    for (int i = refused; refused > 0 && i < BATCH_ORDERS; i++)
        cr_expect_eq((int)response->results[i]->code, STATUS_FAILED_PRECONDITION);
    pending_free(many);
}

static void expect_single_alone(int refused)
{
    struct store *two = open_store(database_url, TWO_WORKERS);
    hold_commits();
    struct pending *single = begin_single("one-id");
    await_blocked(1);
    struct pending *many = begin_many(two, "one-id", refused);
    await_blocked(2); /* the batch, for the single's record at least */
    release();
    expect_end(single, STATUS_OK);
    expect_kept_out(many, refused);
    cr_expect_eq(database_number(database, "SELECT count(*) FROM orders"), 1);
    expect_kept_out(begin_many(two, "one-id", refused), refused);
    expect_end(begin_single("one-id"), STATUS_OK);
    postgres_close(two);
}

Test(batches, a_single_create_keeps_a_batch_of_its_id_out)
{
    expect_single_alone(0);
}

Test(batches, a_single_create_keeps_a_batch_out_whose_first_order_is_refused)
{
    expect_single_alone(1);
}

static void expect_batch_alone(int refused)
{
    struct store *two = open_store(database_url, TWO_WORKERS);
    hold_commits();
    struct pending *many = begin_many(two, "one-id", refused);
    await_blocked(1);
    struct pending *single = begin_single("one-id");
    if (refused == 0)
        await_blocked(2);
    release();
    expect_end(many, STATUS_OK);
    expect_end(single, STATUS_FAILED_PRECONDITION);
    cr_expect_eq(database_number(database, "SELECT count(*) FROM orders"), BATCH_ORDERS - refused);
    expect_end(begin_many(two, "one-id", refused), STATUS_OK);
    cr_expect_eq(database_number(database, "SELECT count(*) FROM orders"), BATCH_ORDERS - refused);
    postgres_close(two);
}

Test(batches, a_batch_keeps_a_single_create_of_its_id_out)
{
    expect_batch_alone(0);
}

Test(batches, a_batch_whose_first_order_is_refused_keeps_a_single_create_out)
{
    expect_batch_alone(1);
}

/* The database refuses the first alone, and records nothing of it. */
Test(batches, a_batch_goes_on_behind_an_order_that_is_at_fault)
{
    struct pending *many = pending_new(LONG_MS);
    Orders__V1__Order *orders[] = {pending_order(many, "0"), pending_order(many, "1")};
    Orders__V1__BatchCreateOrdersResponse response = ORDERS__V1__BATCH_CREATE_ORDERS_RESPONSE__INIT;
    pending_results(many, &response, 2);
    orders[0]->currency = "XXX";
    store->create_many(store, &many->call, 2, orders, &response,
                       (Orders__V1__BatchCreateOrdersResponse_Closure)pending_done, many);
    cr_assert_eq(pending_wait(many), STATUS_OK);
    cr_assert_eq((int)response.results[0]->code, STATUS_INVALID_ARGUMENT);
    cr_assert_eq((int)response.results[1]->code, STATUS_OK);
    cr_assert_eq(database_number(database, "SELECT count(*) FROM idempotency WHERE part = 0 AND code = 3"),
                 1);
    pending_free(many);
}

/* --- an answer --- */

/* Whoever made it goes on meanwhile. */
Test(batches, an_answer_lives_until_its_call_is_forgotten)
{
    static const struct store_query query = {.limit = 1, .customer_id = ""};
    expect_end(begin_create(store, "first", LONG_MS), STATUS_OK);
    struct pending *lists[8];
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        lists[i] = pending_new(LONG_MS);
        store->list(store, &lists[i]->call, &query, (Orders__V1__ListOrdersResponse_Closure)pending_done,
                    lists[i]);
        cr_assert_eq(pending_wait(lists[i]), STATUS_OK);
        if (i == 0)
            expect_end(begin_remove(store, "first", LONG_MS), STATUS_OK);
    }
    const Orders__V1__ListOrdersResponse *first = (const Orders__V1__ListOrdersResponse *)lists[0]->answer;
    cr_assert_eq(first->n_orders, 1);
    cr_assert_str_eq(first->orders[0]->order_id, "first");
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        pending_free(lists[i]);
}

/* --- sharing --- */

Test(batches, what_waits_shares_one_commit)
{
    enum { ORDERS = 100 };
    struct pending *first = hold(), *rest[ORDERS];
    for (int i = 0; i < ORDERS; i++) {
        char id[16];
        snprintf(id, sizeof id, "%d", i);
        rest[i] = begin_create(store, id, LONG_MS);
    }
    release();
    expect_end(first, STATUS_OK);
    for (int i = 0; i < ORDERS; i++)
        expect_end(rest[i], STATUS_OK);
    cr_assert_eq(database_number(database, "SELECT count(*) FROM orders"), ORDERS + 1);
    cr_assert_eq(
        database_number(database, "SELECT count(DISTINCT xmin::text) FROM orders WHERE order_id <> 'first'"),
        1);
}

Test(batches, creates_changes_and_removals_share_it_too)
{
    create("a");
    create("b");
    struct pending *first = hold();
    struct pending *made = begin_create(store, "c", LONG_MS);
    struct pending *changed = begin_set_amount(store, "a", 7, LONG_MS);
    struct pending *removed = begin_remove(store, "b", LONG_MS);
    release();
    expect_end(first, STATUS_OK);
    expect_end(made, STATUS_OK);
    expect_end(changed, STATUS_OK);
    expect_end(removed, STATUS_OK);
    cr_assert_eq(database_number(
                     database, "SELECT count(DISTINCT xmin::text) FROM orders WHERE order_id IN ('a', 'c')"),
                 1);
    cr_assert_eq(database_number(database, "SELECT count(*) FROM orders WHERE order_id = 'b'"), 0);
}

Test(batches, reads_share_a_statement)
{
    create("a");
    create("b");
    free(database_query(database, "BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE"));
    struct pending *first = begin_get(store, "a", LONG_MS);
    await_blocked(1);
    struct pending *reads[] = {begin_get(store, "b", LONG_MS), begin_get(store, "a", LONG_MS),
                               begin_get(store, "b", LONG_MS)};
    struct pending *absent = begin_get(store, "nobody", LONG_MS);
    static const char *const ids[] = {"b", "a", "b"};
    release();
    expect_end(first, STATUS_OK);
    for (size_t i = 0; i < 3; i++) {
        cr_assert_eq(pending_wait(reads[i]), STATUS_OK);
        cr_assert_str_eq(((const Orders__V1__Order *)reads[i]->answer)->order_id, ids[i]);
        pending_free(reads[i]);
    }
    expect_end(absent, STATUS_NOT_FOUND);
}

/* --- order --- */

Test(batches, changes_to_one_order_keep_their_order)
{
    enum { CHANGES = 20 };
    create("a");
    struct pending *first = hold(), *changes[CHANGES];
    for (int i = 0; i < CHANGES; i++)
        changes[i] = begin_set_amount(store, "a", i + 1, LONG_MS);
    struct pending *removed = begin_remove(store, "a", LONG_MS);
    struct pending *again = begin_create(store, "a", LONG_MS);
    struct pending *last = begin_set_amount(store, "a", 999, LONG_MS);
    release();
    expect_end(first, STATUS_OK);
    for (int i = 0; i < CHANGES; i++) {
        cr_assert_eq(pending_wait(changes[i]), STATUS_OK);
        cr_assert_eq(((const Orders__V1__Order *)changes[i]->answer)->total_amount, i + 1);
        pending_free(changes[i]);
    }
    expect_end(removed, STATUS_OK);
    expect_end(again, STATUS_OK);
    expect_end(last, STATUS_OK);
    cr_assert_eq(database_number(database, "SELECT total_amount FROM orders WHERE order_id = 'a'"), 999);
}

static int64_t set_amount(int64_t amount)
{
    struct pending *change = begin_set_amount(store, "a", amount, LONG_MS);
    cr_assert_eq(pending_wait(change), STATUS_OK);
    const Orders__V1__Order *order = (const Orders__V1__Order *)change->answer;
    cr_assert_eq(order->total_amount, amount);
    const int64_t updated_at = order->updated_at->seconds * 1000000 + order->updated_at->nanos / 1000;
    pending_free(change);
    return updated_at;
}

Test(batches, updated_at_moves_on_every_change)
{
    create("a");
    int64_t before = 0;
    for (int i = 0; i < 10; i++) {
        const int64_t now = set_amount(5 + i % 2);
        cr_assert_gt(now, before);
        before = now;
    }
}

Test(batches, an_update_of_what_holds_already_is_no_change)
{
    create("a");
    const int64_t before = set_amount(5);
    cr_assert_eq(set_amount(5), before);
    cr_assert_gt(set_amount(6), before);
}

/* A reply may wait for the one that comes right after it, so the last to end a call must know that it is. */
Test(batches, the_last_call_of_a_batch_knows_that_it_is)
{
    struct pending *first = hold();
    struct pending *single[] = {begin_create(store, "1", LONG_MS), begin_create(store, "2", LONG_MS)};
    struct pending *many = pending_new(LONG_MS);
    Orders__V1__Order *orders[] = {pending_order(many, "3"), pending_order(many, "4")};
    Orders__V1__BatchCreateOrdersResponse response = ORDERS__V1__BATCH_CREATE_ORDERS_RESPONSE__INIT;
    pending_results(many, &response, 2);
    store->create_many(store, &many->call, 2, orders, &response,
                       (Orders__V1__BatchCreateOrdersResponse_Closure)pending_done, many);
    release();
    cr_assert_eq(pending_wait(single[0]), STATUS_OK);
    cr_assert_eq(pending_wait(single[1]), STATUS_OK);
    cr_assert(single[0]->call.more);
    cr_assert_not(single[1]->call.more);
    expect_end(first, STATUS_OK);
    expect_end(many, STATUS_OK);
    pending_free(single[0]);
    pending_free(single[1]);
}

static struct pending *begin_local(const char *order_id)
{
    struct pending *local = pending_new(LONG_MS);
    local->call.is_local = true;
    store->create(store, &local->call, pending_order(local, order_id),
                  (Orders__V1__Order_Closure)pending_done, local);
    return local;
}

/* Replies over RPC and those of this process go different ways: none may wait for one of the other kind. */
Test(batches, the_last_call_of_each_kind_knows_that_it_is)
{
    static const bool more[] = {true, true, false, false};
    struct pending *first = hold();
    struct pending *all[] = {begin_local("1"), begin_create(store, "2", LONG_MS), begin_local("3"),
                             begin_create(store, "4", LONG_MS)};
    release();
    for (size_t i = 0; i < 4; i++) {
        cr_assert_eq(pending_wait(all[i]), STATUS_OK);
        cr_expect_eq(all[i]->call.more, more[i], "%zu", i);
        pending_free(all[i]);
    }
    expect_end(first, STATUS_OK);
}

/* It ends by itself, long after the others of its batch. */
Test(batches, one_that_waited_for_a_lock_is_followed_by_nobody)
{
    PGconn *other = database_connect(database_url);
    create("1");
    create("2");
    free(database_query(other, "BEGIN; SELECT 1 FROM orders WHERE order_id = '1' FOR UPDATE"));
    struct pending *first = hold();
    struct pending *locked = begin_set_amount(store, "1", 5, 1000);
    struct pending *free_one = begin_set_amount(store, "2", 5, LONG_MS);
    release();
    expect_end(first, STATUS_OK);
    expect_end(free_one, STATUS_OK);
    cr_assert_eq(pending_wait(locked), STATUS_DEADLINE_EXCEEDED);
    cr_assert_not(locked->call.more);
    pending_free(locked);
    PQfinish(other);
}

/* The last of a batch was given up while it was under way: its end is no call's. */
Test(batches, the_last_call_may_be_given_up)
{
    PGconn *other = database_connect(database_url);
    struct pending *first = hold();
    struct pending *patient = begin_create(store, "1", LONG_MS);
    struct pending *impatient = begin_create(store, "2", 1000);
    /* Waits for the table behind the first, and keeps it until the impatient gave up. */
    cr_assert(PQsendQuery(other, "BEGIN; LOCK TABLE orders IN SHARE ROW EXCLUSIVE MODE"));
    await_blocked(2);
    release();
    expect_end(first, STATUS_OK);
    expect_end(impatient, STATUS_DEADLINE_EXCEEDED);
    cr_assert_not(pending_is_over(patient));
    for (PGresult *result; (result = PQgetResult(other)) != NULL;)
        PQclear(result);
    free(database_query(other, "COMMIT"));
    cr_assert_eq(pending_wait(patient), STATUS_OK);
    cr_assert_not(patient->call.more);
    pending_free(patient);
    PQfinish(other);
}

/* --- scans --- */

static struct pending *begin_list_after(struct store *from, int64_t skip)
{
    struct pending *list = pending_new(LONG_MS);
    struct store_query *query = arena_alloc(&list->call.arena, sizeof *query);
    *query = (struct store_query){.skip = skip, .limit = 5, .customer_id = ""};
    from->list(from, &list->call, query, (Orders__V1__ListOrdersResponse_Closure)pending_done, list);
    return list;
}

static struct pending *begin_list(struct store *from)
{
    return begin_list_after(from, 0);
}

static struct pending *begin_sum(struct store *from, bool verify)
{
    struct pending *summary = pending_new(LONG_MS);
    from->summarize(from, &summary->call, verify, (Orders__V1__OrderSummary_Closure)pending_done, summary);
    return summary;
}

static struct pending *begin_summary(struct store *from)
{
    return begin_sum(from, false);
}

static void hold_rollup(void)
{
    free(database_query(database, "BEGIN; LOCK TABLE order_rollup IN ACCESS EXCLUSIVE MODE"));
}

Test(batches, those_who_ask_for_one_summary_share_it)
{
    enum { ASKERS = 5 };
    create("a");
    hold_rollup();
    struct pending *first = begin_summary(store), *rest[ASKERS];
    await_blocked(1);
    for (int i = 0; i < ASKERS; i++)
        rest[i] = begin_summary(store);
    release();
    expect_end(first, STATUS_OK);
    for (int i = 0; i < ASKERS; i++) {
        cr_assert_eq(pending_wait(rest[i]), STATUS_OK);
        cr_assert_not_null(rest[i]->answer);
        cr_assert_eq(rest[i]->call.more, i + 1 < ASKERS);
        pending_free(rest[i]);
    }
}

Test(batches, a_summary_that_fails_fails_for_all_who_ask_and_for_nobody_else)
{
    free(database_query(
        database, "INSERT INTO orders (order_id, customer_id, order_date, total_amount, currency, status) "
                  "SELECT 'big-' || n, 'C', '2025-01-01', 9007199254740991, 'ISK', 'pending' "
                  "FROM generate_series(1, 1100) AS n")); /* a sum beyond int64 */
    hold_rollup();
    struct pending *first = begin_summary(store);
    await_blocked(1);
    struct pending *again[] = {begin_summary(store), begin_summary(store), begin_summary(store)};
    struct pending *list = begin_list(store);
    release();
    expect_end(first, STATUS_OUT_OF_RANGE);
    for (int i = 0; i < 3; i++)
        expect_end(again[i], STATUS_OUT_OF_RANGE);
    expect_end(list, STATUS_OK);
}

Test(batches, a_list_does_not_wait_for_a_slow_summary_while_a_worker_is_free)
{
    struct store *two = open_store(database_url, 2);
    hold_rollup();
    struct pending *slow = begin_summary(two);
    await_blocked(1);
    expect_end(begin_list(two), STATUS_OK);
    cr_assert_not(pending_is_over(slow));
    release();
    expect_end(slow, STATUS_OK);
    postgres_close(two);
}

/* What takes long by what it asks for, of one caller or of many, is in front of its like alone. */
Test(batches, long_scans_are_not_in_front_of_short_ones)
{
    enum { LONG_SCANS = 40, SHORT_SCANS = 10 };
    struct pending *scans[LONG_SCANS];
    free(database_query(
        database, "INSERT INTO orders (order_id, customer_id, order_date, total_amount, currency, status) "
                  "SELECT n, 'C', '2025-01-01', 1, 'ISK', 'pending' FROM generate_series(1, 100000) AS n"));
    for (int i = 0; i < LONG_SCANS; i++)
        scans[i] = i % 4 == 0 ? begin_sum(store, true) : begin_list_after(store, 99990);
    for (int i = 0; i < SHORT_SCANS; i++) {
        expect_end(begin_list(store), STATUS_OK);
        expect_end(begin_summary(store), STATUS_OK);
    }
    cr_assert_not(pending_is_over(scans[LONG_SCANS - 1]));
    for (int i = 0; i < LONG_SCANS; i++)
        expect_end(scans[i], STATUS_OK);
}

/* --- deadlines --- */

/* Of a trigger, or of a foreign key without an index. Without a bound it is behind dozens of them, six
 * seconds. */
Test(batches, one_that_is_quick_is_not_behind_many_slow_ones)
{
    enum { SLOW = 60, FIRST = 4, FEW = 20 };
    free(database_query(
        database, "CREATE FUNCTION doze() RETURNS trigger LANGUAGE plpgsql AS "
                  "'BEGIN PERFORM pg_sleep(0.1); RETURN OLD; END'; CREATE TRIGGER doze BEFORE DELETE ON "
                  "orders FOR EACH ROW EXECUTE FUNCTION doze()"));
    struct pending *slow[SLOW];
    char id[16];
    for (int i = 0; i < SLOW; i++) {
        snprintf(id, sizeof id, "slow-%d", i);
        create(id);
    }
    for (int i = 0; i < SLOW; i++) {
        snprintf(id, sizeof id, "slow-%d", i);
        slow[i] = pending_new(LONG_MS);
        slow[i]->call.principal_hash = 1;
        store->remove(store, &slow[i]->call, arena_strdup(&slow[i]->call.arena, id), "",
                      (Google__Protobuf__Empty_Closure)pending_done, slow[i]);
        if (i < FIRST)
            pending_wait(slow[i]);
    }
    expect_end(begin_create(store, "quick", LONG_MS), STATUS_OK);
    int over = 0;
    for (int i = 0; i < SLOW; i++)
        over += pending_is_over(slow[i]);
    cr_expect_lt(over, FIRST + FEW);
    for (int i = 0; i < SLOW; i++)
        expect_end(slow[i], STATUS_OK);
}

Test(batches, deadlines_hold_while_the_database_is_silent)
{
    struct pending *first = hold();
    struct pending *waiting = begin_create(store, "waiting", 100);
    struct pending *patient = begin_create(store, "patient", LONG_MS);
    expect_end(waiting, STATUS_DEADLINE_EXCEEDED);
    cr_assert_not(pending_is_over(first));
    release();
    expect_end(first, STATUS_OK);
    expect_end(patient, STATUS_OK);
    cr_assert_eq(database_number(database, "SELECT count(*) FROM orders WHERE order_id = 'waiting'"), 0,
                 "work was begun after its deadline");
}

/* As a caller whose closure takes its time, or libpq that waits for something else than the server, would
 * keep the worker from looking at deadlines. */
static void keep_worker(const ProtobufCMessage *message, void *arg)
{
    struct pending *late = arg;
    (void)message;
    pending_wait(late);
}

Test(batches, deadlines_hold_while_the_worker_is_kept_from_its_work)
{
    struct pending *keeper = pending_new(LONG_MS);
    struct pending *late = pending_new(200);
    struct pending *first = hold();
    store->create(store, &keeper->call, pending_order(keeper, "keeper"),
                  (Orders__V1__Order_Closure)keep_worker, late);
    release();
    expect_end(first, STATUS_OK);
    while (database_number(database, "SELECT count(*) FROM orders WHERE order_id = 'keeper'") == 0)
        sched_yield(); /* the worker is told so next */
    store->create(store, &late->call, pending_order(late, "late"), (Orders__V1__Order_Closure)pending_done,
                  late);
    cr_assert_eq(pending_wait(late), STATUS_DEADLINE_EXCEEDED);
    create("after");
    pending_free(late);
    pending_free(keeper);
}

Test(batches, a_caller_that_gave_up_does_not_harm_its_batch)
{
    free(database_query(database, "BEGIN; LOCK TABLE orders IN SHARE ROW EXCLUSIVE MODE"));
    struct pending *impatient = begin_create(store, "a", 200);
    await_blocked(1);
    expect_end(impatient, STATUS_DEADLINE_EXCEEDED); /* under way: whether it is made is not known */
    struct pending *again = begin_create(store, "a", LONG_MS);
    release();
    /* The first was made after all, and the second is told so. */
    expect_end(again, STATUS_ALREADY_EXISTS);
    cr_assert_eq(database_number(database, "SELECT count(*) FROM orders"), 1);
}

/* Its transaction was undone and it is to go again, when its deadline passes behind a statement that waits.
 * The first round fails; the second changes "a", which waits for its row of the rollup, and then tries both
 * halves of the creates. */
Test(batches, a_deadline_can_pass_between_two_rounds)
{
    PGconn *other = database_connect(database_url);
    struct pending *dollars = pending_new(LONG_MS);
    Orders__V1__Order *order = pending_order(dollars, "a");
    order->currency = "USD";
    store->create(store, &dollars->call, order, (Orders__V1__Order_Closure)pending_done, dollars);
    expect_end(dollars, STATUS_OK);
    free(database_query(other, "BEGIN; SELECT 1 FROM order_rollup WHERE currency = 'USD' FOR UPDATE"));
    struct pending *first = hold();
    struct pending *broken = begin_broken("1-broken");
    struct pending *late = begin_create(store, "2-late", 500);
    struct pending *third = begin_create(store, "3", LONG_MS);
    struct pending *fourth = begin_create(store, "4", LONG_MS);
    struct pending *change = begin_set_amount(store, "a", 5, LONG_MS);
    release();
    expect_end(first, STATUS_OK);
    expect_end(late, STATUS_DEADLINE_EXCEEDED);
    free(database_query(other, "COMMIT"));
    expect_end(change, STATUS_OK);
    expect_end(broken, STATUS_INVALID_ARGUMENT);
    expect_end(third, STATUS_OK);
    expect_end(fourth, STATUS_OK);
    cr_assert_eq(database_number(database, "SELECT count(*) FROM orders WHERE order_id = '2-late'"), 0);
    PQfinish(other);
}

/* --- lanes --- */

Test(batches, reads_do_not_wait_for_writes)
{
    create("a");
    struct pending *held = hold();
    expect_end(begin_get(store, "a", LONG_MS), STATUS_OK);
    expect_end(begin_list(store), STATUS_OK);
    expect_end(begin_summary(store), STATUS_OK);
    cr_assert_not(pending_is_over(held));
    release();
    expect_end(held, STATUS_OK);
}

Test(batches, a_deadline_that_passed_before_is_not_begun)
{
    expect_end(begin_create(store, "late", 0), STATUS_DEADLINE_EXCEEDED);
    create("a");
    cr_assert_eq(database_number(database, "SELECT count(*) FROM orders"), 1);
}

/* --- conflicts with others --- */

static void insert(PGconn *session, const char *order_id)
{
    char sql[256];
    snprintf(sql, sizeof sql,
             "INSERT INTO orders (order_id, customer_id, order_date, total_amount, currency, status) "
             "VALUES ('%s', 'C', now(), 1, 'ISK', 'pending') ON CONFLICT DO NOTHING",
             order_id);
    free(database_query(session, sql));
}

Test(batches, a_deadlock_with_another_session_is_tried_again)
{
    PGconn *other = database_connect(database_url);
    /* The worker is held up at z, so that a and b make one batch; this session makes b, and will want a. */
    free(database_query(other, "BEGIN"));
    insert(other, "z");
    free(database_query(database, "BEGIN"));
    insert(database, "b");
    struct pending *z = begin_create(store, "z", LONG_MS);
    await_blocked(1);
    struct pending *a = begin_create(store, "a", LONG_MS);
    struct pending *b = begin_create(store, "b", LONG_MS);
    free(database_query(other, "ROLLBACK"));
    expect_end(z, STATUS_OK);
    await_blocked(1); /* with a made, at b */
    /* The other side looks for deadlocks long after the worker's does, which so is the one undone. */
    free(database_query(database, "SET LOCAL deadlock_timeout = '30s'"));
    insert(database, "a");
    free(database_query(database, "COMMIT"));
    const enum status_code code = pending_wait(a); /* whoever of the two was first */
    cr_assert(code == STATUS_OK || code == STATUS_ALREADY_EXISTS, "%s", status_code_name(code));
    pending_free(a);
    expect_end(b, STATUS_ALREADY_EXISTS);
    cr_assert_eq(database_number(database, "SELECT count(*) FROM orders"), 3);
    PQfinish(other);
}
