/* test_frame.c: what is around each command: help, versions, and what is said of a line that is wrong. */
#include "process.h"

#include <criterion/criterion.h>
#include <string.h>

TestSuite(frame, .fini = test_end, .timeout = 60);

Test(frame, help_is_one_however_it_is_asked_for)
{
    const char *const all = run_with(NULL, "--help").out;
    assert_outcome(run_with(NULL, "help"), 0, all, "");
    assert_outcome(run_with(NULL, "-h"), 0, all, "");
    const char *const of_list = run_with(NULL, "list", "--help").out;
    assert_outcome(run_with(NULL, "help", "list"), 0, of_list, "");
    assert_outcome(run_with(NULL, "-h", "list"), 0, of_list, "");
    assert_outcome(run_with(NULL, "list", "--stauts", "x", "-h"), 0, of_list, "");
    assert_outcome(run_with(NULL, "help", "lst"), 2, "",
                   "ordersctl help: there is no command \"lst\"; did you mean \"list\"?\n"
                   "Try `ordersctl help --help' or `ordersctl help --usage' for more information.\n");
}

/* "0.1.0 (4ce1d0c2a5b7)" of what the program says itself. */
static const char *own_version(void)
{
    return up_to("\n", run_with(NULL, "--version").out + strlen("ordersctl "));
}

Test(frame, the_own_version_has_a_commit)
{
    assert_outcome(run_with(NULL, "--version"), 0, format("ordersctl %s\n", own_version()), "");
    assert_outcome(run_with(NULL, "list", "-V"), 0, format("ordersctl %s\n", own_version()), "");
    cr_assert_neq(*up_to(" ", own_version()), '\0');
    cr_assert_gt(strlen(strchr(own_version(), '(')), strlen("()"));
}

Test(frame, a_server_that_is_not_there_has_an_unknown_version)
{
    assert_outcome(run_with(NULL, "version", "--connect", "tcp://127.0.0.1:1", "--timeout", "0.2"), 0,
                   format("ordersctl  %s\nserver     unknown\n", own_version()),
                   "ordersctl: UNAVAILABLE: No server within reach\n"
                   "  tcp://127.0.0.1:1: Connection refused\n");
    assert_outcome(run_with(NULL, "version", "--connect", "carrier-pigeon"), 78,
                   format("ordersctl  %s\nserver     unknown\n", own_version()), NULL);
}

/* Of the same build. */
Test(frame, version_is_the_servers_too)
{
    struct service *service = service_start(NULL);
    const struct outcome o = run_with(service, "version");
    assert_outcome(o, 0, NULL, "");
    const char *const build = up_to("\n", o.out + strlen("ordersctl  "));
    cr_assert_str_eq(o.out, format("ordersctl  %s\nserver     %s\n", build, build));
    const char *const version = up_to(" ", build), *const commit = up_to(")", strchr(build, '(') + 1);
    assert_outcome(
        run_with(service, "version", "-o", "csv"), 0,
        format("program,version,commit\nordersctl,%s,%s\nserver,%s,%s\n", version, commit, version, commit),
        "");
    assert_outcome(run_with(service, "version", "-o", "ndjson"), 0,
                   format("{\"ordersctl\":{\"version\":\"%s\",\"commit\":\"%s\"},"
                          "\"server\":{\"version\":\"%s\",\"commit\":\"%s\"}}\n",
                          version, commit, version, commit),
                   "");
    struct service keyless = *service;
    keyless.api_key = "";
    const struct outcome refused = run_with(&keyless, "version", "-o", "json");
    cr_assert_eq(refused.code, 0, "%s", refused.err);
    cr_assert(json_is_null(json_object_get(parse(refused.out), "server")), "%s", refused.out);
    cr_assert_not_null(strstr(refused.err, "UNAUTHENTICATED"), "%s", refused.err);
    service_stop_clean(service);
}

Test(frame, wrong_usage_is_told_with_what_may_be_meant)
{
    assert_outcome(run_with(NULL, "lst"), 2, "",
                   "ordersctl: there is no command \"lst\"; did you mean \"list\"?\n"
                   "Try `ordersctl --help' or `ordersctl --usage' for more information.\n");
    assert_outcome(run_with(NULL, "list", "\x1b[2J"), 2, "", NULL);
    assert_outcome(run_with(NULL, "\x1b[2J"), 2, "",
                   "ordersctl: there is no command \"\\u001b[2J\"\n"
                   "Try `ordersctl --help' or `ordersctl --usage' for more information.\n");
    assert_outcome(run_with(NULL, "call", "GetOrdr"), 2, "",
                   "ordersctl call: there is no method \"GetOrdr\"; did you mean \"GetOrder\"?\n"
                   "Try `ordersctl call --help' or `ordersctl call --usage' for more information.\n");
    const struct outcome column = run_with(NULL, "list", "--columns", "id,total_amonut");
    assert_outcome(column, 2, "", NULL);
    cr_assert_not_null(strstr(column.err, "there is no \"total_amonut\"; there are id, order_id"), "%s",
                       column.err);
    cr_assert_not_null(strstr(column.err, "; did you mean \"total_amount\"?\n"), "%s", column.err);
    assert_outcome(run_with(NULL, "methods", "-o", "csv", "Check"), 0,
                   "method,request,response,role\n"
                   "rpc.v1.Health/Check,rpc.v1.HealthCheckRequest,rpc.v1.HealthCheckResponse,none\n",
                   "");
}
