/* test_client.c: every method of OrderService, through the client, over a real socket, on a real database. */
#include "base/message.h"
#include "calls.h"
#include "rpc/frame.h"

#include "google/protobuf/field_mask.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "rpc/v1/health.pb-c.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct service *service;
static struct rpc_client *client;

static void set_up(void)
{
    service = service_start(&(struct service_options){.without_http = true});
    client = calls_open(service, service->rpc_url);
}

static void tear_down(void)
{
    rpc_client_close(client);
    service_stop_clean(service);
}

TestSuite(client, .init = set_up, .fini = tear_down, .timeout = 120);

static const Orders__V1__Order *order_of(const struct rpc_reply *reply)
{
    calls_expect(reply, STATUS_OK);
    return (const Orders__V1__Order *)reply->message;
}

static void create(const char *order_id, const char *customer_id, int status)
{
    Orders__V1__Order order = calls_order(order_id);
    order.customer_id = message_text(customer_id);
    order.status = (Orders__V1__OrderStatus)status;
    struct rpc_reply *reply = calls_create(client, &order);
    calls_expect(reply, STATUS_OK);
    rpc_reply_free(reply);
}

/* --- create and get --- */

Test(client, create_and_get)
{
    Orders__V1__Order order = calls_order("  ORD-1 ");
    Google__Protobuf__Timestamp date = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    date.seconds = 1737037200;
    date.nanos = 123456789;
    order.order_date = &date;
    order.currency = "isk";
    order.id = 77; /* not the caller's to set */
    struct rpc_reply *created = calls_create(client, &order);
    const Orders__V1__Order *stored = order_of(created);
    cr_assert_str_eq(stored->order_id, "ORD-1");
    cr_assert_str_eq(stored->currency, "ISK");
    cr_assert_eq(stored->status, ORDERS__V1__ORDER_STATUS__ORDER_STATUS_PENDING);
    cr_assert_eq(stored->order_date->nanos, 123456000);
    cr_assert_gt(stored->id, 0);
    cr_assert_neq(stored->id, 77);
    cr_assert_eq(stored->created_at->seconds, stored->updated_at->seconds);

    struct rpc_reply *got = calls_get(client, "ORD-1");
    uint8_t a[512], b[512];
    size_t size = protobuf_c_message_pack(created->message, a);
    cr_assert_eq(protobuf_c_message_pack(&order_of(got)->base, b), size);
    cr_assert_eq(memcmp(a, b, size), 0, "what was answered is not what is stored");
    rpc_reply_free(created);
    rpc_reply_free(got);
}

Test(client, create_twice)
{
    Orders__V1__Order order = calls_order("ORD-1");
    rpc_reply_free(calls_create(client, &order));
    struct rpc_reply *reply = calls_create(client, &order);
    calls_expect(reply, STATUS_ALREADY_EXISTS);
    cr_assert_str_eq(reply->status.message, "Order ID already exists");
    rpc_reply_free(reply);
}

Test(client, create_with_nothing_right)
{
    Orders__V1__CreateOrderRequest request = ORDERS__V1__CREATE_ORDER_REQUEST__INIT;
    struct rpc_reply *reply = calls_make(client, "CreateOrder", &request.base);
    calls_expect(reply, STATUS_INVALID_ARGUMENT);
    cr_assert_eq(reply->status.n_violations, 4);
    cr_assert_str_eq(reply->status.violations[2].field, "total_amount");
    cr_assert_str_eq(reply->status.violations[2].type, "greater_than");
    cr_assert_str_eq(reply->status.violations[2].parameter, "0");
    cr_assert_str_eq(reply->status.violations[2].message, "must be greater than 0");
    rpc_reply_free(reply);
}

Test(client, get_what_is_not_there)
{
    static const char *const ids[] = {"ORD-2", "", " ", "a\nb"};
    for (size_t i = 0; i < 4; i++) {
        struct rpc_reply *reply = calls_get(client, ids[i]);
        calls_expect(reply, STATUS_NOT_FOUND);
        cr_assert_str_eq(reply->status.message, "Order not found");
        rpc_reply_free(reply);
    }
}

/* What it is told of "x-validate-only". */
static enum status_code create_with(const char *validate_only)
{
    Orders__V1__Order order = calls_order("ORD-1");
    Orders__V1__CreateOrderRequest input = ORDERS__V1__CREATE_ORDER_REQUEST__INIT;
    const struct rpc_metadata dry = {"x-validate-only", validate_only};
    input.order = &order;
    const struct rpc_request request = {
        .service = &orders__v1__order_service__descriptor,
        .method = &orders__v1__order_service__descriptor.methods[0],
        .input = &input.base,
        .metadata = &dry,
        .n_metadata = 1,
    };
    struct rpc_reply *reply = rpc_client_call_wait(client, &request);
    const enum status_code code = reply->status.code;
    rpc_reply_free(reply);
    return code;
}

static enum status_code get_code(const char *order_id)
{
    struct rpc_reply *reply = calls_get(client, order_id);
    const enum status_code code = reply->status.code;
    rpc_reply_free(reply);
    return code;
}

Test(client, validate_only_changes_nothing)
{
    static const char *const others[] = {"", "TRUE", "1", "yes"};
    cr_expect_eq(create_with("true"), STATUS_OK);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        cr_expect_eq(create_with(others[i]), STATUS_INVALID_ARGUMENT, "%s", others[i]);
    cr_expect_eq(get_code("ORD-1"), STATUS_NOT_FOUND);
    cr_expect_eq(create_with("false"), STATUS_OK);
    cr_expect_eq(get_code("ORD-1"), STATUS_OK);
}

/* --- update and delete --- */

static struct rpc_reply *update(Orders__V1__Order *order, size_t n_paths, char *paths[])
{
    Orders__V1__UpdateOrderRequest request = ORDERS__V1__UPDATE_ORDER_REQUEST__INIT;
    Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
    request.order = order;
    mask.n_paths = n_paths;
    mask.paths = paths;
    request.update_mask = &mask;
    return calls_make(client, "UpdateOrder", &request.base);
}

static int64_t micros(const Google__Protobuf__Timestamp *stamp)
{
    return stamp->seconds * 1000000 + stamp->nanos / 1000;
}

Test(client, update_changes_what_the_mask_names)
{
    create("ORD-1", "CUST-1", 1);
    Orders__V1__Order change = ORDERS__V1__ORDER__INIT;
    change.order_id = "ORD-1";
    change.total_amount = 7;
    change.currency = "eur";
    change.customer_id = "not in the mask";
    struct rpc_reply *reply = update(&change, 2, (char *[]){"total_amount", "currency"});
    const Orders__V1__Order *order = order_of(reply);
    cr_assert_eq(order->total_amount, 7);
    cr_assert_str_eq(order->currency, "EUR");
    cr_assert_str_eq(order->customer_id, "CUST-1");
    cr_assert_gt(micros(order->updated_at), micros(order->created_at));
    rpc_reply_free(reply);
}

Test(client, update_of_each_field)
{
    create("ORD-1", "CUST-1", 1);
    Google__Protobuf__Timestamp date = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    Orders__V1__Order change = ORDERS__V1__ORDER__INIT;
    date.seconds = 5;
    change.order_id = "ORD-1";
    change.customer_id = "CUST-2";
    change.order_date = &date;
    change.total_amount = 5;
    change.currency = "JPY";
    change.status = ORDERS__V1__ORDER_STATUS__ORDER_STATUS_CANCELLED;
    struct rpc_reply *reply = update(&change, 1, (char *[]){"*"});
    const Orders__V1__Order *order = order_of(reply);
    cr_assert_str_eq(order->customer_id, "CUST-2");
    cr_assert_eq(order->order_date->seconds, 5);
    cr_assert_eq(order->total_amount, 5);
    cr_assert_str_eq(order->currency, "JPY");
    cr_assert_eq(order->status, change.status);
    rpc_reply_free(reply);
}

Test(client, an_empty_mask_changes_nothing)
{
    create("ORD-1", "CUST-1", 1);
    struct rpc_reply *before = calls_get(client, "ORD-1");
    Orders__V1__Order change = calls_order("ORD-1");
    change.total_amount = 1;
    struct rpc_reply *reply = update(&change, 0, NULL);
    cr_assert_eq(order_of(reply)->total_amount, 25990);
    cr_assert_eq(micros(order_of(reply)->updated_at), micros(order_of(before)->updated_at));
    rpc_reply_free(before);
    rpc_reply_free(reply);
}

Test(client, without_a_mask_what_is_set_changes)
{
    create("ORD-1", "CUST-1", 1);
    Orders__V1__UpdateOrderRequest request = ORDERS__V1__UPDATE_ORDER_REQUEST__INIT;
    Orders__V1__Order change = ORDERS__V1__ORDER__INIT;
    change.order_id = "ORD-1";
    change.status = ORDERS__V1__ORDER_STATUS__ORDER_STATUS_SHIPPED;
    request.order = &change;
    struct rpc_reply *reply = calls_make(client, "UpdateOrder", &request.base);
    cr_assert_eq(order_of(reply)->status, change.status);
    cr_assert_eq(order_of(reply)->total_amount, 25990);
    rpc_reply_free(reply);
}

Test(client, update_refuses)
{
    create("ORD-1", "CUST-1", 1);
    Orders__V1__Order change = ORDERS__V1__ORDER__INIT;
    change.order_id = "ORD-1";
    struct rpc_reply *reply = update(&change, 2, (char *[]){"total_amount", "status"});
    calls_expect(reply, STATUS_INVALID_ARGUMENT);
    cr_assert_eq(reply->status.n_violations, 2);
    rpc_reply_free(reply);
    reply = update(&change, 1, (char *[]){"order_id"});
    calls_expect(reply, STATUS_INVALID_ARGUMENT);
    cr_assert_str_eq(reply->status.violations[0].field, "update_mask");
    rpc_reply_free(reply);
    change.order_id = "ORD-2";
    change.total_amount = 5;
    reply = update(&change, 1, (char *[]){"total_amount"});
    calls_expect(reply, STATUS_NOT_FOUND);
    rpc_reply_free(reply);
}

Test(client, delete)
{
    create("ORD-1", "CUST-1", 1);
    Orders__V1__DeleteOrderRequest request = ORDERS__V1__DELETE_ORDER_REQUEST__INIT;
    request.order_id = "ORD-1";
    struct rpc_reply *reply = calls_make(client, "DeleteOrder", &request.base);
    calls_expect(reply, STATUS_OK);
    cr_assert_eq(reply->message->descriptor, &google__protobuf__empty__descriptor);
    rpc_reply_free(reply);
    reply = calls_make(client, "DeleteOrder", &request.base);
    calls_expect(reply, STATUS_NOT_FOUND);
    rpc_reply_free(reply);
}

/* --- list --- */

static struct rpc_reply *list(const Orders__V1__ListOrdersRequest *request)
{
    return calls_make(client, "ListOrders", &request->base);
}

/* The ids of a list, joined: "0,1,2". */
static void expect_list(const Orders__V1__ListOrdersRequest *request, const char *ids)
{
    struct rpc_reply *reply = list(request);
    calls_expect(reply, STATUS_OK);
    const Orders__V1__ListOrdersResponse *response = (const Orders__V1__ListOrdersResponse *)reply->message;
    char joined[256] = "";
    for (size_t i = 0; i < response->n_orders; i++)
        snprintf(joined + strlen(joined), sizeof joined - strlen(joined), "%s%s", i > 0 ? "," : "",
                 response->orders[i]->order_id);
    cr_assert_str_eq(joined, ids);
    rpc_reply_free(reply);
}

static void create_ten(void)
{
    for (int i = 0; i < 10; i++) {
        char id[8];
        snprintf(id, sizeof id, "%d", i);
        create(id, i % 2 == 0 ? "even" : "odd", i < 6 ? 1 : 2);
    }
}

Test(client, list_filters)
{
    create_ten();
    Orders__V1__ListOrdersRequest request = ORDERS__V1__LIST_ORDERS_REQUEST__INIT;
    expect_list(&request, "0,1,2,3,4,5,6,7,8,9");
    request.status = ORDERS__V1__ORDER_STATUS__ORDER_STATUS_PENDING;
    expect_list(&request, "0,1,2,3,4,5");
    request.customer_id = "even";
    expect_list(&request, "0,2,4");
    request.skip = 1;
    request.page_size = 1;
    expect_list(&request, "2");
    request.status = ORDERS__V1__ORDER_STATUS__ORDER_STATUS_UNSPECIFIED;
    request.skip = 3;
    request.page_size = 1000;
    expect_list(&request, "6,8");
    request.skip = INT64_MAX;
    expect_list(&request, "");
    request.skip = 0;
    request.customer_id = "nobody";
    expect_list(&request, "");
}

Test(client, pages_follow_one_another)
{
    create_ten();
    char token[64] = "", joined[64] = "";
    int pages = 0;
    do {
        Orders__V1__ListOrdersRequest request = ORDERS__V1__LIST_ORDERS_REQUEST__INIT;
        request.page_size = 4;
        request.page_token = token;
        struct rpc_reply *reply = list(&request);
        calls_expect(reply, STATUS_OK);
        const Orders__V1__ListOrdersResponse *response =
            (const Orders__V1__ListOrdersResponse *)reply->message;
        for (size_t i = 0; i < response->n_orders; i++)
            strcat(joined, response->orders[i]->order_id);
        snprintf(token, sizeof token, "%s", response->next_page_token);
        rpc_reply_free(reply);
        pages++;
    } while (*token != '\0');
    cr_assert_str_eq(joined, "0123456789");
    cr_assert_eq(pages, 3);
}

Test(client, a_full_last_page_has_no_next)
{
    create_ten();
    Orders__V1__ListOrdersRequest request = ORDERS__V1__LIST_ORDERS_REQUEST__INIT;
    request.page_size = 10;
    struct rpc_reply *reply = list(&request);
    calls_expect(reply, STATUS_OK);
    cr_assert_str_eq(((const Orders__V1__ListOrdersResponse *)reply->message)->next_page_token, "");
    rpc_reply_free(reply);
}

Test(client, list_refuses)
{
    create_ten();
    const struct {
        int32_t page_size;
        int64_t skip;
        char *token;
        int status;
        const char *field, *type;
    } bad[] = {
        {-1, 0, "", 0, "page_size", "greater_than_equal"},
        {1001, 0, "", 0, "page_size", "less_than_equal"},
        {0, -1, "", 0, "skip", "greater_than_equal"},
        {0, 0, "nonsense", 0, "page_token", "unknown_page_token"},
        {0, 0, "000000000000000100000000", 0, "page_token", "unknown_page_token"},
        {0, 0, "", 8, "status", "enum"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        Orders__V1__ListOrdersRequest request = ORDERS__V1__LIST_ORDERS_REQUEST__INIT;
        request.page_size = bad[i].page_size;
        request.skip = bad[i].skip;
        request.page_token = bad[i].token;
        request.status = (Orders__V1__OrderStatus)bad[i].status;
        struct rpc_reply *reply = list(&request);
        calls_expect(reply, STATUS_INVALID_ARGUMENT);
        cr_assert_str_eq(reply->status.violations[0].field, bad[i].field);
        cr_assert_str_eq(reply->status.violations[0].type, bad[i].type);
        rpc_reply_free(reply);
    }
}

Test(client, a_token_belongs_to_its_filters)
{
    create_ten();
    Orders__V1__ListOrdersRequest request = ORDERS__V1__LIST_ORDERS_REQUEST__INIT;
    request.page_size = 2;
    struct rpc_reply *first = list(&request);
    calls_expect(first, STATUS_OK);
    request.page_token = ((const Orders__V1__ListOrdersResponse *)first->message)->next_page_token;
    request.customer_id = "odd";
    struct rpc_reply *reply = list(&request);
    calls_expect(reply, STATUS_INVALID_ARGUMENT);
    rpc_reply_free(first);
    rpc_reply_free(reply);
}

/* --- summary --- */

static struct rpc_reply *summarize(void)
{
    Orders__V1__GetOrderSummaryRequest request = ORDERS__V1__GET_ORDER_SUMMARY_REQUEST__INIT;
    return calls_make(client, "GetOrderSummary", &request.base);
}

Test(client, an_empty_summary)
{
    struct rpc_reply *reply = summarize();
    calls_expect(reply, STATUS_OK);
    const Orders__V1__OrderSummary *summary = (const Orders__V1__OrderSummary *)reply->message;
    cr_assert_eq(summary->total_orders, 0);
    cr_assert_eq(summary->n_total_revenue, 0);
    cr_assert_eq(summary->n_revenue_per_day, 0);
    rpc_reply_free(reply);
}

static void create_on(const char *order_id, int64_t seconds, const char *currency, int64_t amount)
{
    Orders__V1__Order order = calls_order(order_id);
    Google__Protobuf__Timestamp date = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    date.seconds = seconds;
    order.order_date = &date;
    order.currency = message_text(currency);
    order.total_amount = amount;
    order.status = ORDERS__V1__ORDER_STATUS__ORDER_STATUS_CANCELLED; /* every order counts */
    struct rpc_reply *reply = calls_create(client, &order);
    calls_expect(reply, STATUS_OK);
    rpc_reply_free(reply);
}

Test(client, summary)
{
    create_on("a", 86400 - 1, "USD", 1);
    create_on("b", 86400, "ISK", 20);
    create_on("c", 86400 + 86399, "ISK", 300);
    create_on("d", 86400, "EUR", 4000);
    create_on("e", -1, "ISK", 50000);
    struct rpc_reply *reply = summarize();
    calls_expect(reply, STATUS_OK);
    const Orders__V1__OrderSummary *summary = (const Orders__V1__OrderSummary *)reply->message;
    static const struct {
        const char *date, *currency;
        int64_t revenue;
    } days[] = {
        {"1970-01-02", "EUR", 4000},
        {"1970-01-02", "ISK", 320},
        {"1970-01-01", "USD", 1},
        {"1969-12-31", "ISK", 50000},
    };
    cr_assert_eq(summary->total_orders, 5);
    cr_assert_eq(summary->n_revenue_per_day, 4);
    for (size_t i = 0; i < 4; i++) {
        cr_assert_str_eq(summary->revenue_per_day[i]->date, days[i].date);
        cr_assert_str_eq(summary->revenue_per_day[i]->currency, days[i].currency);
        cr_assert_eq(summary->revenue_per_day[i]->revenue, days[i].revenue);
    }
    cr_assert_eq(summary->n_total_revenue, 3);
    cr_assert_str_eq(summary->total_revenue[1]->currency, "ISK");
    cr_assert_eq(summary->total_revenue[1]->total, 50320);
    rpc_reply_free(reply);
}

Test(client, a_sum_beyond_int64_is_out_of_range)
{
    Orders__V1__Order orders[1000];
    Orders__V1__Order *list_of_orders[1000];
    char ids[1000][16];
    Orders__V1__BatchCreateOrdersRequest request = ORDERS__V1__BATCH_CREATE_ORDERS_REQUEST__INIT;
    /* 1,025 times 2^53 - 1 is above 2^63 - 1. */
    for (size_t i = 0; i < 1000; i++) {
        orders[i] = calls_order(ids[i]);
        orders[i].total_amount = INT64_C(9007199254740991);
        list_of_orders[i] = &orders[i];
    }
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < 1000; i++)
            snprintf(ids[i], sizeof ids[i], "%d-%zu", round, i);
        request.n_orders = 1000;
        request.orders = list_of_orders;
        rpc_reply_free(calls_make(client, "BatchCreateOrders", &request.base));
    }
    struct rpc_reply *reply = summarize();
    calls_expect(reply, STATUS_OUT_OF_RANGE);
    rpc_reply_free(reply);
}

/* --- batch create --- */

Test(client, each_order_of_a_batch_stands_or_falls_alone)
{
    create("stored", "CUST-1", 1);
    Orders__V1__Order orders[] = {calls_order("new"),   calls_order("stored"), calls_order("twice"),
                                  calls_order("twice"), calls_order("bad"),    calls_order("last")};
    static const int codes[] = {
        STATUS_OK, STATUS_ALREADY_EXISTS, STATUS_OK, STATUS_ALREADY_EXISTS, STATUS_INVALID_ARGUMENT,
        STATUS_OK};
    Orders__V1__Order *pointers[6];
    Orders__V1__BatchCreateOrdersRequest request = ORDERS__V1__BATCH_CREATE_ORDERS_REQUEST__INIT;
    for (size_t i = 0; i < 6; i++)
        pointers[i] = &orders[i];
    orders[2].total_amount = 1;
    orders[3].total_amount = 2;
    orders[4].total_amount = 0;
    orders[4].currency = "XX";
    request.n_orders = 6;
    request.orders = pointers;
    struct rpc_reply *reply = calls_make(client, "BatchCreateOrders", &request.base);
    calls_expect(reply, STATUS_OK);
    const Orders__V1__BatchCreateOrdersResponse *response =
        (const Orders__V1__BatchCreateOrdersResponse *)reply->message;
    cr_assert_eq(response->n_results, 6);
    for (size_t i = 0; i < 6; i++) {
        cr_assert_eq((int)response->results[i]->code, codes[i], "order %zu: %s", i,
                     response->results[i]->message);
        if (codes[i] == STATUS_OK)
            cr_assert_str_eq(response->results[i]->order->order_id, orders[i].order_id);
    }
    cr_assert_eq(response->results[2]->order->total_amount, 1, "the first of a pair wins");
    cr_assert_str_eq(response->results[4]->message,
                     "total_amount: must be greater than 0; currency: must have at least 3 characters");
    rpc_reply_free(reply);
}

Test(client, a_batch_has_at_most_1000)
{
    Orders__V1__Order order = calls_order("x");
    Orders__V1__Order *pointers[1001];
    Orders__V1__BatchCreateOrdersRequest request = ORDERS__V1__BATCH_CREATE_ORDERS_REQUEST__INIT;
    for (size_t i = 0; i < 1001; i++)
        pointers[i] = &order;
    request.n_orders = 1001;
    request.orders = pointers;
    struct rpc_reply *reply = calls_make(client, "BatchCreateOrders", &request.base);
    calls_expect(reply, STATUS_INVALID_ARGUMENT);
    rpc_reply_free(reply);
    request.n_orders = 0;
    reply = calls_make(client, "BatchCreateOrders", &request.base);
    calls_expect(reply, STATUS_OK);
    rpc_reply_free(reply);
}

/* --- the client itself --- */

Test(client, the_same_service_over_ipc)
{
    struct rpc_client *ipc = calls_open(service, service->ipc_url);
    create("ORD-1", "CUST-1", 1);
    struct rpc_reply *reply = calls_get(ipc, "ORD-1");
    calls_expect(reply, STATUS_OK);
    cr_assert_eq(strlen(reply->request_id), 36, "a call without a name gets a UUID");
    rpc_reply_free(reply);
    rpc_client_close(ipc);
}

Test(client, keys)
{
    const char *const urls[] = {service->rpc_url, NULL};
    static const struct {
        const char *key;
        enum status_code code;
    } keys[] = {{NULL, STATUS_UNAUTHENTICATED}, {"wrong", STATUS_PERMISSION_DENIED}};
    for (size_t i = 0; i < 2; i++) {
        char error[256];
        struct rpc_client *other = rpc_client_open(
            &(struct rpc_client_options){.urls = urls, .api_key = keys[i].key}, error, sizeof error);
        struct rpc_reply *reply = calls_get(other, "ORD-1");
        calls_expect(reply, keys[i].code);
        rpc_reply_free(reply);
        rpc_client_close(other);
    }
}

/* The server would close the connection, and nng send the frame again on the next one until the deadline. */
Test(client, a_frame_that_is_too_large_is_not_sent)
{
    size_t length = FRAME_MAX_BYTES;
    char *order_id = malloc(length + 1);
    memset(order_id, 'a', length);
    order_id[length] = '\0';
    struct rpc_reply *reply = calls_get(client, order_id);
    calls_expect(reply, STATUS_INVALID_ARGUMENT);
    cr_assert_not_null(strstr(reply->status.message, "1048576 are taken"), "%s", reply->status.message);
    rpc_reply_free(reply);
    free(order_id);
}

Test(client, no_server_is_unavailable)
{
    static const char *const urls[] = {"ipc:///tmp/no-such-socket", "tcp://127.0.0.1:1", NULL};
    char error[256];
    struct rpc_client *lost = rpc_client_open(
        &(struct rpc_client_options){.urls = urls, .connect_timeout_ms = 100}, error, sizeof error);
    struct rpc_reply *reply = calls_get(lost, "ORD-1");
    calls_expect(reply, STATUS_UNAVAILABLE);
    cr_assert(reply->unsent);
    rpc_reply_free(reply);
    rpc_client_close(lost);
}

/* As nng counts, the longest wait of all would be one without end. */
Test(client, a_deadline_holds_however_long_a_call_may_wait_for_a_server)
{
    static const char *const urls[] = {"ipc:///tmp/no-such-socket", NULL};
    const struct rpc_client_options options = {
        .urls = urls, .timeout_ms = 100, .connect_timeout_ms = UINT32_MAX};
    char error[256];
    struct rpc_client *lost = rpc_client_open(&options, error, sizeof error);
    struct rpc_reply *reply = calls_get(lost, "ORD-1");
    calls_expect(reply, STATUS_UNAVAILABLE);
    rpc_reply_free(reply);
    rpc_client_close(lost);
}

Test(client, one_of_two_addresses_is_enough)
{
    const char *const urls[] = {"tcp://127.0.0.1:1", service->rpc_url, NULL};
    char error[256];
    struct rpc_client *both = rpc_client_open(
        &(struct rpc_client_options){.urls = urls, .api_key = service->api_key}, error, sizeof error);
    struct rpc_reply *reply = calls_get(both, "ORD-1");
    calls_expect(reply, STATUS_NOT_FOUND);
    rpc_reply_free(reply);
    rpc_client_close(both);
}

Test(client, a_url_that_is_none)
{
    static const char *const urls[] = {"nonsense", NULL};
    char error[256] = "";
    cr_assert_null(rpc_client_open(&(struct rpc_client_options){.urls = urls}, error, sizeof error));
    cr_assert_not_null(strstr(error, "nonsense"));
}

/* Counts asynchronous calls as they end. */
struct tally {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned ended, good;
};

static void count(struct rpc_reply *reply, void *arg)
{
    struct tally *tally = arg;
    pthread_mutex_lock(&tally->lock);
    tally->ended++;
    tally->good += reply->status.code == STATUS_OK;
    pthread_cond_signal(&tally->changed);
    pthread_mutex_unlock(&tally->lock);
    rpc_reply_free(reply);
}

Test(client, many_calls_at_once)
{
    enum { CALLS = 2000 };
    struct tally tally = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    for (int i = 0; i < CALLS; i++) {
        char id[16];
        snprintf(id, sizeof id, "%d", i);
        Orders__V1__Order order = calls_order(id);
        Orders__V1__CreateOrderRequest request = ORDERS__V1__CREATE_ORDER_REQUEST__INIT;
        request.order = &order;
        rpc_client_call(client,
                        &(struct rpc_request){.service = &orders__v1__order_service__descriptor,
                                              .method = &orders__v1__order_service__descriptor.methods[0],
                                              .input = &request.base},
                        count, &tally);
    }
    pthread_mutex_lock(&tally.lock);
    while (tally.ended < CALLS)
        pthread_cond_wait(&tally.changed, &tally.lock);
    pthread_mutex_unlock(&tally.lock);
    cr_assert_eq(tally.good, CALLS);
    struct rpc_reply *reply = summarize();
    calls_expect(reply, STATUS_OK);
    cr_assert_eq(((const Orders__V1__OrderSummary *)reply->message)->total_orders, CALLS);
    rpc_reply_free(reply);
}

/* Changes to one order, all under way at once, each apply once. */
Test(client, changes_to_one_order_never_get_lost)
{
    enum { CALLS = 200 };
    struct tally tally = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    create("ORD-1", "CUST-1", 1);
    for (int i = 0; i < CALLS; i++) {
        Orders__V1__Order change = ORDERS__V1__ORDER__INIT;
        Orders__V1__UpdateOrderRequest request = ORDERS__V1__UPDATE_ORDER_REQUEST__INIT;
        change.order_id = "ORD-1";
        change.total_amount = i + 1;
        request.order = &change;
        rpc_client_call(client,
                        &(struct rpc_request){.service = &orders__v1__order_service__descriptor,
                                              .method = &orders__v1__order_service__descriptor.methods[3],
                                              .input = &request.base},
                        count, &tally);
    }
    pthread_mutex_lock(&tally.lock);
    while (tally.ended < CALLS)
        pthread_cond_wait(&tally.changed, &tally.lock);
    pthread_mutex_unlock(&tally.lock);
    cr_assert_eq(tally.good, CALLS);
}
