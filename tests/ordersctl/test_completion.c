/* test_completion.c: what `ordersctl complete` offers. That shells take it is tested in test_shells.c. */
#include "process.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdlib.h>
#include <string.h>

TestSuite(completion, .fini = test_end, .timeout = 60);

struct offer {
    char words[5][32]; /* up to an empty one that is followed by none */
    int n;
    char offered[256]; /* names alone, each with a blank behind it */
};

/* The names of what is offered, without descriptions. */
static const char *offered(const struct service *service, const struct offer *offer)
{
    struct run line = {.service = service, .arguments = {"complete", "--"}};
    for (int i = 0; i < offer->n; i++)
        line.arguments[2 + i] = offer->words[i];
    const struct outcome o = run(&line);
    assert_outcome(o, 0, NULL, "");
    const char *names = "";
    for (const char *at = o.out; *at != '\0'; at += strcspn(at, "\n") + 1)
        names = format("%s%s ", names, up_to("\t\n", at));
    return names;
}

ParameterizedTestParameters(completion, what_may_come_next)
{
    static struct offer offers[] = {
        {{""},
         1,
         "words create get list update delete summary statistics import export call methods health stats "
         "keys "
         "completion config version help "},
        {{"e"}, 1, "words export "},
        {{"nonsense", ""}, 2, ""},
        {{"summary", "--"},
         2,
         "words --verify --days --currency --watch --help --version --target --connect --api-key-file --ca "
         "--cert --cert-key --timeout --output --template --color --no-pager --verbose "},
        {{"statistics", "--by", ""}, 3, "words currency day week month status "},
        {{"statistics", "--f"}, 2, "words --from "},
        {{"--ver"}, 1, "words --version --verbose "},
        {{"list", "--vers"}, 2, "words --version "},
        {{"create", "--status", "p"}, 3, "words pending processing "},
        {{"create", "--status=p"}, 2, "words --status=pending --status=processing "},
        {{"update", "A-1", "--currency", ""}, 4, "words AUD CAD CHF DKK EUR GBP ISK JPY NOK SEK USD "},
        {{"--output", ""}, 2, "words table json ndjson csv name template= "},
        {{"list", "-o", "n"}, 3, "words ndjson name "},
        {{"list", "--out", "n"}, 3, "words ndjson name "},
        {{"help", "ex"}, 2, "words export "},
        {{"list", "--color=a"}, 2, "words --color=auto --color=always "},
        {{"list", "--sort", "or"}, 3, "words order_date order_date:desc "},
        {{"export", "--format", ""}, 3, "words json ndjson csv "},
        {{"get", "--columns", "id,c"}, 3, "words id,customer_id id,currency id,created_at "},
        {{"--api-key-file", ""},
         2,
         "files"
         " "},
        {{"import", ""}, 2, "files "},
        {{"export", "--all", "o"}, 3, "files "},
        {{"call", "Get"}, 2, "words GetOrder GetOrderSummary GetOrderStatistics GetMetrics "},
        {{"call", "rpc."},
         2,
         "words rpc.v1.Auth/WhoAmI rpc.v1.Health/Check rpc.v1.Keys/CreateKey rpc.v1.Keys/ListKeys "
         "rpc.v1.Keys/RevokeKey "
         "rpc.v1.Keys/RotateKey rpc.v1.Metrics/GetMetrics "},
        {{"keys", ""}, 2, "words create list revoke rotate "},
        {{"keys", "create", "a", "--role", ""}, 5, "words reader writer admin "},
        {{"call", "GetOrder", ""}, 3, "words "},
        {{"completion", ""}, 2, "words bash zsh fish "},
        {{"config", ""}, 2, "words view use list "},
        {{"methods", "He"}, 2, "words "},
        {{"create", ""}, 2, "words "},
        {{"list", ""}, 2, ""},
        {{"--timeout", "5", "heal"}, 3, "words health "},
        {{"list", "--watch", "--sta"}, 3, "words --status "},
        {{"list", "--watch", "--ne"}, 3, "words --newest "},
        {{"delete", "--", "--sta"}, 3, "words "},
        {{"get", ""}, 2, "words "}, /* no service, and not a word about it */
    };
    return cr_make_param_array(struct offer, offers, sizeof offers / sizeof offers[0]);
}

ParameterizedTest(struct offer *offer, completion, what_may_come_next)
{
    cr_assert_str_eq(offered(NULL, offer), offer->offered);
}

Test(completion, order_ids_come_from_the_service_that_the_line_names)
{
    struct service *service = service_start(NULL);
    const char *const key = temporary_file("key", format("%s\n", service->api_key));
    static const char *const orders[][2] = {
        {"A-1", "C-1"}, {"A-2", "C-2"}, {"B-1", "\u202eC-3"}, {"A, 3", "C"}};
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++)
        assert_outcome(run_with(service, "create", "--order-id", orders[i][0], "--customer-id", orders[i][1],
                                "--amount", "1", "--currency", "ISK"),
                       0, NULL, "");
    assert_outcome(run_with(NULL, "complete", "--", "--connect", service->rpc_url,
                            format("--api-key-file=%s", key), "get", "A-"),
                   0, "words\nA-2\tC-2\nA-1\tC-1\n", "");
    assert_outcome(run_with(service, "complete", "--", "delete", ""), 0,
                   "words\nA, 3\tC\nB-1\t\\u202eC-3\nA-2\tC-2\nA-1\tC-1\n", "");
    assert_outcome(run_with(service, "complete", "--", "get", "A-1", "B"), 0, "words\nB-1\t\\u202eC-3\n", "");
    service_stop_clean(service);
    assert_outcome(
        run_with(NULL, "complete", "--", "get", "--connect", "tcp://127.0.0.1:1", "--api-key-file", key, ""),
        0, "words\n", "");
}

/* Which are no more than Tab offers at once. */
Test(completion, order_ids_are_found_behind_the_newest)
{
    enum { NEWER = 1200 };
    struct service *service = service_start(NULL);
    char *rows;
    size_t length;
    FILE *stream = open_memstream(&rows, &length);
    fputs("order_id,customer_id,total_amount,currency\nOLD-1,C,1,ISK\n", stream);
    for (int i = 0; i < NEWER; i++)
        fprintf(stream, "NEW-%d,C,1,ISK\n", i);
    const char *const file = temporary_file("orders.csv", written(stream, &rows));
    assert_outcome(run_with(service, "import", file), 0, NULL, "");
    assert_outcome(run_with(service, "complete", "--", "get", "OLD"), 0, "words\nOLD-1\tC\n", "");
    service_stop_clean(service);
}

/* As the build has them: what is installed and what is printed is one. */
Test(completion, the_scripts_are_printed)
{
    static const char *const scripts[][2] = {
        {"bash", "ordersctl.bash"}, {"zsh", "_ordersctl"}, {"fish", "ordersctl.fish"}};
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++)
        assert_outcome(run_with(NULL, "completion", scripts[i][0]), 0,
                       read_file(format("%s/%s", getenv("ORDERSCTL_COMPLETION"), scripts[i][1])), "");
    const struct outcome wrong = run_with(NULL, "completion", "basj");
    assert_outcome(wrong, 2, "", NULL);
    cr_assert_str_eq(up_to("\n", wrong.err),
                     "ordersctl completion: \"basj\" is not bash, zsh or fish; did you mean \"bash\"?");
    assert_outcome(run_with(NULL, "completion"), 2, "", NULL);
}
