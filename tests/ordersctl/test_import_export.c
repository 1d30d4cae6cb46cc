/* test_import_export.c: what goes out comes back in, in every format; bad rows cost nobody but themselves. */
#include "fixture.h"
#include "orders/v1/orders.pb-c.h"
#include "support/rpc_peer.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(import, .init = fixture_set_up_with_database, .fini = fixture_tear_down, .timeout = 60);

static const char sample[] = "[\n"
                             "  {\n"
                             "    \"order_id\": \"ORD-2025-00002\",\n"
                             "    \"customer_id\": \"CUST-IS-002\",\n"
                             "    \"order_date\": \"2025-01-16T14:20:00Z\",\n"
                             "    \"total_amount\": 129980,\n"
                             "    \"currency\": \"ISK\",\n"
                             "    \"status\": \"delivered\"\n"
                             "  },\n"
                             "  {\n"
                             "    \"order_id\": \"ORD, \\\"2025\\\"\",\n"
                             "    \"customer_id\": \"Þórður 注文\",\n"
                             "    \"order_date\": \"2025-01-17T09:15:00.123456Z\",\n"
                             "    \"total_amount\": 9007199254740991,\n"
                             "    \"currency\": \"GBP\",\n"
                             "    \"status\": \"shipped\"\n"
                             "  },\n"
                             "  {\n"
                             "    \"order_id\": \"ORD-2025-00004\",\n"
                             "    \"customer_id\": \"CUST-IS-003\",\n"
                             "    \"order_date\": \"0001-01-01T00:00:00Z\",\n"
                             "    \"total_amount\": 1,\n"
                             "    \"currency\": \"USD\",\n"
                             "    \"status\": \"cancelled\"\n"
                             "  }\n"
                             "]\n";

/* All orders of a service by order_id, without what the database makes. */
static json_t *orders_of(const struct service *of)
{
    const struct outcome o = run_with(of, "export");
    cr_assert_eq(o.code, 0, "%s", o.err);
    json_t *list = parse(o.out), *orders = parse("{}"), *order;
    size_t i;
    json_array_foreach(list, i, order)
    {
        json_object_del(order, "id");
        json_object_del(order, "created_at");
        json_object_del(order, "updated_at");
        json_object_del(order, "etag");
        json_object_set(orders, json_string_value(json_object_get(order, "order_id")), order);
    }
    return orders;
}

static void assert_same(json_t *found, json_t *expected)
{
    char *found_text = json_dumps(found, 0), *expected_text = json_dumps(expected, 0);
    cr_assert(json_equal(found, expected), "%s\nis not\n%s", found_text, expected_text);
    free(found_text);
    free(expected_text);
}

static struct outcome import_text(const struct service *to, const char *text)
{
    return run(&(struct run){.service = to, .input = text, .arguments = {"import", "-"}});
}

/* --- round trips --- */

struct trip {
    char file[32]; /* its extension gives the format */
    char format[16];
};

ParameterizedTestParameters(import, what_is_exported_comes_back)
{
    static struct trip trips[] = {{"orders.json", "json"},
                                  {"orders.ndjson", "ndjson"},
                                  {"orders.jsonl", "ndjson"},
                                  {"orders.csv", "csv"}};
    return cr_make_param_array(struct trip, trips, sizeof trips / sizeof trips[0]);
}

ParameterizedTest(struct trip *trip, import, what_is_exported_comes_back)
{
    assert_outcome(import_text(service, sample), 0, "3 orders imported, 0 rows refused\n", "");
    json_t *const before = orders_of(service);
    cr_assert_eq(json_object_size(before), 3);
    json_t *given = parse(sample), *order;
    size_t i;
    json_array_foreach(given, i, order)
    {
        assert_same(json_object_get(before, json_string_value(json_object_get(order, "order_id"))), order);
    }

    /* Through a file, whose name says what it is. */
    const char *const path = temporary_file(trip->file, "");
    assert_outcome(run_with(service, "export", path), 0, "", "");
    struct service *other = service_start(NULL);
    assert_outcome(run_with(other, "import", path), 0, "3 orders imported, 0 rows refused\n", "");
    assert_same(orders_of(other), before);
    service_stop_clean(other);

    /* Through a pipe, where the content does. */
    const struct outcome exported = run_with(service, "export", "-", "--format", trip->format);
    cr_assert_str_eq(exported.out, read_file(path));
    other = service_start(NULL);
    assert_outcome(import_text(other, exported.out), 0, "3 orders imported, 0 rows refused\n", "");
    assert_same(orders_of(other), before);
    service_stop_clean(other);
}

/* Each write to this kind of pipe is read by itself. */
Test(import, what_a_pipe_has_of_an_output_ends_with_a_line)
{
    static const char *const commands[][5] = {{"export", "--format", "csv"},
                                              {"export", "--format", "ndjson"},
                                              {"list", "--all", "--output", "name"},
                                              {"list", "--all", "--output", "csv"}};
    enum { WRITES = 10 }; /* at least */
    PQclear(PQexec(
        database,
        "INSERT INTO orders (order_id, customer_id, order_date, total_amount, currency, status) "
        "SELECT 'ORD-' || n * n, 'CUST-' || n, now(), n, 'ISK', 'pending' FROM generate_series(1, 3000) "
        "n"));
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        int ends[2];
        char piece[PIPE_BUF];
        ssize_t n;
        size_t writes = 0;
        cr_assert_eq(pipe2(ends, O_DIRECT | O_CLOEXEC), 0);
        struct run run = {.service = service, .output = ends[1]};
        memcpy(run.arguments, commands[i], sizeof commands[i]);
        struct running running = run_start(&run);
        close(ends[1]);
        for (; (n = read(ends[0], piece, sizeof piece)) > 0; writes++)
            cr_assert_eq(piece[n - 1], '\n', "%s: %.*s", commands[i][0], (int)n, piece);
        close(ends[0]);
        cr_assert_eq(run_wait(&running).code, 0);
        cr_assert_gt(writes, WRITES);
    }
}

Test(import, export_formats)
{
    assert_outcome(import_text(service, "order_id,customer_id,total_amount,currency,order_date\n"
                                        "A-1,\"Smith, J\",5,ISK,2025-01-16\n"),
                   0, NULL, "");
    const struct outcome csv = run_with(service, "export", "--format", "csv");
    const char *const head =
        "id,order_id,customer_id,order_date,total_amount,currency,status,created_at,updated_at,etag\n"
        "1,A-1,\"Smith, J\",2025-01-16T00:00:00Z,5,ISK,pending,20";
    cr_assert_eq(strncmp(csv.out, head, strlen(head)), 0, "%s", csv.out);
    const struct outcome ndjson = run_with(service, "export", "--format", "ndjson");
    cr_assert_eq(strncmp(ndjson.out, "{\"id\":1,\"order_id\":\"A-1\",", 24), 0, "%s", ndjson.out);
    assert_outcome(run_with(service, "export", "--status", "shipped"), 0, "[]\n", "");
    assert_outcome(run_with(service, "export", "--customer-id", "nobody", "--format", "ndjson"), 0, "", "");
}

/* Whatever page they are on. */
Test(import, an_export_has_all_that_can_be_read_and_names_the_rest)
{
    enum { ROWS = 2500 };
    char *text;
    size_t size;
    const char *const path = temporary_file("orders.csv", "what was there\n");
    FILE *rows = open_memstream(&text, &size);
    (void)fprintf(rows, "order_id,customer_id,total_amount,currency\n");
    for (int i = 1; i <= ROWS; i++)
        (void)fprintf(rows, "A-%d,C,5,ISK\n", i);
    assert_outcome(import_text(service, written(rows, &text)), 0, NULL, "");
    free(database_query(database, "ALTER TABLE orders DROP CONSTRAINT orders_order_date_check"));
    char *named = database_query(
        database, "WITH odd AS (UPDATE orders SET order_date = '-infinity' WHERE id IN (1, 1000, 1001, 2500) "
                  "RETURNING id, order_id) SELECT string_agg(format(E'ordersctl: DATA_LOSS: Order %s cannot "
                  "be read\\n', "
                  "order_id), '' ORDER BY id) FROM odd");
    assert_outcome(run_with(service, "export", path), 9, "", named);
    const char *exported = read_file(path);
    size_t lines = 0;
    for (const char *at = exported; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    cr_assert_eq(lines, 1 + ROWS - 4);
    json_t *list = parse(run_with(service, "export").out);
    cr_assert_eq(json_array_size(list), ROWS - 4);
    free(named);
}

/* --- an export that comes to nothing --- */

/* Whether no part is left beside it. */
static bool is_alone(const char *path)
{
    glob_t found;
    const int result = glob(format("%s.*", path), 0, NULL, &found);
    globfree(&found);
    return result == GLOB_NOMATCH;
}

Test(import, a_failed_export_leaves_the_one_before)
{
    const char *const path = temporary_file("orders.csv", "what was there\n");
    struct service nowhere = *service;
    snprintf(nowhere.rpc_url, sizeof nowhere.rpc_url, "tcp://127.0.0.1:1");
    assert_outcome(run_with(&nowhere, "export", path), 7, "", NULL);
    cr_assert_str_eq(read_file(path), "what was there\n");
    cr_assert(is_alone(path));
}

/* Also one that is stopped while it waits for orders, by whatever signal. */
Test(import, an_interrupted_export_leaves_the_one_before)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    const char *const path = temporary_file("orders.json", "what was there\n");
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        struct rpc_peer peer;
        rpc_peer_open(&peer);
        struct service silent = *service;
        snprintf(silent.rpc_url, sizeof silent.rpc_url, "%s", peer.url);
        struct running running = run_start(&(struct run){.service = &silent, .arguments = {"export", path}});
        rpc__v1__request__free_unpacked(rpc_peer_take(&peer), NULL);
        kill(running.pid, signals[i]);
        assert_outcome(run_wait(&running), 128 + signals[i], "", "");
        cr_assert_str_eq(read_file(path), "what was there\n");
        cr_assert(is_alone(path));
        rpc_peer_close(&peer);
    }
}

/* Nor is it one without an end that a server tells. */
Test(import, a_server_that_repeats_a_page_ends_the_export)
{
    const char *const path = temporary_file("orders.json", "what was there\n");
    struct rpc_peer peer;
    Orders__V1__Order order = ORDERS__V1__ORDER__INIT, *orders[] = {&order};
    Orders__V1__ListOrdersResponse page = ORDERS__V1__LIST_ORDERS_RESPONSE__INIT;
    order.order_id = "A-1";
    page.n_orders = 1;
    page.orders = orders;
    page.next_page_token = "again";
    rpc_peer_open(&peer);
    struct service repeating = *service;
    snprintf(repeating.rpc_url, sizeof repeating.rpc_url, "%s", peer.url);
    struct running running = run_start(&(struct run){.service = &repeating, .arguments = {"export", path}});
    for (int i = 0; i < 2; i++) {
        rpc__v1__request__free_unpacked(rpc_peer_take(&peer), NULL);
        rpc_peer_answer_message(&peer, &page.base);
    }
    assert_outcome(run_wait(&running), 1, "", "ordersctl: The server gives the same page again\n");
    cr_assert_str_eq(read_file(path), "what was there\n");
    rpc_peer_close(&peer);
}

/* Whoever could not read the file still cannot, and a link still leads to it. */
Test(import, an_export_replaces_the_file_and_nothing_else)
{
    const char *const path = temporary_file("orders.csv", "what was there\n");
    const char *const link = format("%s/link.csv", temporary_directory());
    struct stat about;
    cr_assert_eq(chmod(path, 0600), 0);
    cr_assert_eq(symlink(path, link), 0);
    assert_outcome(run_with(service, "export", "--columns", "order_id", link), 0, "", "");
    cr_assert_str_eq(read_file(path), "order_id\n");
    cr_assert_eq(lstat(link, &about), 0);
    cr_assert(S_ISLNK(about.st_mode));
    cr_assert_eq(stat(path, &about), 0);
    cr_assert_eq(about.st_mode & 07777, 0600);
    cr_assert(is_alone(path));
}

/* --- bad rows --- */

Test(import, bad_rows_of_csv)
{
    assert_outcome(import_text(service, "order_id,customer_id,total_amount,currency,etag,status\n"
                                        "A-1,C,1,ISK,\"two\nlines\",pending\n"
                                        "A-2,C,x,ISK,,pending\n"
                                        "A-3,C,1,ISK,too,many,cells\n"
                                        "A-1,C,1,ISK,again,pending\n"
                                        "A-4,C,1,\"ISK,open,pending\n"
                                        "A-5,C,1,XXX,,new\n"
                                        "A-6,,0,ISK,,pending\n"
                                        "A-7,C,1,ISK,,shipped\n"),
                   8, "2 orders imported, 6 rows refused\n", NULL);
    const struct outcome o = import_text(service, "order_id,total_amount\nB-1,1e3\n\nB-2,x\n");
    assert_outcome(o, 8, "0 orders imported, 2 rows refused\n",
                   "ordersctl: line 2: INVALID_ARGUMENT: total_amount: must be an integer\n"
                   "ordersctl: line 4: INVALID_ARGUMENT: total_amount: must be an integer\n");
    cr_assert_eq(json_object_size(orders_of(service)), 2);
}

Test(import, bad_rows_of_json)
{
    static const char order[] = "\"customer_id\":\"C\",\"total_amount\":1,\"currency\":\"ISK\"";
    const char *const text =
        format("[\n{\"order_id\":\"A-1\",%s},\n{\"order_id\":\"A-2\",},\n7,\n{\"order_id\":\"A-1\",%s},\n"
               "{\"order_id\":\"A-3\",%s,\"status\":\"\x1b[2J\"},\n{\"order_id\":\"A-4,%s},\n"
               "{\"order_id\":\"A-5\",%s}\n]",
               order, order, order, order, order);
    const struct outcome o = import_text(service, text);
    assert_outcome(o, 8, "2 orders imported, 5 rows refused\n", NULL);
    cr_assert_not_null(strstr(o.err, "ordersctl: line 3: not JSON: "), "%s", o.err);
    cr_assert_not_null(strstr(o.err, "ordersctl: line 4: INVALID_ARGUMENT: must be an object\n"), "%s",
                       o.err);
    cr_assert_not_null(strstr(o.err, "ordersctl: line 5: ALREADY_EXISTS: Order ID already exists\n"), "%s",
                       o.err);
    cr_assert_not_null(strstr(o.err, "ordersctl: line 6: not JSON: "), "%s", o.err);
    cr_assert_not_null(strstr(o.err, "ordersctl: line 7: not JSON: "), "%s", o.err);
    cr_assert_null(strchr(o.err, '\x1b'));
    cr_assert_eq(json_object_size(orders_of(service)), 2);
}

Test(import, counts_go_to_programs_as_json)
{
    const struct outcome o = run(&(struct run){.service = service,
                                               .input = "{\"order_id\":\"A-1\"}\n",
                                               .arguments = {"import", "-", "--output", "json"}});
    assert_outcome(o, 8, "{\n  \"imported\": 0,\n  \"refused\": 1,\n  \"skipped\": 0\n}\n", NULL);
}

/* A row too large to read, one too large to send, one too large for the rules: the one behind them goes in.
 */
Test(import, giant_rows)
{
    static const size_t sizes[] = {2 << 20, 500 * 1024, 100 * 1024};
    char *text;
    size_t length;
    FILE *stream = open_memstream(&text, &length);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        fputs("{\"order_id\":\"", stream);
        for (size_t n = 0; n < sizes[i]; n++)
            fputc('x', stream);
        fputs("\",\"customer_id\":\"C\",\"total_amount\":1,\"currency\":\"ISK\"}\n", stream);
    }
    fputs("{\"order_id\":\"A-1\",\"customer_id\":\"C\",\"total_amount\":1,\"currency\":\"ISK\"}\n", stream);
    assert_outcome(import_text(service, written(stream, &text)), 8, "1 order imported, 3 rows refused\n",
                   "ordersctl: line 1: longer than 1 MiB\n"
                   "ordersctl: line 2: INVALID_ARGUMENT: too large for an order\n"
                   "ordersctl: line 3: INVALID_ARGUMENT: order_id: must have at most 255 characters\n");
}

/* `n` rows of CSV behind the header, every one of the same `distinct` orders. */
static char *rows_of(size_t n, size_t distinct)
{
    char *text;
    size_t length;
    FILE *stream = open_memstream(&text, &length);
    fputs("order_id,total_amount,currency,customer_id\n", stream);
    for (size_t i = 0; i < n; i++)
        fprintf(stream, "A-%zu,%zu,ISK,C%080d\n", i % distinct, i + 1, 0);
    return written(stream, &text);
}

Test(import, batches_refuse_the_right_rows)
{
    enum { DISTINCT = 4321, AGAIN = 777 };
    const struct outcome o = import_text(service, rows_of(DISTINCT + AGAIN, DISTINCT));
    assert_outcome(o, 8, "4321 orders imported, 777 rows refused\n", NULL);
    const char *at = o.err;
    for (size_t i = 0; i < AGAIN; i++) {
        const char *const line =
            format("ordersctl: line %zu: ALREADY_EXISTS: Order ID already exists\n", DISTINCT + i + 2);
        cr_assert_eq(strncmp(at, line, strlen(line)), 0, "%s\nis not\n%.100s", line, at);
        at += strlen(line);
    }
    cr_assert_eq(json_object_size(orders_of(service)), DISTINCT);
}

/* --- on a terminal --- */

Test(import, progress_is_shown_on_a_terminal_and_taken_off_before_a_message)
{
    const char *const path = temporary_file("orders.csv", "order_id,customer_id,total_amount,currency\n"
                                                          "A-1,C,1,ISK\nA-2,C,x,ISK\n");
    const struct winsize size = {.ws_col = 80, .ws_row = 24};
    int terminal, program;
    char shown[1024] = "";
    cr_assert_eq(openpty(&terminal, &program, NULL, NULL, &size), 0);
    assert_outcome(run(&(struct run){.service = service, .error = program, .arguments = {"import", path}}), 8,
                   "1 order imported, 1 row refused\n", NULL);
    cr_assert_gt(read(terminal, shown, sizeof shown - 1), 0);
    cr_assert_str_eq(shown, "ordersctl: line 3: INVALID_ARGUMENT: total_amount: must be an integer\r\n"
                            "\r\033[K[========================================] 100% 0 orders, 1 row refused"
                            "\r\033[K");
    close(terminal);
    close(program);
}

/* --- what cannot be imported --- */

Test(import, files_that_cannot_be_read)
{
    assert_outcome(run_with(service, "import", "/nowhere/orders.csv"), 1, "",
                   "ordersctl: cannot read /nowhere/orders.csv: No such file or directory\n");
    assert_outcome(run_with(service, "import", "/tmp"), 1, "",
                   "ordersctl: cannot read /tmp: Is a directory\n"
                   "ordersctl: stopped: 0 orders imported, 0 rows refused\n");
    assert_outcome(
        import_text(service, "A-1,C,1,ISK\nA-2,C,1,ISK\n"), 5, "",
        "ordersctl: line 1: the first row names no field of Order, it is \"A-1,C,1,ISK\"; it is to be like "
        "\"id,order_id\"\n"
        "ordersctl: stopped: 0 orders imported, 1 row refused\n");
    assert_outcome(import_text(service, ""), 0, "0 orders imported, 0 rows refused\n", "");
}

Test(import, the_format_can_be_told)
{
    const char *const path = temporary_file("orders.txt", "{\"order_id\":\"A-1\",\"customer_id\":\"C\",\n"
                                                          "\"total_amount\":1,\"currency\":\"ISK\"}\n");
    assert_outcome(run_with(service, "import", path, "--format", "ndjson"), 8,
                   "0 orders imported, 2 rows refused\n", NULL);
    assert_outcome(run_with(service, "import", path, "--format", "json"), 0,
                   "1 order imported, 0 rows refused\n", "");
}

Test(import, a_wrong_key_stops_it)
{
    struct service stranger = *service;
    stranger.api_key = "wrong";
    assert_outcome(import_text(&stranger, rows_of(10, 10)), 6, "",
                   "ordersctl: PERMISSION_DENIED: Invalid API key\n"
                   "  the key is from API_KEY of the environment\n"
                   "  lines 2 to 11: not imported\n"
                   "ordersctl: stopped: 0 orders imported, 0 rows refused\n");
}

/* --- cut short --- */

static void feed(struct running *running, const char *text)
{
    const size_t length = strlen(text);
    for (size_t written = 0; written < length;) {
        const ssize_t n = write(running->input, text + written, length - written);
        cr_assert_gt(n, 0);
        written += (size_t)n;
    }
}

Test(import, ctrl_c_says_how_many_went_in)
{
    /* More than a pipe holds: when it is written, import is reading. */
    struct running running = run_start(&(struct run){.service = service, .arguments = {"import", "-"}});
    feed(&running, rows_of(3000, 3000));
    kill(running.pid, SIGINT);
    siginfo_t info; /* its stdin stays open: the signal ends it, not the end of the file */
    cr_assert_eq(waitid(P_PID, (id_t)running.pid, &info, WEXITED | WNOWAIT), 0);
    const struct outcome o = run_wait(&running);
    assert_outcome(o, 128 + SIGINT, "", NULL);

    size_t imported;
    cr_assert_eq(sscanf(o.err, "ordersctl: interrupted: %zu orders imported, 0 rows refused\n", &imported), 1,
                 "%s", o.err);
    cr_assert_gt(imported, 0);
    cr_assert_eq(json_object_size(orders_of(service)), imported);
}

Test(import, a_service_that_goes_away_ends_it)
{
    struct running running =
        run_start(&(struct run){.service = service, .arguments = {"import", "-", "--timeout", "1"}});
    /* More than it reads ahead of the service: some are in when all are fed, and others under way. The last
     * batch is not full: it waits for the end of the file. */
    feed(&running, rows_of(8100, 8100));
    kill(service->pid, SIGKILL);
    service_wait(service);
    service = NULL;
    const struct outcome o = run_wait(&running);
    assert_outcome(o, 7, "", NULL);
    cr_assert_not_null(strstr(o.err, ": may have been imported or not\n"), "%s", o.err);
    cr_assert_not_null(strstr(o.err, "ordersctl: stopped: "), "%s", o.err);
}
