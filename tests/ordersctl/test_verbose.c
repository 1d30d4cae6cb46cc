/* test_verbose.c: what -v shows of calls, and that it shows no key. */
#include "fixture.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

TestSuite(verbose, .init = fixture_set_up, .fini = fixture_tear_down, .timeout = 60);

enum { ID_LENGTH = 36 };

/* A UUID. */
static bool is_id(const char *text)
{
    return strspn(text, "0123456789abcdef-") == ID_LENGTH && text[8] == '-' && text[23] == '-';
}

/* With ID for each request_id, and MS for each time taken. */
static const char *masked(const char *text)
{
    const char *out = "";
    while (*text != '\0') {
        if (is_id(text)) {
            out = format("%sID", out);
            text += ID_LENGTH;
        } else if (strncmp(text, "after ", 6) == 0 && isdigit((unsigned char)text[6])) {
            out = format("%safter MS", out);
            text += 6 + strspn(text + 6, "0123456789.");
        } else {
            out = format("%s%c", out, *text++);
        }
    }
    return out;
}

static void create(void)
{
    assert_outcome(run_with(service, "create", "--order-id", "A-1", "--customer-id", "C", "--amount", "1",
                            "--currency", "ISK"),
                   0, NULL, "");
}

Test(verbose, a_call_is_shown_and_its_answer)
{
    create();
    const struct outcome quiet = run_with(service, "get", "A-1", "-o", "ndjson");
    const struct outcome o = run_with(service, "get", "A-1", "-vo", "ndjson");
    assert_outcome(o, 0, quiet.out, NULL);
    cr_assert_str_eq(masked(o.err), format("> orders.v1.OrderService/GetOrder to %s\n"
                                           "> x-request-id: ID\n"
                                           "> x-api-key: not shown, API_KEY of the environment\n"
                                           "> timeout: 30 s\n"
                                           "> {\"order_id\":\"A-1\"}\n"
                                           "< OK\n"
                                           "< from %s after MS ms\n"
                                           "< %s",
                                           service->rpc_url, service->rpc_url, quiet.out));
    cr_assert_null(strstr(o.err, service->api_key));
}

Test(verbose, a_failure_and_who_was_not_there)
{
    assert_outcome(run_with(service, "--verbose", "get", "A-1"), 3, "", NULL);
    const struct outcome o =
        run_with(service, "-v", "health", "--connect", "tcp://127.0.0.1:1", "--timeout", "0.2");
    cr_assert_eq(o.code, 7);
    cr_assert_str_eq(masked(o.err), "> rpc.v1.Health/Check to tcp://127.0.0.1:1\n"
                                    "> x-request-id: ID\n"
                                    "> x-api-key: not shown, API_KEY of the environment\n"
                                    "> timeout: 0.2 s\n"
                                    "> {\"service\":\"\"}\n"
                                    "< UNAVAILABLE: No server within reach\n"
                                    "< from no server after MS ms\n"
                                    "ordersctl: UNAVAILABLE: No server within reach\n"
                                    "  tcp://127.0.0.1:1: Connection refused\n");
}

/* The one of two that is there. */
Test(verbose, the_server_that_answered_is_named)
{
    const char *const urls = format("tcp://127.0.0.1:1,%s", service->ipc_url);
    const struct outcome o = run_with(service, "-v", "health", "--connect", urls);
    assert_outcome(o, 0, "serving\n", NULL);
    cr_assert_not_null(strstr(o.err, format("> rpc.v1.Health/Check to %s\n", urls)), "%s", o.err);
    cr_assert_not_null(strstr(o.err, format("< from %s after ", service->ipc_url)), "%s", o.err);
}

/* Nor its begin: what is answered is a secret, too. */
Test(verbose, no_key_is_shown)
{
    const struct outcome o =
        run_with(service, "-v", "keys", "create", "billing", "--role", "reader", "-o", "json");
    assert_outcome(o, 0, NULL, NULL);
    const char *const key = member(parse(o.out), "key");
    cr_assert_gt(strlen(key), 20);
    cr_assert_null(strstr(o.err, key), "%s", o.err);
    cr_assert_null(strstr(o.err, service->api_key), "%s", o.err);
    cr_assert_not_null(strstr(o.err, "\"key\":\"(not shown)\""), "%s", o.err);
    const char *const config = format("default = here\n[target here]\nconnect = %s\napi-key = %s\n",
                                      service->rpc_url, service->api_key);
    const char *const path = config_file(config);
    const struct outcome targeted = run_with(NULL, "list", "-v");
    assert_outcome(targeted, 0, NULL, NULL);
    cr_assert_null(strstr(targeted.err, service->api_key), "%s", targeted.err);
    cr_assert_not_null(
        strstr(targeted.err, format("> x-api-key: not shown, api-key of target \"here\" in %s\n", path)),
        "%s", targeted.err);
}

/* The batches of an import, with their metadata; of a long one the begin. */
Test(verbose, batches_are_shown_and_cut)
{
    const char *rows = "order_id,customer_id,total_amount,currency\n";
    for (int i = 0; i < 100; i++)
        rows = format("%sB-%d,C,100,ISK\n", rows, i);
    const char *const path = temporary_file("orders.csv", rows);
    const struct outcome o = run_with(service, "import", "--dry-run", "-v", path);
    assert_outcome(o, 0, NULL, NULL);
    cr_assert_not_null(strstr(o.err, "\n> x-validate-only: true\n> {\"orders\":[{\"id\":"), "%s", o.err);
    cr_assert_not_null(strstr(o.err, " bytes more\n< OK\n"), "%s", o.err);
    cr_assert_lt(strlen(o.err), 10 * 1024);
}

/* Several batches are under way at once, and one call a second is served. */
Test(verbose, metadata_of_an_answer)
{
    enum { ROWS = 2000 };
    static const char *const environment[] = {"ORDERS_RATE_PER_PRINCIPAL=1", "ORDERS_BURST_PER_PRINCIPAL=1",
                                              NULL};
    struct service *limited = service_start(&(struct service_options){.environment = environment});
    char *rows;
    size_t size;
    FILE *stream = open_memstream(&rows, &size);
    fputs("order_id,customer_id,total_amount,currency\n", stream);
    for (int i = 0; i < ROWS; i++)
        fprintf(stream, "B-%d,C,100,ISK\n", i);
    const char *const path = temporary_file("many.csv", written(stream, &rows));
    const struct outcome o = run_with(limited, "import", "-v", path);
    service_stop_clean(limited);
    cr_assert_not_null(strstr(o.err, "\n< RESOURCE_EXHAUSTED: "), "%s", o.err);
    cr_assert_not_null(strstr(o.err, "\n< retry-after: "), "%s", o.err);
}
