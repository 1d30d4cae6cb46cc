/* test_changes_by_sql.c: orders that somebody else changes in the database, rightly or not. */
#include "fixture.h"

#include "orders/rules.h"
#include "store/statement.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { LONG_MS = 60000 };

static void set_up(void)
{
    fixture_set_up(1);
}

TestSuite(changes_by_sql, .init = set_up, .fini = fixture_tear_down, .timeout = 120);

/* A call, and what is kept of its answer, which is gone once `done` has returned. */
struct seen {
    struct pending *pending;
    int64_t orders, total;  /* of all */
    int64_t unreadable;     /* of a list: those that have their names alone */
    char lost[8];           /* the last of them */
    size_t days;            /* that are named */
    int64_t of_day, on_day; /* revenue and orders of the first */
};

static void list_done(const Orders__V1__ListOrdersResponse *list, void *arg)
{
    struct seen *seen = arg;
    for (size_t i = 0; list != NULL && i < list->n_orders; i++) {
        const Orders__V1__Order *order = list->orders[i];
        seen->orders++;
        if (order->created_at != NULL)
            continue;
        seen->unreadable++;
        snprintf(seen->lost, sizeof seen->lost, "%s", order->order_id);
        cr_assert_gt(order->id, 0);
        cr_assert_null(order->order_date);
    }
    pending_done(list != NULL ? &list->base : NULL, seen->pending);
}

static void summary_done(const Orders__V1__OrderSummary *summary, void *arg)
{
    struct seen *seen = arg;
    if (summary != NULL) {
        seen->orders = summary->total_orders;
        seen->total = summary->total_revenue[0]->total;
        seen->days = summary->n_revenue_per_day;
        seen->of_day = summary->revenue_per_day[0]->revenue;
    }
    pending_done(summary != NULL ? &summary->base : NULL, seen->pending);
}

static void statistics_done(const Orders__V1__OrderStatistics *statistics, void *arg)
{
    struct seen *seen = arg;
    if (statistics != NULL) {
        seen->orders = statistics->order_count;
        seen->total = statistics->currencies[0]->revenue;
        seen->days = statistics->n_days;
        seen->of_day = statistics->days[0]->revenue;
        seen->on_day = statistics->days[0]->order_count;
    }
    pending_done(statistics != NULL ? &statistics->base : NULL, seen->pending);
}

/* A page is full, and `lost` is among it, or nobody where that is "". */
static void expect_list(int64_t after_id, int64_t limit, const char *lost)
{
    struct pending *pending = pending_new(LONG_MS);
    struct seen seen = {.pending = pending};
    const struct store_query query = {
        .is_after = after_id != 0, .after_id = after_id, .limit = limit, .customer_id = ""};
    store->list(store, &pending->call, &query, list_done, &seen);
    cr_assert_eq(pending_wait(pending), STATUS_OK, "%s", pending->call.status.message);
    cr_assert_eq(seen.orders, limit);
    cr_assert_eq(seen.unreadable, *lost != '\0');
    cr_assert_str_eq(seen.lost, lost);
    pending_free(pending);
}

static void expect_get(const char *order_id, const char *told)
{
    struct pending *pending = begin_get(store, order_id, LONG_MS);
    cr_assert_eq(pending_wait(pending), STATUS_DATA_LOSS, "%s", pending->call.status.message);
    cr_assert_str_eq(pending->call.status.message, told);
    pending_free(pending);
}

static char *etag_of(const char *order_id)
{
    struct pending *pending = begin_get(store, order_id, LONG_MS);
    cr_assert_eq(pending_wait(pending), STATUS_OK);
    char *etag = strdup(((const Orders__V1__Order *)pending->answer)->etag);
    pending_free(pending);
    return etag;
}

static void expect_remove(const char *order_id, const char *etag, enum status_code code)
{
    struct pending *pending = pending_new(LONG_MS);
    store->remove(store, &pending->call, order_id, etag, (Google__Protobuf__Empty_Closure)pending_done,
                  pending);
    expect_end(pending, code);
}

Test(changes_by_sql, an_update_that_leaves_updated_at_out_moves_the_etag)
{
    expect_end(begin_create(store, "a", LONG_MS), STATUS_OK);
    char *before = etag_of("a");
    free(database_query(database, "UPDATE orders SET status = 'shipped'"));
    char *after = etag_of("a");
    cr_assert_str_neq(before, after);
    expect_remove("a", before, STATUS_ABORTED);
    expect_remove("a", after, STATUS_OK);
    free(before);
    free(after);
}

static void make_three(void)
{
    expect_end(begin_create(store, "a", LONG_MS), STATUS_OK);
    expect_end(begin_create(store, "b", LONG_MS), STATUS_OK);
    expect_end(begin_create(store, "c", LONG_MS), STATUS_OK);
}

/* Three orders, of which the second holds what the constraints, and a trigger, would refuse. */
static void make_odd(const char *constraint, const char *assignment)
{
    char sql[256];
    make_three();
    snprintf(sql, sizeof sql, "ALTER TABLE orders DROP CONSTRAINT %s, DISABLE TRIGGER orders_touch_room",
             constraint);
    free(database_query(database, sql));
    snprintf(sql, sizeof sql, "UPDATE orders SET %s WHERE order_id = 'b'", assignment);
    free(database_query(database, sql));
}

/* No year of theirs is one of 1 to 9999. */
static const char *const no_dates[] = {"infinity", "-infinity", "0001-12-31 23:59:59.999999+00 BC",
                                       "10000-01-01 00:00:00+00", "294276-12-31 00:00:00+00"};

static void expect_only_b_lost(const char *told)
{
    expect_get("b", told);
    expect_end(begin_get(store, "a", LONG_MS), STATUS_OK);
    expect_end(begin_get(store, "c", LONG_MS), STATUS_OK);
    const int64_t b = database_number(database, "SELECT id FROM orders WHERE order_id = 'b'");
    expect_list(0, 3, "b");
    expect_list(0, 2, "b");
    expect_list(0, 1, "");
    expect_list(b, 1, "");
}

Test(changes_by_sql, an_order_of_no_date_is_data_loss_and_the_others_are_served)
{
    static const char told[] = "Order b is stored with an order_date outside the years 1 to 9999";
    char sql[128];
    make_odd("orders_order_date_check", "status = 'shipped'");
    for (size_t i = 0; i < sizeof no_dates / sizeof no_dates[0]; i++) {
        snprintf(sql, sizeof sql, "UPDATE orders SET order_date = '%s' WHERE order_id = 'b'", no_dates[i]);
        free(database_query(database, sql));
        expect_only_b_lost(told);
    }

    /* One date within is all it wants, and the service can give it. */
    struct pending *pending = pending_new(LONG_MS);
    store->update(store, &pending->call, pending_order(pending, "b"), ORDER_ORDER_DATE,
                  (Orders__V1__Order_Closure)pending_done, pending);
    expect_end(pending, STATUS_OK);
    expect_list(0, 3, "");
}

Test(changes_by_sql, an_order_of_no_status_is_data_loss_and_the_others_are_served)
{
    make_odd("orders_status_check", "status = 'lost'");
    expect_only_b_lost("Order b is stored with a status that is none");
}

Test(changes_by_sql, an_order_made_at_no_time_is_data_loss_and_the_others_are_served)
{
    make_odd("orders_created_at_check", "created_at = '-infinity'");
    expect_only_b_lost("Order b is stored with a created_at outside the years 1 to 9999");
}

Test(changes_by_sql, an_order_changed_at_no_time_is_data_loss_and_the_others_are_served)
{
    make_odd("orders_updated_at_check", "updated_at = 'infinity'");
    expect_only_b_lost("Order b is stored with an updated_at outside the years 1 to 9999");
}

Test(changes_by_sql, a_delete_takes_an_order_of_no_date)
{
    make_odd("orders_order_date_check", "order_date = 'infinity'");
    expect_end(begin_remove(store, "b", LONG_MS), STATUS_OK);
    expect_list(0, 2, "");
}

static void expect_summary_without_a_day(bool verify)
{
    struct seen seen = {.pending = pending_new(LONG_MS)};
    store->summarize(store, &seen.pending->call, verify, summary_done, &seen);
    cr_assert_eq(pending_wait(seen.pending), STATUS_OK, "%s", seen.pending->call.status.message);
    cr_assert_eq(seen.orders, 3);
    cr_assert_eq(seen.days, 1);
    cr_assert_eq(seen.total, seen.of_day / 2 * 3);
    pending_free(seen.pending);
}

static void expect_statistics_without_a_day(void)
{
    struct seen seen = {.pending = pending_new(LONG_MS)};
    const struct store_count all = {.first_day = "", .last_day = ""};
    store->count(store, &seen.pending->call, &all, statistics_done, &seen);
    cr_assert_eq(pending_wait(seen.pending), STATUS_OK, "%s", seen.pending->call.status.message);
    cr_assert_eq(seen.orders, 3);
    cr_assert_eq(seen.days, 1);
    cr_assert_eq(seen.on_day, 2);
    cr_assert_eq(seen.total, seen.of_day / 2 * 3);
    pending_free(seen.pending);
}

/* Every order counts; a day that is none is not named, and takes no other with it, whether it is counted,
 * kept, or was changed since it was kept. */
Test(changes_by_sql, sums_have_orders_of_no_date_and_days_have_not)
{
    char sql[128];
    make_odd("orders_order_date_check", "status = 'shipped'");
    for (size_t i = 0; i < sizeof no_dates / sizeof no_dates[0]; i++) {
        snprintf(sql, sizeof sql, "UPDATE orders SET order_date = '%s' WHERE order_id = 'b'", no_dates[i]);
        free(database_query(database, sql));
        expect_summary_without_a_day(false);
        expect_summary_without_a_day(true);
        expect_statistics_without_a_day();
    }
}

/* --- columns that somebody lets be null --- */

/* Ours would refuse some nulls, and undo others. */
static void let_be_null(const char *column)
{
    char sql[256];
    snprintf(sql, sizeof sql, "ALTER TABLE orders ALTER %s DROP NOT NULL, DISABLE TRIGGER USER", column);
    free(database_query(database, sql));
}

Test(changes_by_sql, an_order_with_a_null_is_data_loss_and_the_others_are_served)
{
    static const struct {
        const char *column, *told;
        enum status_code after_update; /* of the amount, by the service */
    } cases[] = {
        {"customer_id", "a customer_id", STATUS_DATA_LOSS}, {"order_date", "an order_date", STATUS_DATA_LOSS},
        {"total_amount", "a total_amount", STATUS_OK},      {"currency", "a currency", STATUS_DATA_LOSS},
        {"status", "a status", STATUS_DATA_LOSS},           {"created_at", "a created_at", STATUS_DATA_LOSS},
        {"updated_at", "an updated_at", STATUS_OK},
    };
    char sql[256], told[128];
    make_three();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        let_be_null(cases[i].column);
        snprintf(sql, sizeof sql, "UPDATE orders SET %s = NULL WHERE order_id = 'b'", cases[i].column);
        free(database_query(database, sql));
        snprintf(told, sizeof told, "Order b is stored with %s that is null", cases[i].told);
        expect_only_b_lost(told);
        expect_end(begin_set_amount(store, "b", 100 + (int64_t)i, LONG_MS), cases[i].after_update);
        snprintf(sql, sizeof sql,
                 "UPDATE orders SET %1$s = (SELECT %1$s FROM orders WHERE order_id = 'a') "
                 "WHERE order_id = 'b'",
                 cases[i].column);
        free(database_query(database, sql));
        expect_list(0, 3, "");
    }
}

Test(changes_by_sql, an_order_without_an_id_has_its_place_in_a_list)
{
    make_three();
    let_be_null("order_id");
    free(database_query(database, "UPDATE orders SET order_id = NULL WHERE order_id = 'b'"));
    struct seen seen = {.pending = pending_new(LONG_MS)};
    const struct store_query query = {.limit = 10, .customer_id = ""};
    store->list(store, &seen.pending->call, &query, list_done, &seen);
    cr_assert_eq(pending_wait(seen.pending), STATUS_OK, "%s", seen.pending->call.status.message);
    cr_assert_eq(seen.orders, 3);
    cr_assert_eq(seen.unreadable, 1);
    pending_free(seen.pending);
}

static void expect_create_once(const char *order_id, enum status_code code)
{
    struct pending *create = pending_new(LONG_MS);
    create->call.request_id = "once";
    store->create(store, &create->call, pending_order(create, order_id),
                  (Orders__V1__Order_Closure)pending_done, create);
    expect_end(create, code);
}

/* Nor is it when it is asked again. */
Test(changes_by_sql, an_order_that_is_made_with_a_null_is_not_answered_as_if_it_had_none)
{
    let_be_null("created_at");
    free(database_query(database, "ALTER TABLE orders ALTER created_at DROP DEFAULT"));
    expect_create_once("a", STATUS_DATA_LOSS);
    expect_create_once("a", STATUS_DATA_LOSS);
    expect_get("a", "Order a is stored with a created_at that is null");
}

Test(changes_by_sql, an_answer_whose_code_is_lost_is_data_loss)
{
    expect_create_once("a", STATUS_OK);
    free(database_query(database, "ALTER TABLE idempotency ALTER code DROP NOT NULL"));
    free(database_query(database, "UPDATE idempotency SET code = NULL"));
    expect_create_once("a", STATUS_DATA_LOSS);
    expect_end(begin_get(store, "a", LONG_MS), STATUS_OK);
}

Test(changes_by_sql, a_sum_that_is_null_is_data_loss)
{
    const struct store_count all = {.first_day = "", .last_day = ""};
    make_three();
    free(database_query(database, "ALTER TABLE order_rollup ALTER revenue DROP NOT NULL"));
    free(database_query(database, "SET orders.rollup_upkeep = on; UPDATE order_rollup SET revenue = NULL"));
    struct seen seen = {.pending = pending_new(LONG_MS)};
    store->summarize(store, &seen.pending->call, false, summary_done, &seen);
    expect_end(seen.pending, STATUS_DATA_LOSS);
    seen.pending = pending_new(LONG_MS);
    store->count(store, &seen.pending->call, &all, statistics_done, &seen);
    expect_end(seen.pending, STATUS_DATA_LOSS);
}

/* --- tables that others derive from ours --- */

static void expect_summary(int64_t orders)
{
    struct seen seen = {.pending = pending_new(LONG_MS)};
    store->summarize(store, &seen.pending->call, true, summary_done, &seen);
    cr_assert_eq(pending_wait(seen.pending), STATUS_OK, "%s", seen.pending->call.status.message);
    cr_assert_eq(seen.orders, orders);
    pending_free(seen.pending);
}

static void expect_listed(int64_t orders)
{
    struct seen seen = {.pending = pending_new(LONG_MS)};
    const struct store_query query = {.limit = 10, .customer_id = ""};
    store->list(store, &seen.pending->call, &query, list_done, &seen);
    cr_assert_eq(pending_wait(seen.pending), STATUS_OK, "%s", seen.pending->call.status.message);
    cr_assert_eq(seen.orders, orders);
    pending_free(seen.pending);
}

/* An order, an answer and a sum in tables of somebody else's, which are found wherever ours are asked. */
static void derive_tables(void)
{
    free(database_query(
        database, "CREATE TABLE kid () INHERITS (orders); "
                  "INSERT INTO kid (id, order_id, customer_id, order_date, total_amount, currency, status) "
                  "VALUES (9999, 'KID', 'c', '2025-01-01', 5, 'EUR', 'pending')"));
    free(database_query(database, "CREATE TABLE answers () INHERITS (idempotency); "
                                  "INSERT INTO answers (request_id, part, fingerprint, code) "
                                  "VALUES ('once', 0, 0, 6)"));
    free(database_query(database, "CREATE TABLE sums () INHERITS (order_rollup); "
                                  "INSERT INTO sums VALUES ('2025-01-01', 'EUR', 0, 0, 0)"));
    free(database_query(database, "INSERT INTO sums VALUES ('2025-01-02', 'EUR', 0, 3, 5)"));
}

Test(changes_by_sql, rows_of_tables_that_inherit_from_ours_are_not_ours)
{
    expect_end(begin_create(store, "A", LONG_MS), STATUS_OK);
    derive_tables();
    expect_end(begin_get(store, "KID", LONG_MS), STATUS_NOT_FOUND);
    expect_end(begin_set_amount(store, "KID", 9, LONG_MS), STATUS_NOT_FOUND);
    expect_end(begin_remove(store, "KID", LONG_MS), STATUS_NOT_FOUND);
    expect_listed(1);
    expect_summary(1);

    struct pending *create = pending_new(LONG_MS);
    create->call.request_id = "once";
    store->create(store, &create->call, pending_order(create, "KID"), (Orders__V1__Order_Closure)pending_done,
                  create);
    cr_assert_eq(pending_wait(create), STATUS_OK, "%s", create->call.status.message);
    cr_assert_not(create->call.replayed);
    pending_free(create);
    expect_end(begin_create(store, "KID", LONG_MS), STATUS_ALREADY_EXISTS);
    expect_end(begin_set_amount(store, "KID", 9, LONG_MS), STATUS_OK);
    expect_listed(2);
    expect_summary(2);
    expect_end(begin_remove(store, "KID", LONG_MS), STATUS_OK);
    expect_end(begin_get(store, "KID", LONG_MS), STATUS_NOT_FOUND);

    cr_expect_eq(database_number(database, "SELECT order_rollup_recount()"), 0);
    free(database_query(database, "SELECT order_rollup_fold(0, 1000)"));
    expect_summary(1);
    cr_expect_eq(database_number(database, "SELECT count(*) FROM kid"), 1);
    cr_expect_eq(database_number(database, "SELECT count(*) FROM sums"), 2);
}

/* What such a statement changes of either comes to our triggers as one. */
Test(changes_by_sql, a_table_that_inherits_from_orders_is_told_of)
{
    expect_end(begin_create(store, "A", LONG_MS), STATUS_OK);
    derive_tables();
    await_told(store, "table kid inherits from orders: SQL without ONLY counts its orders", TOLD_MS);
    free(database_query(database, "DELETE FROM orders WHERE order_id = 'KID'"));
    free(database_query(database, "ALTER TABLE kid NO INHERIT orders"));
    cr_expect_eq(database_number(database, "SELECT order_rollup_recount()"), 1);
    await_told(store, "", TOLD_MS);
    expect_summary(1);
}

/* --- triggers of others --- */

/* It is the first of a batch, so that the rest waits for what becomes of it. */
static void expect_first_refused_alone(const char *request_id)
{
    enum { ORDERS = 10 };
    Orders__V1__Order *orders[ORDERS];
    Orders__V1__BatchCreateOrdersResponse response = ORDERS__V1__BATCH_CREATE_ORDERS_RESPONSE__INIT;
    struct pending *many = pending_new(LONG_MS);
    many->call.request_id = request_id;
    pending_results(many, &response, ORDERS);
    for (size_t i = 0; i < ORDERS; i++) {
        char id[8];
        snprintf(id, sizeof id, "%zu", i);
        orders[i] = pending_order(many, id);
        orders[i]->customer_id = orders[i]->order_id;
    }
    store->create_many(store, &many->call, ORDERS, orders, &response,
                       (Orders__V1__BatchCreateOrdersResponse_Closure)pending_done, many);
    cr_assert_eq(pending_wait(many), STATUS_OK, "%s", many->call.status.message);
    cr_expect_eq((int)response.results[0]->code, STATUS_INVALID_ARGUMENT);
    for (size_t i = 1; i < ORDERS; i++)
        cr_expect_eq((int)response.results[i]->code, STATUS_OK, "%zu", i);
    pending_free(many);
}

Test(changes_by_sql, an_order_that_a_trigger_refuses_takes_none_with_it)
{
    free(database_query(database, "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
                                  "$$ BEGIN RAISE 'not this one'; END $$"));
    free(database_query(database, "CREATE TRIGGER refuse BEFORE INSERT ON orders FOR EACH ROW "
                                  "WHEN (NEW.order_id = '0') EXECUTE FUNCTION refuse()"));
    expect_first_refused_alone("once");
}

Test(changes_by_sql, an_order_that_an_index_of_others_refuses_takes_none_with_it)
{
    free(database_query(database, "CREATE UNIQUE INDEX one_each ON orders (customer_id)"));
    free(database_query(
        database, "INSERT INTO orders (order_id, customer_id, order_date, total_amount, currency, status) "
                  "VALUES ('first', '0', now(), 1, 'ISK', 'pending')"));
    expect_first_refused_alone("once");
}

/* What is refused has left nothing behind, nor counted. */
Test(changes_by_sql, an_order_that_a_trigger_gives_another_id_is_not_made)
{
    free(database_query(database, "CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS "
                                  "$$ BEGIN NEW.order_id := upper(NEW.order_id); RETURN NEW; END $$"));
    free(database_query(database, "CREATE TRIGGER shout BEFORE INSERT ON orders FOR EACH ROW "
                                  "EXECUTE FUNCTION shout()"));
    struct pending *quiet[3];
    for (size_t i = 0; i < 3; i++) {
        char id[8];
        snprintf(id, sizeof id, i == 1 ? "LOUD" : "quiet%zu", i);
        quiet[i] = begin_create(store, id, LONG_MS);
    }
    expect_end(quiet[0], STATUS_INVALID_ARGUMENT);
    expect_end(quiet[1], STATUS_OK);
    expect_end(quiet[2], STATUS_INVALID_ARGUMENT);
    char *stored = database_query(database, "SELECT string_agg(order_id, ',') FROM orders");
    cr_assert_str_eq(stored, "LOUD");
    free(stored);
    stored = database_query(database, "SELECT sum(orders) FROM order_rollup");
    cr_assert_str_eq(stored, "1");
    free(stored);
}

/* Calls for one order, each of which a trigger is to refuse, and none before. */
static struct pending *begin_as_request(enum statement_id which, const char *request_id)
{
    struct pending *pending = pending_new(LONG_MS);
    pending->call.request_id = request_id;
    if (which == STATEMENT_CREATE)
        store->create(store, &pending->call, pending_order(pending, "skipped"),
                      (Orders__V1__Order_Closure)pending_done, pending);
    else if (which == STATEMENT_UPDATE)
        store->update(store, &pending->call, pending_order(pending, "there"), ORDER_CUSTOMER_ID,
                      (Orders__V1__Order_Closure)pending_done, pending);
    else
        store->remove(store, &pending->call, "there", "", (Google__Protobuf__Empty_Closure)pending_done,
                      pending);
    return pending;
}

/* It is no order that exists, nor a lock: told soon, and not for as long as a record is kept. */
Test(changes_by_sql, a_write_that_a_trigger_skips_is_refused_and_not_recorded)
{
    static const struct {
        const char *event;
        enum statement_id which;
    } ways[] = {{"INSERT", STATEMENT_CREATE}, {"UPDATE", STATEMENT_UPDATE}, {"DELETE", STATEMENT_REMOVE}};
    free(database_query(database, "CREATE FUNCTION skip() RETURNS trigger LANGUAGE plpgsql AS "
                                  "$$ BEGIN RETURN NULL; END $$"));
    expect_end(begin_create(store, "there", LONG_MS), STATUS_OK);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        char sql[128];
        snprintf(sql, sizeof sql,
                 "CREATE TRIGGER skip BEFORE %s ON orders FOR EACH ROW EXECUTE FUNCTION skip()",
                 ways[i].event);
        free(database_query(database, sql));
        struct pending *skipped = begin_as_request(ways[i].which, ways[i].event);
        cr_expect_eq(pending_wait(skipped), STATUS_INVALID_ARGUMENT, "%s", ways[i].event);
        cr_expect_str_eq(skipped->call.status.message, "A trigger of the database refused it");
        pending_free(skipped);
        free(database_query(database, "DROP TRIGGER skip ON orders"));
        expect_end(begin_as_request(ways[i].which, ways[i].event), STATUS_OK);
    }
    expect_end(begin_create(store, "skipped", LONG_MS), STATUS_ALREADY_EXISTS);
}

/* What was sent would be answered, under the etag of what is stored. */
Test(changes_by_sql, an_order_that_a_trigger_changes_is_not_made)
{
    static const char *const changes[] = {"customer_id := upper(NEW.customer_id)",
                                          "total_amount := NEW.total_amount + 1", "currency := 'USD'",
                                          "status := 'shipped'"};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        char sql[256];
        snprintf(
            sql, sizeof sql,
            "CREATE OR REPLACE FUNCTION change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN NEW.%s; RETURN NEW; END $$; CREATE OR REPLACE TRIGGER change BEFORE INSERT ON orders "
            "FOR EACH ROW EXECUTE FUNCTION change()",
            changes[i]);
        free(database_query(database, sql));
        struct pending *pending = pending_new(LONG_MS);
        Orders__V1__Order *order = pending_order(pending, "changed");
        order->customer_id = "a";
        store->create(store, &pending->call, order, (Orders__V1__Order_Closure)pending_done, pending);
        cr_expect_eq(pending_wait(pending), STATUS_INVALID_ARGUMENT, "%s", changes[i]);
        pending_free(pending);
    }
    cr_assert_eq(database_number(database, "SELECT count(*) FROM orders"), 0);
}
