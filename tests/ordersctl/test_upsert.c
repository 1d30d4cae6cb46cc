/* test_upsert.c: an order is created, or the one that is there gets the fields that were given, and no other;
 * and what became of it is said exactly. */
#include "base/message.h"
#include "fixture.h"
#include "orders/v1/orders.pb-c.h"
#include "support/rpc_peer.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(upsert, .init = fixture_set_up_with_database, .fini = fixture_tear_down, .timeout = 120);
TestSuite(upsert_alone, .fini = test_end, .timeout = 120);

static void execute(const char *sql)
{
    free(database_query(database, sql));
}

/* When orders were changed last. */
static const char *changed_at(const char *where)
{
    char *text = database_query(
        database, format("SELECT string_agg(updated_at::text, ' ' ORDER BY id) FROM orders WHERE %s", where));
    const char *kept = format("%s", text);
    free(text);
    return kept;
}

static long count(const char *where)
{
    return database_number(database, format("SELECT count(*) FROM orders WHERE %s", where));
}

static struct outcome import_text(const char *text, const char *option, const char *other, const char *third)
{
    return run(&(struct run){
        .service = service, .input = text, .arguments = {"import", "-", "--upsert", option, other, third}});
}

static const char three[] = "order_id,customer_id,total_amount,currency,status\n"
                            "A-1,C-1,100,ISK,pending\n"
                            "A-2,C-2,200,ISK,shipped\n"
                            "A-3,C-3,300,ISK,pending\n";

/* --- create --- */

Test(upsert, create_says_what_it_did)
{
    const char *const order =
        "{\"order_id\":\"A-1\",\"customer_id\":\" C-1 \",\"total_amount\":100,\"currency\":\"isk\"}";
    assert_outcome(run_with(service, "create", "--upsert", order), 0, "A-1: created\n", "");
    const char *const before = changed_at("true");
    /* By the form in which the service stores it. */
    assert_outcome(run_with(service, "create", "--upsert", order), 0, "A-1: unchanged\n", "");
    cr_assert_str_eq(changed_at("true"), before);
    assert_outcome(run_with(service, "create", "--upsert", order, "--status", "shipped"), 0,
                   "A-1: updated: status: pending -> shipped\n", "");
    /* What is not given stays; and fields by which no order could be created do for one that is there. */
    json_t *told = parse(
        run_with(service, "create", "--upsert", "--order-id", "A-1", "--amount", "200", "--output", "json")
            .out);
    cr_assert_str_eq(member(told, "outcome"), "updated");
    json_t *changes = json_object_get(told, "changes");
    cr_assert_eq(json_array_size(changes), 1);
    cr_assert_str_eq(member(json_array_get(changes, 0), "field"), "total_amount");
    cr_assert_eq(json_integer_value(json_object_get(json_array_get(changes, 0), "from")), 100);
    cr_assert_str_eq(member(json_object_get(told, "order"), "status"), "shipped");
    cr_assert_eq(count("status = 'shipped' AND total_amount = 200 AND customer_id = 'C-1'"), 1);
    assert_outcome(run_with(service, "create", "--upsert", "--order-id", "A-2", "--amount", "200"), 5, "",
                   "ordersctl: INVALID_ARGUMENT: Invalid argument\n"
                   "  customer_id: must have at least 1 character\n"
                   "  currency: must have at least 3 characters\n");
}

Test(upsert, create_in_a_dry_run_stores_nothing)
{
    const char *const order =
        "{\"order_id\":\"A-1\",\"customer_id\":\"C-1\",\"total_amount\":100,\"currency\":\"ISK\"}";
    assert_outcome(run_with(service, "create", "--dry-run", order), 0, "A-1: would be created\n", "");
    assert_outcome(run_with(service, "create", "--dry-run", order, "--currency", "XXX"), 5, "", NULL);
    cr_assert_eq(count("true"), 0);
    assert_outcome(run_with(service, "create", order), 0, NULL, "");
    assert_outcome(run_with(service, "create", "--dry-run", order), 4, "",
                   "ordersctl: ALREADY_EXISTS: Order ID already exists\n");
    assert_outcome(run_with(service, "create", "--dry-run", "--upsert", order), 0,
                   "A-1: would be unchanged\n", "");
    assert_outcome(
        run_with(service, "create", "--dry-run", "--upsert", order, "--amount", "7", "--output", "ndjson"), 0,
        "{\"order_id\":\"A-1\",\"outcome\":\"updated\",\"dry_run\":true,\"changes\":[{\"field\":"
        "\"total_amount\",\"from\":100,\"to\":7}]}\n",
        "");
    assert_outcome(run_with(service, "create", "--dry-run", "--upsert", "--order-id", "A-1", "--amount", "0"),
                   5, "",
                   "ordersctl: INVALID_ARGUMENT: Invalid argument\n"
                   "  total_amount: must be greater than 0\n");
    cr_assert_eq(count("total_amount = 100"), 1);
}

Test(upsert, an_amount_with_decimals_comes_with_its_currency)
{
    import_text(three, NULL, NULL, NULL);
    assert_outcome(
        run_with(service, "create", "--upsert", "--order-id", "A-1", "--decimal", "--amount", "12.50"), 5, "",
        "ordersctl: INVALID_ARGUMENT: Invalid argument\n"
        "  currency: must be given, as the decimals of an amount are those of its currency\n");
    assert_outcome(run_with(service, "create", "--upsert", "--order-id", "A-1", "--decimal", "--amount",
                            "12.50", "--currency", "ISK"),
                   0, "A-1: updated: total_amount: 1.00 ISK -> 12.50 ISK\n", "");
}

/* It is read by the id that it is stored by. */
Test(upsert, an_order_id_with_blanks_around_it_is_the_one_without)
{
    const char *const order =
        "{\"order_id\":\" A-1 \",\"customer_id\":\"C-1\",\"total_amount\":100,\"currency\":\"ISK\"}";
    assert_outcome(run_with(service, "create", "--upsert", order), 0, "A-1: created\n", "");
    assert_outcome(run_with(service, "create", "--upsert", order), 0, "A-1: unchanged\n", "");
    assert_outcome(run_with(service, "create", "--upsert", "--dry-run", order), 0,
                   "A-1: would be unchanged\n", "");
    assert_outcome(run_with(service, "create", "--dry-run", order), 4, "",
                   "ordersctl: ALREADY_EXISTS: Order ID already exists\n");
    assert_outcome(import_text("order_id,status\n A-1 ,shipped\n", "--changes", NULL, NULL), 0,
                   "A-1: updated: status: pending -> shipped\n"
                   "0 orders created, 1 updated, 0 unchanged, 0 rows refused\n",
                   "");
}

/* --- against somebody else's changes, by a server in the hand --- */

static struct rpc_peer peer;

static struct running start_upsert(void)
{
    rpc_peer_open(&peer);
    return run_start(&(struct run){.environment = {format("ORDERS_CONNECT=%s", peer.url), "API_KEY=k"},
                                   .arguments = {"create", "--upsert", "--order-id", "A-1", "--customer-id",
                                                 "C", "--amount", "5", "--currency", "ISK"}});
}

static Rpc__V1__Request *take(const char *method)
{
    Rpc__V1__Request *request = rpc_peer_take(&peer);
    cr_assert_str_eq(request->method, format("orders.v1.OrderService/%s", method));
    return request;
}

static void answer(const char *method, Rpc__V1__Code code)
{
    rpc__v1__request__free_unpacked(take(method), NULL);
    rpc_peer_answer(&peer, code, "");
}

static void answer_order(const char *etag)
{
    Orders__V1__Order order = ORDERS__V1__ORDER__INIT;
    order.order_id = message_text("A-1");
    order.customer_id = message_text("B");
    order.currency = message_text("ISK");
    order.total_amount = 5;
    order.etag = message_text(etag);
    rpc__v1__request__free_unpacked(take("GetOrder"), NULL);
    rpc_peer_answer_message(&peer, &order.base);
}

/* Takes an update, and says which etag it is to have. */
static const char *take_update(void)
{
    Rpc__V1__Request *request = take("UpdateOrder");
    Orders__V1__UpdateOrderRequest *update =
        orders__v1__update_order_request__unpack(NULL, request->payload.len, request->payload.data);
    const char *etag = format("%s", update->order->etag);
    orders__v1__update_order_request__free_unpacked(update, NULL);
    rpc__v1__request__free_unpacked(request, NULL);
    return etag;
}

Test(upsert_alone, an_order_that_somebody_changes_meanwhile_is_read_again)
{
    const Orders__V1__Order updated = ORDERS__V1__ORDER__INIT;
    struct running running = start_upsert();
    answer("CreateOrder", RPC__V1__CODE__ALREADY_EXISTS);
    answer_order("one");
    cr_assert_str_eq(take_update(), "one");
    rpc_peer_answer(&peer, RPC__V1__CODE__ABORTED, "");
    answer_order("two");
    cr_assert_str_eq(take_update(), "two");
    rpc_peer_answer_message(&peer, &updated.base);
    assert_outcome(run_wait(&running), 0, "A-1: updated: customer_id: B -> C\n", "");
    rpc_peer_close(&peer);
}

Test(upsert_alone, it_is_read_again_a_bounded_number_of_times)
{
    struct running running = start_upsert();
    answer("CreateOrder", RPC__V1__CODE__ALREADY_EXISTS);
    for (int i = 0; i < 5; i++) {
        answer_order(format("%d", i));
        cr_assert_str_eq(take_update(), format("%d", i));
        rpc_peer_answer(&peer, RPC__V1__CODE__ABORTED, "");
    }
    assert_outcome(
        run_wait(&running), 10, "",
        "ordersctl: ABORTED: The order was changed by somebody else, 5 times while it was tried\n");
    rpc_peer_close(&peer);
}

Test(upsert_alone, an_order_that_is_deleted_meanwhile_is_created)
{
    const Orders__V1__Order created = ORDERS__V1__ORDER__INIT;
    struct running running = start_upsert();
    answer("CreateOrder", RPC__V1__CODE__ALREADY_EXISTS);
    answer("GetOrder", RPC__V1__CODE__NOT_FOUND);
    rpc__v1__request__free_unpacked(take("CreateOrder"), NULL);
    rpc_peer_answer_message(&peer, &created.base);
    assert_outcome(run_wait(&running), 0, "A-1: created\n", "");
    rpc_peer_close(&peer);
}

/* --- import --- */

Test(upsert, an_import_creates_updates_and_leaves_alone)
{
    assert_outcome(import_text(three, NULL, NULL, NULL), 0,
                   "3 orders created, 0 updated, 0 unchanged, 0 rows refused\n", "");
    execute("UPDATE orders SET status = 'delivered' WHERE order_id = 'A-3'");
    const char *const before = changed_at("order_id <> 'A-2'");
    const char *const others = "order_id,customer_id,total_amount,currency,status\n"
                               "A-1,C-1,100,ISK,pending\n"
                               "A-2,C-9,250,ISK,shipped\n"
                               "A-3,C-3,300,ISK,delivered\n"
                               "A-4,C-4,0,ISK,pending\n"
                               "A-5,C-5,500,ISK,pending\n";
    assert_outcome(import_text(others, "--changes", NULL, NULL), 8,
                   "A-2: updated: customer_id: C-2 -> C-9; total_amount: 2.00 ISK -> 2.50 ISK\n"
                   "1 order created, 1 updated, 2 unchanged, 1 row refused\n",
                   "ordersctl: line 5: INVALID_ARGUMENT: total_amount: must be greater than 0\n");
    cr_assert_str_eq(changed_at("order_id IN ('A-1', 'A-3')"), before);
    cr_assert_eq(count("order_id = 'A-3' AND status = 'delivered'"), 1);
}

/* Columns that are not there change nothing; no order can be created of such rows. */
Test(upsert, an_import_of_few_columns_changes_those)
{
    import_text(three, NULL, NULL, NULL);
    const char *const rejects = format("%s/rejects.csv", temporary_directory());
    assert_outcome(
        import_text("order_id,status\nA-1,shipped\nA-9,shipped\nA-3,lost\n", "--rejects", rejects, NULL), 8,
        "0 orders created, 1 updated, 0 unchanged, 2 rows refused\n", NULL);
    cr_assert_eq(count("order_id = 'A-1' AND status = 'shipped' AND total_amount = 100"), 1);
    cr_assert_not_null(strstr(read_file(rejects), ",A-9,shipped\n"), "%s", read_file(rejects));
    cr_assert_not_null(
        strstr(read_file(rejects),
               "\"line 3: INVALID_ARGUMENT: customer_id: must have at least 1 character; total_amount: "),
        "%s", read_file(rejects));
}

Test(upsert, an_import_tells_programs_what_changed)
{
    import_text(three, NULL, NULL, NULL);
    const char *const others = "{\"order_id\":\"A-1\",\"status\":\"shipped\"}\n"
                               "{\"orderId\":\"A-2\",\"totalAmount\":7}\n"
                               "{\"order_id\":\"A-3\"}\n";
    assert_outcome(
        import_text(others, "--output", "ndjson", "--dry-run"), 0,
        "{\"order_id\":\"A-1\",\"outcome\":\"updated\",\"line\":1,\"dry_run\":true,\"changes\":[{\"field\":"
        "\"status\",\"from\":\"pending\",\"to\":\"shipped\"}]}\n"
        "{\"order_id\":\"A-2\",\"outcome\":\"updated\",\"line\":2,\"dry_run\":true,\"changes\":[{\"field\":"
        "\"total_amount\",\"from\":200,\"to\":7}]}\n"
        "{\"created\":0,\"updated\":2,\"unchanged\":1,\"refused\":0,\"skipped\":0,\"dry_run\":true}\n",
        "");
    cr_assert_eq(count("order_id = 'A-2' AND total_amount = 200"), 1);
    json_t *told = parse(import_text(others, "--output", "json", NULL).out);
    cr_assert_eq(json_array_size(json_object_get(told, "updates")), 2);
    cr_assert_eq(json_integer_value(json_object_get(told, "updated")), 2);
    cr_assert_eq(json_integer_value(json_object_get(told, "unchanged")), 1);
    assert_outcome(import_text(others, "--output", "csv", NULL), 0,
                   "created,updated,unchanged,refused,skipped\n0,0,3,0,0\n", "");
}

Test(upsert, changes_that_would_not_be_told_are_wrong_usage)
{
    static const char *const outputs[] = {"csv", "template={created}"};
    for (size_t i = 0; i < sizeof outputs / sizeof outputs[0]; i++)
        assert_outcome(import_text(three, "--changes", "--output", outputs[i]), 2, "",
                       "ordersctl: --changes has table, json and ndjson for --output; the others are for the "
                       "counts\n");
    cr_assert_eq(count("true"), 0);
}

Test(upsert, a_dry_run_says_what_would_be_done)
{
    assert_outcome(import_text(three, "--dry-run", NULL, NULL), 0,
                   "3 orders would be created, 0 updated, 0 unchanged, 0 rows refused\n", "");
    cr_assert_eq(count("true"), 0);
}

/* Which of the two would be stored is a matter of chance. */
Test(upsert, an_order_that_comes_twice_is_refused)
{
    assert_outcome(import_text("order_id,customer_id,total_amount,currency\n"
                               "A-1,C-1,100,ISK\nA-2,C-1,100,ISK\n A-1 ,C-1,200,ISK\n",
                               NULL, NULL, NULL),
                   8, "2 orders created, 0 updated, 0 unchanged, 1 row refused\n",
                   "ordersctl: line 4: ALREADY_EXISTS: the order is in line 2 too; with --upsert each comes "
                   "once\n");
    cr_assert_eq(count("order_id = 'A-1' AND total_amount = 100"), 1);
}

/* Somebody has one of them locked: that row is refused, and the others go in. */
Test(upsert, an_order_that_is_locked_is_refused_alone)
{
    import_text(three, NULL, NULL, NULL);
    execute("BEGIN; SELECT 1 FROM orders WHERE order_id = 'A-1' FOR UPDATE");
    const struct outcome o = import_text("order_id,status\nA-1,cancelled\nA-2,cancelled\nA-3,cancelled\n",
                                         "--timeout", "0.3", NULL);
    execute("ROLLBACK");
    assert_outcome(o, 8, "0 orders created, 2 updated, 0 unchanged, 1 row refused\n", NULL);
    cr_assert_not_null(strstr(o.err, "line 2: DEADLINE_EXCEEDED: "), "%s", o.err);
}

/* --- an import that goes on --- */

enum {
    ROWS = 4000,
    THERE = 3000
}; /* of which the first are stored before, every other one with another status */

static const char *make_file(void)
{
    char *text;
    size_t length;
    FILE *stream = open_memstream(&text, &length);
    fputs("order_id,customer_id,total_amount,currency,status\n", stream);
    for (int i = 0; i < ROWS; i++)
        fprintf(stream, "A-%d,C,1,ISK,shipped\n", i);
    return temporary_file("orders.csv", written(stream, &text));
}

static void fill(void)
{
    execute(format(
        "INSERT INTO orders (order_id, customer_id, order_date, total_amount, currency, status) "
        "SELECT 'A-' || n, 'C', now(), 1, 'ISK', CASE WHEN n %% 2 = 0 THEN 'pending' ELSE 'shipped' END "
        "FROM generate_series(0, %d) n",
        THERE - 1));
}

enum { LOCKED = 1998 }; /* an order of that file, behind as many others that are updated as half of this */

/* Who holds a lock that an import comes to its end behind. */
static PGconn *locker;

/* Begins an import of the file, and waits until it has made this many updates: all of those before the order,
 * which it has to wait for. */
static struct running import_up_to(const char *path, const char *order_id, int updates)
{
    execute(
        "CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN PERFORM pg_notify('updates', NEW.order_id); RETURN NULL; END $$;"
        "CREATE TRIGGER tell AFTER UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION tell(); LISTEN updates");
    locker = database_connect(service->database_url);
    free(database_query(locker,
                        format("BEGIN; SELECT 1 FROM orders WHERE order_id = '%s' FOR UPDATE", order_id)));
    const struct running running =
        run_start(&(struct run){.service = service, .arguments = {"import", "--upsert", path}});
    while (updates > 0) {
        PGnotify *const told = PQnotifies(database);
        struct pollfd more = {.fd = PQsocket(database), .events = POLLIN};
        updates -= told != NULL;
        if (told == NULL)
            cr_assert(poll(&more, 1, -1) == 1 && PQconsumeInput(database) == 1);
        PQfreemem(told);
    }
    return running;
}

static void unlock(void)
{
    PQfinish(locker);
    execute("DROP TRIGGER tell ON orders");
}

/* Kills it, and forgets how far it had noted to be: all is sent again. */
static void kill_import(struct running *running, const char *path)
{
    kill(running->pid, SIGKILL);
    run_wait(running);
    unlock();
    const char *const journal = format("%s.ordersctl-resume", path);
    const char *text = read_file(journal);
    cr_assert_eq(truncate(journal, (off_t)(strchr(text, '\n') + 1 - text)), 0);
}

/* What the first run did, the second tells as done, and does not do again: neither what was created, nor what
 * was updated, which somebody may have changed since. */
Test(upsert, an_import_that_goes_on_neither_doubles_nor_reverts)
{
    const char *const path = make_file();
    fill();
    struct running first = import_up_to(path, format("A-%d", LOCKED), LOCKED / 2);
    kill_import(&first, path);
    assert_outcome(run_with(service, "update", "A-0", "--status", "cancelled"), 0, NULL, "");
    assert_outcome(run_with(service, "import", path, "--resume"), 1, "", NULL);
    assert_outcome(run_with(service, "import", "--upsert", path, "--resume"), 8,
                   format("%d orders created, %d updated, %d unchanged, 1 row refused\n", ROWS - THERE,
                          THERE / 2 - 1, THERE / 2),
                   "ordersctl: line 2: ABORTED: An earlier run may have updated the order, and somebody else "
                   "has changed "
                   "it since; a fresh import applies the row\n");
    cr_assert_eq(count("status = 'cancelled'"), 1);
    cr_assert_eq(count("status = 'shipped'"), ROWS - 1);
    /* Another import is another matter: it is asked for anew. */
    assert_outcome(run_with(service, "import", "--upsert", path), 0,
                   format("0 orders created, 1 updated, %d unchanged, 0 rows refused\n", ROWS - 1), "");
}

/* Of rows that no order can be created of, the service keeps no answer. */
Test(upsert, an_import_of_few_columns_that_goes_on_counts_what_was_done)
{
    const char *const path =
        temporary_file("few.csv", "order_id,status\nA-1,shipped\nA-2,shipped\nA-3,shipped\n");
    import_text(three, NULL, NULL, NULL);
    struct running first = import_up_to(path, "A-3", 1);
    kill_import(&first, path);
    assert_outcome(run_with(service, "import", "--upsert", path, "--resume"), 0,
                   "0 orders created, 2 updated, 1 unchanged, 0 rows refused\n", "");
}

/* Counts that were noted are told with those of the rest. */
Test(upsert, what_was_noted_is_counted)
{
    const char *const path = make_file();
    fill();
    struct running running = import_up_to(path, format("A-%d", LOCKED), LOCKED / 2);
    kill(running.pid, SIGINT);
    unlock();
    const struct outcome o = run_wait(&running);
    assert_outcome(o, 130, "", NULL);
    assert_outcome(run_with(service, "import", "--upsert", path, "--resume"), 0,
                   format("%d orders created, %d updated, %d unchanged, 0 rows refused\n", ROWS - THERE,
                          THERE / 2, THERE / 2),
                   "");
}
