/* test_failures.c: what a failure says beyond its code: which address, whose key, whose settings; and as
 * JSON. */
#include "fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(failures, .init = fixture_set_up, .fini = fixture_tear_down, .timeout = 60);

/* A run where there is a .env. */
#define run_here(to_service, ...) \
    run(&(struct run){            \
        .service = (to_service), .directory = temporary_directory(), .arguments = {__VA_ARGS__}})

/* --- where to look --- */

Test(failures, each_address_out_of_reach_is_named_with_the_reason)
{
    const char *const urls = "tcp://127.0.0.1:1,tcp://[::1]:1,ipc:///nowhere/orders.ipc";
    const struct outcome o = run_with(service, "get", "A-1", "--connect", urls, "--timeout", "0.2");
    assert_outcome(o, 7, "", NULL);
    static const char told[] = "ordersctl: UNAVAILABLE: No server within reach\n"
                               "  tcp://127.0.0.1:1: Connection refused\n"
                               "  tcp://[::1]:1: ";
    cr_assert_eq(strncmp(o.err, told, strlen(told)), 0, "%s", o.err);
    cr_assert_not_null(strstr(o.err, "\n  ipc:///nowhere/orders.ipc: No such file or directory\n"), "%s",
                       o.err);
    const struct outcome import =
        run(&(struct run){.service = service,
                          .input = "order_id,customer_id,total_amount,currency\nA-1,C,1,ISK\n",
                          .arguments = {"import", "-", "--connect", "tcp://127.0.0.1:1"}});
    assert_outcome(import, 7, "",
                   "ordersctl: UNAVAILABLE: No server within reach\n"
                   "  tcp://127.0.0.1:1: Connection refused\n"
                   "  lines 2 to 2: not imported\n"
                   "ordersctl: stopped: 0 orders imported, 0 rows refused\n");
}

/* Refused is a socket that nobody listens on. */
Test(failures, a_path_of_what_is_no_socket_is_told_as_that)
{
    const char *const url = format("ipc://%s", temporary_file("orders.ipc", ""));
    assert_outcome(run_with(service, "health", "--connect", url, "--timeout", "0.2"), 7, "",
                   format("ordersctl: UNAVAILABLE: No server within reach\n"
                          "  %s: what is there is no socket\n",
                          url));
}

/* No server can be there, now or later. */
Test(failures, a_path_that_is_too_long_is_a_wrong_setting)
{
    char path[109];
    memset(path, 'a', sizeof path);
    path[0] = '/';
    path[sizeof path - 1] = '\0';
    const char *const url = format("ipc://%s", path);
    assert_outcome(run_with(service, "health", "--connect", url), 78, "",
                   format("ordersctl: ORDERS_CONNECT: \"%s\" is not an ipc:// address with a path of at most "
                          "107 bytes\n",
                          url));
}

/* It takes connections and speaks another protocol. */
Test(failures, a_server_of_something_else_is_told_as_that)
{
    const char *const url = format("tcp://127.0.0.1:%u", service->http_port);
    assert_outcome(run_with(service, "health", "--connect", url, "--timeout", "0.2"), 7, "",
                   format("ordersctl: UNAVAILABLE: No server within reach\n"
                          "  %s: takes connections, but did not answer as an order service\n",
                          url));
}

static void assert_origin(const struct outcome o, const char *origin)
{
    assert_outcome(o, 6, "",
                   format("ordersctl: PERMISSION_DENIED: Invalid API key\n  the key is from %s\n", origin));
}

Test(failures, a_refused_key_is_told_with_where_it_is_from)
{
    const char *const file = temporary_file("wrong.key", "wrong\n"), *const here = temporary_directory();
    struct service stranger = *service;
    stranger.api_key = "wrong";
    assert_origin(run_with(&stranger, "get", "A-1"), "API_KEY of the environment");
    assert_origin(run_with(service, "get", "A-1", "--api-key-file", file),
                  format("%s, the --api-key-file", file));
    stranger.api_key = "";
    assert_origin(run(&(struct run){.service = &stranger,
                                    .environment = {format("API_KEY_FILE=%s", file)},
                                    .arguments = {"get", "A-1"}}),
                  format("%s, the API_KEY_FILE of the environment", file));
    temporary_file(".env", "API_KEY=wrong\n");
    assert_origin(run_here(&stranger, "get", "A-1"), "API_KEY of .env in this directory");
    config_file(format("default = here\n[target here]\nconnect = %s\napi-key = wrong\n", service->rpc_url));
    assert_origin(run_with(NULL, "get", "A-1"),
                  format("api-key of target \"here\" in %s/.config/ordersctl/config", here));
    config_file(format("default = here\n[target here]\nconnect = %s\napi-key-file = ~/wrong.key\n",
                       service->rpc_url));
    assert_origin(
        run_with(NULL, "get", "A-1"),
        format("%s, the api-key-file of target \"here\" in %s/.config/ordersctl/config", file, here));
    assert_outcome(run(&(struct run){.service = &stranger,
                                     .input = "order_id,customer_id,total_amount,currency\nA-1,C,1,ISK\n",
                                     .arguments = {"import", "-", "--api-key-file", file}}),
                   6, "",
                   format("ordersctl: PERMISSION_DENIED: Invalid API key\n"
                          "  the key is from %s, the --api-key-file\n"
                          "  lines 2 to 2: not imported\n"
                          "ordersctl: stopped: 0 orders imported, 0 rows refused\n",
                          file));
}

/* What is left of a key that was cut would be another one. */
Test(failures, a_key_file_with_a_longer_line_than_is_read_is_refused)
{
    const char *const path = temporary_file("long.key", format("%09000d\n", 1));
    const struct outcome o = run_with(service, "list", "--api-key-file", path);
    assert_outcome(o, 78, "", NULL);
    cr_assert_not_null(strstr(o.err, format("cannot read %s: File too large", path)), "%s", o.err);
}

/* --- a directory's .env --- */

Test(failures, a_dotenv_wins_over_the_default_target_only_with_a_word)
{
    const char *const path = config_file(format("default = here\n[target here]\nconnect = %s\napi-key = %s\n",
                                                service->rpc_url, service->api_key));
    const char *const warning = "ordersctl: .env in this directory wins over target \"here\" of %s with %s; "
                                "--target here takes the target\n";
    assert_outcome(run_here(NULL, "get", "A-1"), 3, "", "ordersctl: NOT_FOUND: Order not found\n");

    temporary_file(".env", "ORDERS_CONNECT=tcp://127.0.0.1:1\nAPI_KEY=wrong\n");
    const struct outcome o = run_here(NULL, "get", "A-1", "--timeout", "0.2");
    assert_outcome(o, 7, "", NULL);
    const char *const expected = format(warning, path, "ORDERS_CONNECT, API_KEY");
    cr_assert_eq(strncmp(o.err, expected, strlen(expected)), 0, "%s", o.err);
    assert_outcome(run_here(NULL, "get", "A-1", "--target", "here"), 3, "",
                   "ordersctl: NOT_FOUND: Order not found\n");
    assert_outcome(run_here(service, "get", "A-1"), 3, "", "ordersctl: NOT_FOUND: Order not found\n");

    temporary_file(".env", "API_KEY=wrong\n");
    assert_outcome(run_here(NULL, "get", "A-1"), 6, "",
                   format("%sordersctl: PERMISSION_DENIED: Invalid API key\n"
                          "  the key is from API_KEY of .env in this directory\n",
                          format(warning, path, "API_KEY")));

    /* It says what the target says. */
    temporary_file(".env", format("ORDERS_CONNECT=%s\nAPI_KEY=%s\n", service->rpc_url, service->api_key));
    assert_outcome(run_here(NULL, "get", "A-1"), 3, "", "ordersctl: NOT_FOUND: Order not found\n");
}

/* The file may have come with the directory. It may lead a key of its own. */
Test(failures, a_dotenv_leads_no_key_of_elsewhere)
{
    const char *const told =
        "ordersctl: The key is not presented to whom .env in this directory names with %s: name "
        "the service with --connect and --ca, or the key with --api-key-file or in .env\n";
    const char *const key = format("API_KEY=%s", service->api_key);
    const char *const file = temporary_file("key", format("%s\n", service->api_key));
    temporary_file(".env", format("ORDERS_CONNECT=%s\n", service->rpc_url));
    assert_outcome(
        run(&(struct run){.directory = temporary_directory(), .environment = {key}, .arguments = {"list"}}),
        78, "", format(told, "ORDERS_CONNECT"));
    assert_outcome(run(&(struct run){.directory = temporary_directory(),
                                     .environment = {key},
                                     .arguments = {"list", "--connect", service->rpc_url}}),
                   0, NULL, "");
    assert_outcome(run_here(NULL, "list", "--api-key-file", file), 0, NULL, "");
    temporary_file(".env", format("ORDERS_CONNECT = %s\n%s\n", service->rpc_url, key));
    assert_outcome(run_here(NULL, "list"), 0, NULL, "");

    /* Nor one that is presented although .env names another, or that is in a file of elsewhere. */
    temporary_file(".env", format("ORDERS_CONNECT=%s\nAPI_KEY_FILE=key\n", service->rpc_url));
    assert_outcome(run_here(NULL, "list"), 0, NULL, "");
    assert_outcome(
        run(&(struct run){.directory = temporary_directory(), .environment = {key}, .arguments = {"list"}}),
        78, "", format(told, "ORDERS_CONNECT"));
    char elsewhere[] = "/tmp/orders-elsewhere-XXXXXX";
    const int fd = mkstemp(elsewhere);
    cr_assert(fd >= 0 && dprintf(fd, "%s\n", service->api_key) > 0 && close(fd) == 0);
    const char *const link = format("%s/link", temporary_directory());
    cr_assert_eq(symlink(elsewhere, link), 0);
    const char *const outside[] = {elsewhere, link};
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
        temporary_file(".env", format("ORDERS_CONNECT=%s\nAPI_KEY_FILE=%s\n", service->rpc_url, outside[i]));
        assert_outcome(run_here(NULL, "list"), 78, "", format(told, "ORDERS_CONNECT"));
    }
    cr_assert_eq(unlink(link), 0);
    cr_assert_eq(unlink(elsewhere), 0);

    temporary_file(".env", "ORDERS_TLS_CA=ca.pem\n");
    assert_outcome(run_here(service, "list"), 78, "", format(told, "ORDERS_TLS_CA"));
    config_file(format("[target here]\nconnect = %s\napi-key = %s\n", service->rpc_url, service->api_key));
    assert_outcome(run_here(NULL, "list", "--target", "here"), 78, "", format(told, "ORDERS_TLS_CA"));
}

/* --- for programs --- */

/* The object under "error" of the first line. */
static const json_t *error_of(const struct outcome o)
{
    const json_t *error = json_object_get(parse(up_to("\n", o.err)), "error");
    cr_assert(json_is_object(error), "%s", o.err);
    return error;
}

Test(failures, programs_get_them_as_json)
{
    assert_outcome(run_with(service, "get", "A-1", "--output", "json"), 3, "",
                   "{\"error\":{\"code\":\"NOT_FOUND\",\"message\":\"Order not found\"}}\n");
    assert_outcome(run_with(service, "--output=ndjson", "create", "--order-id", "A-1", "--customer-id", "C",
                            "--amount", "1,5", "--currency", "ISK"),
                   5, "", NULL);
    const json_t *error = error_of(run_with(service, "create", "{\"order_id\":\"A-1\"}", "--output", "json"));
    cr_assert_str_eq(member(error, "code"), "INVALID_ARGUMENT");
    const json_t *first = json_array_get(json_object_get(error, "violations"), 0);
    cr_assert_str_eq(member(first, "field"), "customer_id");
    cr_assert_str_eq(member(first, "message"), "must have at least 1 character");

    error = error_of(run_with(service, "get", "A-1", "--output", "json", "--connect", "tcp://127.0.0.1:1"));
    cr_assert_str_eq(member(error, "code"), "UNAVAILABLE");
    cr_assert_str_eq(json_string_value(json_array_get(json_object_get(error, "details"), 0)),
                     "tcp://127.0.0.1:1: Connection refused");
    cr_assert_str_eq(
        member(error_of(run_with(service, "import", "/nowhere/file", "--output", "json")), "message"),
        "cannot read /nowhere/file: No such file or directory");
    cr_assert_str_eq(
        member(error_of(run_with(NULL, "get", "A-1", "--api-key-file", "/nowhere/key", "--output=json")),
               "message"),
        "--api-key-file: cannot read /nowhere/key: No such file or directory");
    /* The answer on stdout, and what is wrong on stderr, are documents of their own. */
    const struct outcome o =
        run(&(struct run){.service = service,
                          .input = "order_id,customer_id,total_amount,currency\nA\033-1,C,1,ISK\n",
                          .arguments = {"import", "-", "--output", "json"}});
    cr_assert_eq(json_integer_value(json_object_get(parse(o.out), "refused")), 1);
    cr_assert_eq(strncmp(member(error_of(o), "message"), "line 2: INVALID_ARGUMENT", 24), 0, "%s", o.err);
}

Test(failures, a_warning_is_json_too)
{
    config_file("default = here\n[target here]\nconnect = tcp://127.0.0.1:1\n");
    temporary_file(".env", format("ORDERS_CONNECT=%s\nAPI_KEY=%s\n", service->rpc_url, service->api_key));
    const struct outcome o = run_here(NULL, "list", "--output", "json");
    cr_assert_eq(o.code, 0);
    cr_assert(json_is_object(json_object_get(parse(o.err), "warning")), "%s", o.err);
}

/* --- exit codes --- */

/* One that asks for several pages makes the calls itself, one right after the other. */
Test(failures, too_many_calls_have_an_exit_code)
{
    static const char *const environment[] = {"ORDERS_RATE_PER_PRINCIPAL=1", "ORDERS_BURST_PER_PRINCIPAL=1",
                                              NULL};
    static const struct service_options options = {.environment = environment};
    struct service *slow = service_start(&options);
    PGconn *its_database = database_connect(slow->database_url);
    free(database_query(
        its_database,
        "INSERT INTO orders (order_id, customer_id, order_date, total_amount, currency, status) "
        "SELECT n, 'C', now(), 1, 'ISK', 'pending' FROM generate_series(1, 50000) AS n"));
    PQfinish(its_database);
    const struct outcome o = run_with(slow, "export", "--format", "ndjson");
    service_stop_clean(slow);
    cr_assert_eq(o.code, 11, "%s", o.err);
    cr_assert_eq(strncmp(o.err, "ordersctl: RESOURCE_EXHAUSTED: ", 31), 0, "%s", o.err);
}
