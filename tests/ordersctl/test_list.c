/* test_list.c: what list and export ask for, page by page, and what they make of the answers. */
#include "fixture.h"

#include "base/message.h"
#include "orders/v1/orders.pb-c.h"
#include "support/rpc_peer.h"

#include <criterion/criterion.h>
#include <string.h>

TestSuite(list, .init = fixture_set_up, .fini = fixture_tear_down, .timeout = 60);

/* --- a server that is none --- */

static struct rpc_peer peer;
static struct service pretended; /* by the peer */

static void pretend(void)
{
    rpc_peer_open(&peer);
    pretended = *service;
    snprintf(pretended.rpc_url, sizeof pretended.rpc_url, "%s", peer.url);
}

/* Takes a ListOrders; its request, to be freed with orders__v1__list_orders_request__free_unpacked. */
static Orders__V1__ListOrdersRequest *take_request(void)
{
    Rpc__V1__Request *call = rpc_peer_take(&peer);
    cr_assert_str_eq(call->method, "orders.v1.OrderService/ListOrders");
    Orders__V1__ListOrdersRequest *request =
        orders__v1__list_orders_request__unpack(NULL, call->payload.len, call->payload.data);
    cr_assert_not_null(request);
    rpc__v1__request__free_unpacked(call, NULL);
    return request;
}

/* Answers a ListOrders that has this page token with so many orders, "A-1" and on, of this customer. */
static void answer_page(const char *token, size_t n, const char *customer_id, const char *next_token)
{
    enum { PAGE_MOST = 3 };
    static char ids[PAGE_MOST][4] = {"A-1", "A-2", "A-3"};
    Orders__V1__Order orders[PAGE_MOST], *pointers[PAGE_MOST];
    Orders__V1__ListOrdersResponse page = ORDERS__V1__LIST_ORDERS_RESPONSE__INIT;
    Orders__V1__ListOrdersRequest *request = take_request();
    cr_assert_str_eq(request->page_token, token);
    orders__v1__list_orders_request__free_unpacked(request, NULL);
    for (size_t i = 0; i < n; i++) {
        orders__v1__order__init(&orders[i]);
        orders[i].order_id = ids[i];
        orders[i].customer_id = message_text(customer_id);
        pointers[i] = &orders[i];
    }
    page.n_orders = n;
    page.orders = pointers;
    page.next_page_token = message_text(next_token);
    rpc_peer_answer_message(&peer, &page.base);
}

static struct running start(const char *command, const char *first, const char *second)
{
    return run_start(&(struct run){
        .service = &pretended,
        .arguments = {command, "--customer-id", "C", "--columns", "order_id", "--output", "csv", first,
                      second},
    });
}

/* A server may have looked at all that one call may, and found little or nothing. */
Test(list, goes_on_over_pages_that_are_short_or_empty)
{
    static const struct {
        const char *command, *option;
    } runs[] = {{"list", "--all"}, {"export", NULL}};
    for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++) {
        pretend();
        struct running running = start(runs[i].command, runs[i].option, NULL);
        answer_page("", 0, "C", "1");
        answer_page("1", 2, "C", "2");
        answer_page("2", 0, "C", "3");
        answer_page("3", 1, "C", "4");
        answer_page("4", 0, "C", "");
        assert_outcome(run_wait(&running), 0, "order_id\nA-1\nA-2\nA-1\n", "");
        rpc_peer_close(&peer);
    }
}

Test(list, is_aligned_over_short_pages)
{
    pretend();
    struct running running = run_start(&(struct run){
        .service = &pretended, .arguments = {"list", "--all", "--columns", "customer_id,order_id"}});
    answer_page("", 1, "C", "1");
    answer_page("1", 1, "A-LONGER-ONE", "");
    assert_outcome(run_wait(&running), 0, "CUSTOMER      ORDER\nC             A-1\nA-LONGER-ONE  A-1\n", "");
    rpc_peer_close(&peer);
}

Test(list, ends_at_its_limit_and_says_that_there_is_more)
{
    pretend();
    struct running running = run_start(
        &(struct run){.service = &pretended, .arguments = {"list", "--limit", "3", "--columns", "order_id"}});
    answer_page("", 2, "C", "1");
    answer_page("1", 1, "C", "2");
    assert_outcome(run_wait(&running), 0, "ORDER\nA-1\nA-2\nA-1\n",
                   "There are more orders: see --all, --limit and --skip; --count says how many.\n");
    rpc_peer_close(&peer);
}

/* What came before stands there, and must not be taken for all of it. */
Test(list, that_breaks_off_is_told_and_fails)
{
    pretend();
    struct running running = start("list", "--all", NULL);
    answer_page("", 2, "C", "1");
    orders__v1__list_orders_request__free_unpacked(take_request(), NULL);
    rpc_peer_answer(&peer, RPC__V1__CODE__INTERNAL, "It broke");
    assert_outcome(run_wait(&running), 1, "order_id\nA-1\nA-2\n",
                   "ordersctl: INTERNAL: It broke\n"
                   "ordersctl: What stands above is not all: the list broke off after 2 orders\n");
    rpc_peer_close(&peer);
}

/* It would answer all orders, for an export of some or a count of none. */
Test(list, of_a_server_that_passes_over_a_filter_is_refused)
{
    static const char too_old[] =
        "ordersctl: The server answers order \"A-1\", which was not asked for: it may be "
        "too old to know a filter\n";
    pretend();
    struct running running = start("export", NULL, NULL);
    answer_page("", 1, "D", "");
    assert_outcome(run_wait(&running), 1, "order_id\n", too_old);
    rpc_peer_close(&peer);
    pretend();
    running = start("list", "--search", "x");
    answer_page("", 1, "C", "");
    assert_outcome(run_wait(&running), 1, "order_id\n", too_old);
    rpc_peer_close(&peer);
    pretend();
    running = start("list", "--count", NULL);
    answer_page("", 1, "C", "");
    assert_outcome(run_wait(&running), 1, "",
                   "ordersctl: The server does not count orders: it may be too old to\n");
    rpc_peer_close(&peer);
}

Test(list, asks_for_what_its_options_say)
{
    pretend();
    struct running running = run_start(&(struct run){
        .service = &pretended,
        .environment = {"TZ=CET-1CEST,M3.5.0,M10.5.0/3"},
        .arguments = {"list", "--status=shipped,pending", "--from=2025-07-01", "--to=2025-07-31", "--local",
                      "--currency=isk", "--decimal", "--min-amount=1.00", "--max-amount=20.00", "--search=x",
                      "--sort=total_amount:desc", "--limit=7", "--skip=2"},
    });
    Orders__V1__ListOrdersRequest *request = take_request();
    const Orders__V1__ListOrdersResponse page = ORDERS__V1__LIST_ORDERS_RESPONSE__INIT;
    cr_expect_eq(request->n_statuses, 2);
    cr_expect_eq(request->placed_from->seconds, 1751320800); /* 2025-06-30T22:00:00Z */
    cr_expect_eq(request->placed_before->seconds, 1753999200);
    cr_expect_str_eq(request->currency, "ISK");
    cr_expect_eq(request->min_amount, 100);
    cr_expect_eq(request->max_amount, 2000);
    cr_expect_str_eq(request->search, "x");
    cr_expect_str_eq(request->order_by, "total_amount desc");
    cr_expect_eq(request->page_size, 7);
    cr_expect_eq(request->skip, 2);
    cr_expect_not(request->count);
    orders__v1__list_orders_request__free_unpacked(request, NULL);
    rpc_peer_answer_message(&peer, &page.base);
    assert_outcome(run_wait(&running), 0, NULL, "");
    rpc_peer_close(&peer);
}

/* --- the service --- */

static void create(const char *order_id, const char *customer_id, const char *date, const char *amount,
                   const char *currency, const char *status)
{
    assert_outcome(run_with(service, "create", "--order-id", order_id, "--customer-id", customer_id,
                            "--order-date", date, "--amount", amount, "--currency", currency, "--status",
                            status),
                   0, NULL, "");
}

static void create_some(void)
{
    create("A-1", "Alda", "2025-01-15T23:30:00Z", "300", "ISK", "pending");
    create("A-2", "Birta", "2025-01-31T12:00:00Z", "100", "EUR", "shipped");
    create("B-3", "alda", "2025-01-31T23:59:59.999999Z", "200", "ISK", "cancelled");
    create("B-4", "Birta", "2025-02-01", "400", "EUR", "pending");
}

Test(list, has_what_matches_all_filters_and_so_has_an_export)
{
    static const struct {
        const char *options[4], *ids;
    } samples[] = {
        {{"--from=2025-01-31"}, "A-2\nB-3\nB-4\n"},
        {{"--to=2025-01-31"}, "A-1\nA-2\nB-3\n"},
        {{"--from=2025-01-31", "--to=2025-01-31"}, "A-2\nB-3\n"},
        {{"--to=2025-01-31T12:00:00Z"}, "A-1\n"},
        {{"--from=2025-02-01T00:59:59+01:00"}, "B-3\nB-4\n"},
        {{"--status=pending,shipped"}, "A-1\nA-2\nB-4\n"},
        {{"--status=pending", "--status=cancelled"}, "A-1\nB-3\nB-4\n"},
        {{"--status=pending"}, "A-1\nB-4\n"},
        {{"--currency=eur"}, "A-2\nB-4\n"},
        {{"--min-amount=200"}, "A-1\nB-3\nB-4\n"},
        {{"--max-amount=200"}, "A-2\nB-3\n"},
        {{"--decimal", "--currency=ISK", "--min-amount=2.01"}, "A-1\n"},
        {{"--search=ALDA"}, "A-1\nB-3\n"},
        {{"--search=b-"}, "B-3\nB-4\n"},
        {{"--search=nobody"}, ""},
        {{"--customer-id=Alda", "--status=pending", "--from=2025-01-15", "--max-amount=300"}, "A-1\n"},
    };
    create_some();
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        const char *const *options = samples[i].options;
        assert_outcome(
            run_with(service, "list", "--output=name", options[0], options[1], options[2], options[3]), 0,
            samples[i].ids, "");
        assert_outcome(run_with(service, "export", "--columns=order_id", "--format=csv", options[0],
                                options[1], options[2], options[3]),
                       0, format("order_id\n%s", samples[i].ids), "");
    }
}

Test(list, is_sorted_and_counted)
{
    static const struct {
        const char *sort, *ids;
    } samples[] = {
        {"id", "A-1\nA-2\nB-3\nB-4\n"},           {"id:desc", "B-4\nB-3\nA-2\nA-1\n"},
        {"order_date", "A-1\nA-2\nB-3\nB-4\n"},   {"order_date:desc", "B-4\nB-3\nA-2\nA-1\n"},
        {"total_amount", "A-2\nB-3\nA-1\nB-4\n"}, {"total_amount:desc", "B-4\nA-1\nB-3\nA-2\n"},
    };
    create_some();
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++)
        assert_outcome(run_with(service, "list", "--output=name", "--sort", samples[i].sort), 0,
                       samples[i].ids, "");
    assert_outcome(run_with(service, "list", "--count"), 0, "4\n", "");
    assert_outcome(run_with(service, "list", "--count", "--limit=1", "--currency=EUR"), 0, "2\n", "");
    assert_outcome(run_with(service, "list", "--count", "--search=nobody"), 0, "0\n", "");
    assert_outcome(run_with(service, "list", "--count", "--output=csv"), 0, "total\n4\n", "");
    assert_outcome(run_with(service, "list", "--count", "--output=ndjson"), 0, "{\"total\":4}\n", "");
}

Test(list, wants_filters_that_can_be_meant)
{
    const struct outcome o =
        run_with(service, "list", "--from=2025-02-01", "--to=2025-01-31", "--max-amount=0");
    assert_outcome(o, 5, "",
                   "ordersctl: INVALID_ARGUMENT: Invalid argument\n"
                   "  to: must be later than from\n"
                   "  max_amount: must be greater than 0\n");
    assert_outcome(run_with(service, "export", "--status=sent"), 5, NULL, NULL);
    static const char *const sorts[][2] = {{"amount", "; did you mean \"total_amount\"?"},
                                           {"order_dat:desc", "; did you mean \"order_date:desc\"?"},
                                           {"customer", ""},
                                           {":desc", "; did you mean \"id:desc\"?"}};
    for (size_t i = 0; i < sizeof sorts / sizeof sorts[0]; i++) {
        const struct outcome refused = run_with(service, "list", "--sort", sorts[i][0]);
        assert_outcome(refused, 2, "", NULL);
        cr_expect_str_eq(
            up_to("\n", refused.err),
            format("ordersctl list: --sort: \"%s\" is not id, order_date or total_amount, alone or "
                   "with :desc behind it%s",
                   sorts[i][0], sorts[i][1]));
    }
}

/* --- by a template --- */

Test(list, is_written_by_a_template_or_by_name)
{
    create("A-1", "C", "2025-01-15", "300", "ISK", "pending");
    create("A\xe2\x80\xae"
           "2",
           "C", "2025-01-15", "100", "EUR", "shipped");
    assert_outcome(run_with(service, "list", "--output=name"), 0, "A-1\nA\\u202e2\n", "");
    assert_outcome(
        run_with(service, "list", "--output=template={{.order_id}}\\t{{.total_amount}} {{.currency}}"), 0,
        "A-1\t300 ISK\nA\\u202e2\t100 EUR\n", "");
    assert_outcome(run_with(service, "get", "A-1", "--output=template={{.status}}"), 0, "pending\n", "");
    assert_outcome(run_with(service, "get", "A-1", "--template", "{{.status}}"), 0, "pending\n", "");
    assert_outcome(run_with(service, "get", "A-1", "--columns=order_id", "--output=template={{json .}}"), 0,
                   "{\"order_id\":\"A-1\"}\n", "");
    assert_outcome(run_with(service, "summary", "--output=template={{.total_orders}}"), 0, "2\n", "");
    assert_outcome(run_with(service, "health", "--output=template={{.status}}"), 0, "serving\n", "");
    assert_outcome(run_with(service, "list", "--count", "--output=name"), 0, "2\n", "");
}

/* Before an order is made of which the answer could not be written. */
Test(list, by_a_template_that_fits_nothing_is_wrong_usage)
{
    const struct outcome o = run_with(service, "create", "--order-id=A-1", "--customer-id=C", "--amount=1",
                                      "--currency=ISK", "--output=template={{.oder_id}}");
    assert_outcome(o, 2, "", NULL);
    cr_expect_not_null(
        strstr(o.err, "--output: template: .oder_id: there is no \"oder_id\"; there are id, order_id, "),
        "%s", o.err);
    assert_outcome(run_with(service, "get", "A-1"), 3, "", NULL);
    const struct outcome unread = run_with(service, "list", "--output=template={{range .}}");
    assert_outcome(unread, 2, "", NULL);
    cr_expect_not_null(strstr(unread.err, "only {{.NAME}}, {{json .NAME}} and {{\"TEXT\"}} are understood"),
                       "%s", unread.err);
    assert_outcome(
        run_with(service, "summary", "--output=template={{.total_orders}}{{.revenue_per_day}}"), 1, "",
        "ordersctl: --output template: .revenue_per_day is no single value: {{json .revenue_per_day}} "
        "writes it\n");
    assert_outcome(run_with(service, "export", "--output=template={{.id}}"), 2, "",
                   "ordersctl: an export is no output by template; list is\n");
}

/* Before anything is imported, of which the counts could not be written. */
Test(list, by_name_is_wrong_usage_where_there_are_no_orders)
{
    const char *const file =
        temporary_file("orders.csv", "order_id,customer_id,total_amount,currency\nA-1,C,1,ISK\n");
    const char *const lines[][2] = {{"summary"}, {"import", file}, {"export"}, {"keys", "list"}, {"version"}};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        const struct outcome o = run_with(service, "--output=name", lines[i][0], lines[i][1]);
        assert_outcome(o, 2, "", NULL);
        cr_expect_str_eq(
            up_to("\n", o.err),
            format("ordersctl %s: --output: name is the order_id of each order, and %s prints none; "
                   "create, get, list, update, delete and call do",
                   lines[i][0], lines[i][0]));
    }
    assert_outcome(run_with(service, "list", "--output=name"), 0, "", "");
    assert_outcome(run_with(service, "call", "GetOrder", "{\"order_id\":\"A-1\"}", "--output=name"), 3, "",
                   NULL);
}

/* It would be that of every command, also of one that writes a file. */
Test(list, by_a_template_is_for_a_command_and_no_target)
{
    config_file("default = local\n[target local]\noutput = name\n");
    const struct outcome o = run_with(service, "list");
    assert_outcome(o, 78, "", NULL);
    cr_expect_not_null(strstr(o.err, "output: name and template are for a command, not for a target"), "%s",
                       o.err);
}

/* A program that takes the first 100 for all is told, unless it has asked for them. */
Test(list, for_a_program_says_that_it_is_not_all)
{
    char *rows;
    size_t length;
    FILE *stream = open_memstream(&rows, &length);
    fputs("order_id,customer_id,total_amount,currency\n", stream);
    for (int i = 0; i < 101; i++)
        fprintf(stream, "A-%d,C,1,ISK\n", i);
    assert_outcome(
        run(&(struct run){.service = service, .input = written(stream, &rows), .arguments = {"import", "-"}}),
        0, NULL, "");
    assert_outcome(
        run_with(service, "list", "--output=ndjson"), 0, NULL,
        "{\"warning\":{\"message\":\"There are more orders: see --all, --limit and --skip; --count says "
        "how many.\"}}\n");
    assert_outcome(run_with(service, "list", "--output=ndjson", "--limit=100"), 0, NULL, "");
    assert_outcome(run_with(service, "list", "--output=ndjson", "--all"), 0, NULL, "");
}
