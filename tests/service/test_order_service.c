/* test_order_service.c: the methods over a store that only notes what it is asked: no database, no socket. */
#include "service/order_service.h"

#include "base/message.h"
#include "google/protobuf/field_mask.pb-c.h"
#include "orders/rules.h"
#include "service/page_token.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What the store was asked. */
static struct asked {
    const char *function; /* NULL: nothing */
    Orders__V1__Order order;
    unsigned fields;
    size_t n;
    struct store_query query;
    struct store_count count;
    const char *etag;
} asked;

static struct call call;
static struct order_service service;
static bool ended;
static bool with_answer;
static char token[64];
static int64_t listed_total;
static char listed[256]; /* a page: its orders' ids, and behind a bar those that are unreachable */

static void note_list(const Orders__V1__ListOrdersResponse *page)
{
    size_t length = 0;
    strncpy(token, page->next_page_token, sizeof token - 1);
    listed_total = page->total;
    for (size_t i = 0; i < page->n_orders && length < sizeof listed - 8; i++)
        length += (size_t)sprintf(listed + length, "%s ", page->orders[i]->order_id);
    length += (size_t)sprintf(listed + length, "|");
    for (size_t i = 0; i < page->n_unreachable && length < sizeof listed - 8; i++)
        length += (size_t)sprintf(listed + length, " %s", page->unreachable[i]);
}

static void done(const ProtobufCMessage *message, void *closure_data)
{
    cr_assert_eq(closure_data, &call);
    cr_assert_not(ended, "answered twice");
    ended = true;
    with_answer = message != NULL;
    if (message != NULL && message->descriptor == &orders__v1__list_orders_response__descriptor)
        note_list((const Orders__V1__ListOrdersResponse *)message);
}

static void create(struct store *store, struct call *its_call, Orders__V1__Order *order,
                   Orders__V1__Order_Closure closure, void *closure_data)
{
    (void)store;
    cr_assert_eq(its_call, &call);
    asked = (struct asked){.function = "create", .order = *order};
    closure(order, closure_data);
}

static void create_many(struct store *store, struct call *its_call, size_t n,
                        Orders__V1__Order *const orders[], Orders__V1__BatchCreateOrdersResponse *response,
                        Orders__V1__BatchCreateOrdersResponse_Closure closure, void *closure_data)
{
    (void)store;
    (void)its_call;
    (void)orders;
    asked = (struct asked){.function = "create_many", .n = n};
    closure(response, closure_data);
}

static void get(struct store *store, struct call *its_call, const char *order_id,
                Orders__V1__Order_Closure closure, void *closure_data)
{
    (void)store;
    (void)its_call;
    asked = (struct asked){.function = "get"};
    asked.order.order_id = message_text(order_id);
    asked.order.etag = message_text("1-a");
    closure(&asked.order, closure_data);
}

/* Orders that the store has, from 1 on; it cannot read those that `every` divides. */
static int64_t stored = INT64_MAX, every = INT64_MAX;

static void list(struct store *store, struct call *its_call, const struct store_query *query,
                 Orders__V1__ListOrdersResponse_Closure closure, void *closure_data)
{
    static Google__Protobuf__Timestamp then = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    static Orders__V1__Order order[ORDER_PAGE_MAX];
    static Orders__V1__Order *orders[ORDER_PAGE_MAX];
    static char names[ORDER_PAGE_MAX][24];
    Orders__V1__ListOrdersResponse response = ORDERS__V1__LIST_ORDERS_RESPONSE__INIT;
    (void)store;
    (void)its_call;
    asked = (struct asked){.function = "list", .query = *query};
    response.orders = orders;
    for (int64_t id = query->after_id + 1; id <= stored && id <= query->after_id + query->limit; id++) {
        const size_t i = response.n_orders++;
        orders__v1__order__init(orders[i] = &order[i]);
        snprintf(names[i], sizeof names[i], "%" PRId64, id);
        order[i].id = id;
        order[i].order_id = names[i];
        order[i].created_at = id % every == 0 ? NULL : &then;
    }
    const int64_t last_id = query->after_id + (int64_t)response.n_orders;
    *query->next = (struct store_next){.more = last_id < stored, .id = last_id};
    response.total = query->count ? stored : 0;
    closure(&response, closure_data);
}

static void update(struct store *store, struct call *its_call, Orders__V1__Order *order, unsigned fields,
                   Orders__V1__Order_Closure closure, void *closure_data)
{
    (void)store;
    (void)its_call;
    asked = (struct asked){.function = "update", .order = *order, .fields = fields};
    closure(order, closure_data);
}

static void remove_order(struct store *store, struct call *its_call, const char *order_id, const char *etag,
                         Google__Protobuf__Empty_Closure closure, void *closure_data)
{
    static const Google__Protobuf__Empty empty = GOOGLE__PROTOBUF__EMPTY__INIT;
    (void)store;
    (void)its_call;
    (void)order_id;
    asked = (struct asked){.function = "remove", .etag = etag};
    closure(&empty, closure_data);
}

static void summarize(struct store *store, struct call *its_call, bool verify,
                      Orders__V1__OrderSummary_Closure closure, void *closure_data)
{
    (void)store;
    (void)verify;
    asked = (struct asked){.function = "summarize"};
    call_fail(its_call, STATUS_UNAVAILABLE, "away");
    closure(NULL, closure_data);
}

static void count(struct store *store, struct call *its_call, const struct store_count *what,
                  Orders__V1__OrderStatistics_Closure closure, void *closure_data)
{
    static const Orders__V1__OrderStatistics none = ORDERS__V1__ORDER_STATISTICS__INIT;
    (void)store;
    (void)its_call;
    asked = (struct asked){.function = "count", .count = *what};
    closure(&none, closure_data);
}

static struct store store = {create, create_many, get, list, update, remove_order, summarize, count};

static void set_up(void)
{
    arena_init(&call.arena);
    call.status = STATUS_INIT;
    order_service_init(&service, &store);
}

static void tear_down(void)
{
    arena_free(&call.arena);
}

TestSuite(order_service, .init = set_up, .fini = tear_down);

/* Calls a method by name as the call surface does. The store is asked `function`, or nothing. */
static void invoke(const char *method, const ProtobufCMessage *input, enum status_code code,
                   const char *function)
{
    const ProtobufCServiceDescriptor *descriptor = service.base.base.descriptor;
    asked.function = NULL;
    ended = false;
    call.status = STATUS_INIT;
    for (unsigned i = 0; i < descriptor->n_methods; i++) {
        if (strcmp(descriptor->methods[i].name, method) == 0)
            service.base.base.invoke(&service.base.base, i, input, done, &call);
    }
    cr_assert(ended);
    cr_assert_eq(call.status.code, code, "%s", call.status.message);
    if (function == NULL)
        cr_assert_null(asked.function, "the store was asked to %s", asked.function);
    else
        cr_assert_str_eq(asked.function, function);
}

static Orders__V1__Order good_order(void)
{
    Orders__V1__Order order = ORDERS__V1__ORDER__INIT;
    order.order_id = " ORD-1 ";
    order.customer_id = "CUST-1";
    order.total_amount = 1;
    order.currency = "isk";
    return order;
}

Test(order_service, create_brings_an_order_into_its_form)
{
    Orders__V1__CreateOrderRequest request = ORDERS__V1__CREATE_ORDER_REQUEST__INIT;
    Orders__V1__Order order = good_order();
    order.id = 5;
    request.order = &order;
    invoke("CreateOrder", &request.base, STATUS_OK, "create");
    cr_assert_str_eq(asked.order.order_id, "ORD-1");
    cr_assert_str_eq(asked.order.currency, "ISK");
    cr_assert_eq(asked.order.id, 0);
    cr_assert_not_null(asked.order.order_date);
    cr_assert_str_eq(order.currency, "isk", "the request was written to");
}

Test(order_service, create_refuses_before_the_store)
{
    Orders__V1__CreateOrderRequest request = ORDERS__V1__CREATE_ORDER_REQUEST__INIT;
    invoke("CreateOrder", &request.base, STATUS_INVALID_ARGUMENT, NULL);
    cr_assert_not(with_answer);
}

Test(order_service, validate_only_never_asks_the_store)
{
    Orders__V1__Order order = good_order();
    Orders__V1__CreateOrderRequest create_request = ORDERS__V1__CREATE_ORDER_REQUEST__INIT;
    Orders__V1__UpdateOrderRequest update_request = ORDERS__V1__UPDATE_ORDER_REQUEST__INIT;
    Orders__V1__ListOrdersRequest list_request = ORDERS__V1__LIST_ORDERS_REQUEST__INIT;
    Orders__V1__DeleteOrderRequest delete_request = ORDERS__V1__DELETE_ORDER_REQUEST__INIT;
    Orders__V1__GetOrderRequest get_request = ORDERS__V1__GET_ORDER_REQUEST__INIT;
    Orders__V1__GetOrderSummaryRequest summary_request = ORDERS__V1__GET_ORDER_SUMMARY_REQUEST__INIT;
    Orders__V1__GetOrderStatisticsRequest count_request = ORDERS__V1__GET_ORDER_STATISTICS_REQUEST__INIT;
    Orders__V1__BatchCreateOrdersRequest batch_request = ORDERS__V1__BATCH_CREATE_ORDERS_REQUEST__INIT;
    create_request.order = update_request.order = &order;
    delete_request.order_id = get_request.order_id = "ORD-1";
    call.validate_only = true;
    invoke("CreateOrder", &create_request.base, STATUS_OK, NULL);
    invoke("UpdateOrder", &update_request.base, STATUS_OK, NULL);
    invoke("ListOrders", &list_request.base, STATUS_OK, NULL);
    invoke("DeleteOrder", &delete_request.base, STATUS_OK, NULL);
    invoke("GetOrder", &get_request.base, STATUS_OK, NULL);
    invoke("GetOrderSummary", &summary_request.base, STATUS_OK, NULL);
    invoke("GetOrderStatistics", &count_request.base, STATUS_OK, NULL);
    invoke("BatchCreateOrders", &batch_request.base, STATUS_OK, NULL);
}

Test(order_service, update_passes_the_fields_of_the_mask)
{
    Orders__V1__UpdateOrderRequest request = ORDERS__V1__UPDATE_ORDER_REQUEST__INIT;
    Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
    Orders__V1__Order order = good_order();
    order.order_id = "ORD-1";
    request.order = &order;
    request.update_mask = &mask;
    mask.paths = (char *[]){"currency"};
    mask.n_paths = 1;
    invoke("UpdateOrder", &request.base, STATUS_OK, "update");
    cr_assert_eq(asked.fields, ORDER_CURRENCY);
    cr_assert_str_eq(asked.order.currency, "ISK");
    mask.n_paths = 0;
    invoke("UpdateOrder", &request.base, STATUS_OK, "get");
}

Test(order_service, update_checks_the_rules_before_it_looks_for_the_order)
{
    Orders__V1__UpdateOrderRequest request = ORDERS__V1__UPDATE_ORDER_REQUEST__INIT;
    Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
    request.update_mask = &mask;
    mask.paths = (char *[]){"total_amount"};
    mask.n_paths = 1;
    invoke("UpdateOrder", &request.base, STATUS_INVALID_ARGUMENT, NULL);
    mask.n_paths = 0;
    invoke("UpdateOrder", &request.base, STATUS_NOT_FOUND, NULL);
}

Test(order_service, impossible_ids_are_not_found_without_the_store)
{
    Orders__V1__GetOrderRequest get_request = ORDERS__V1__GET_ORDER_REQUEST__INIT;
    Orders__V1__DeleteOrderRequest delete_request = ORDERS__V1__DELETE_ORDER_REQUEST__INIT;
    invoke("GetOrder", &get_request.base, STATUS_NOT_FOUND, NULL);
    invoke("DeleteOrder", &delete_request.base, STATUS_NOT_FOUND, NULL);
}

Test(order_service, a_list_that_goes_on_has_a_token)
{
    Orders__V1__ListOrdersRequest request = ORDERS__V1__LIST_ORDERS_REQUEST__INIT;
    invoke("ListOrders", &request.base, STATUS_OK, "list");
    cr_assert_eq(asked.query.limit, 100);
    cr_assert_not(asked.query.is_after);
    request.page_token = token;
    request.page_size = 1000;
    invoke("ListOrders", &request.base, STATUS_OK, "list");
    cr_assert_eq(asked.query.limit, 1000);
    cr_assert(asked.query.is_after);
    cr_assert_eq(asked.query.after_id, 100);
}

static void expect_page(Orders__V1__ListOrdersRequest *request, const char *expected, bool has_next)
{
    static char before[sizeof token];
    invoke("ListOrders", &request->base, STATUS_OK, "list");
    cr_expect_str_eq(listed, expected, "%s", listed);
    cr_expect_eq(*token != '\0', has_next);
    strcpy(before, token);
    request->page_token = before;
}

/* AIP-217. Wherever in a page they are, the first or the last of it or all. */
Test(order_service, a_page_names_what_cannot_be_read_and_the_next_one_goes_on)
{
    Orders__V1__ListOrdersRequest request = ORDERS__V1__LIST_ORDERS_REQUEST__INIT;
    stored = 7;
    every = 3;
    request.page_size = 3;
    expect_page(&request, "1 2 | 3", true);
    expect_page(&request, "4 5 | 6", true);
    expect_page(&request, "7 |", false);
    request.page_size = 2;
    request.page_token = "";
    expect_page(&request, "1 2 |", true); /* the third is of the next page */
    expect_page(&request, "4 | 3", true);
    every = 1;
    expect_page(&request, "| 5 6", true);
    expect_page(&request, "| 7", false);
}

Test(order_service, list_goes_either_way_and_a_token_is_for_one_of_them)
{
    Orders__V1__ListOrdersRequest request = ORDERS__V1__LIST_ORDERS_REQUEST__INIT;
    request.order_by = "id";
    invoke("ListOrders", &request.base, STATUS_OK, "list");
    cr_assert_not(asked.query.descending);
    request.order_by = "id desc";
    request.page_token = token;
    invoke("ListOrders", &request.base, STATUS_INVALID_ARGUMENT, NULL);
    request.page_token = "";
    call.status = STATUS_INIT;
    invoke("ListOrders", &request.base, STATUS_OK, "list");
    cr_assert(asked.query.descending);
    request.order_by = "amount";
    invoke("ListOrders", &request.base, STATUS_INVALID_ARGUMENT, NULL);
}

Test(order_service, a_list_asks_for_what_its_filters_say)
{
    Orders__V1__ListOrdersRequest request = ORDERS__V1__LIST_ORDERS_REQUEST__INIT;
    Google__Protobuf__Timestamp from = GOOGLE__PROTOBUF__TIMESTAMP__INIT, before = from;
    Orders__V1__OrderStatus statuses[] = {ORDERS__V1__ORDER_STATUS__ORDER_STATUS_SHIPPED,
                                          ORDERS__V1__ORDER_STATUS__ORDER_STATUS_SHIPPED};
    before.nanos = 1;
    request.status = ORDERS__V1__ORDER_STATUS__ORDER_STATUS_PENDING;
    request.statuses = statuses;
    request.n_statuses = 2;
    request.placed_from = &from;
    request.placed_before = &before;
    request.currency = "eur";
    request.min_amount = request.max_amount = 5;
    request.search = "OrD-\xc3\x96";
    request.count = true;
    request.order_by = "total_amount desc";
    invoke("ListOrders", &request.base, STATUS_OK, "list");
    cr_expect_eq(asked.query.statuses, 1u << 1 | 1u << 4);
    cr_expect(asked.query.placed_from == &from && asked.query.placed_before == &before);
    cr_expect_str_eq(asked.query.currency, "EUR");
    cr_expect(asked.query.min_amount == 5 && asked.query.max_amount == 5);
    cr_expect_str_eq(asked.query.search, "ord-\xc3\x96");
    cr_expect(asked.query.count && asked.query.descending);
    cr_expect_eq(asked.query.order, STORE_BY_TOTAL_AMOUNT);
}

/* What is left to pass over goes with the token, and what is asked with it comes on top. */
Test(order_service, a_short_page_carries_the_rest_of_its_skip)
{
    Orders__V1__ListOrdersRequest request = ORDERS__V1__LIST_ORDERS_REQUEST__INIT;
    const struct store_next next = {.id = 7, .key = -3, .skip = 2};
    char made[PAGE_TOKEN_TEXT];
    request.search = "x";
    request.order_by = "order_date";
    page_token_make(&request, &next, made);
    request.page_token = made;
    request.skip = 3;
    invoke("ListOrders", &request.base, STATUS_OK, "list");
    cr_expect(asked.query.after_id == 7 && asked.query.after_key == -3);
    cr_expect_eq(asked.query.skip, 5);
    request.skip = INT64_MAX;
    invoke("ListOrders", &request.base, STATUS_OK, "list");
    cr_expect_eq(asked.query.skip, INT64_MAX);
}

Test(order_service, what_is_wrong_with_a_filter_is_told_by_its_name)
{
    static char long_text[257];
    memset(long_text, 'x', sizeof long_text - 1);
    Google__Protobuf__Timestamp early = GOOGLE__PROTOBUF__TIMESTAMP__INIT, late = early, bad = early;
    Orders__V1__OrderStatus none[] = {ORDERS__V1__ORDER_STATUS__ORDER_STATUS_UNSPECIFIED}, odd[] = {8};
    Orders__V1__ListOrdersRequest request = ORDERS__V1__LIST_ORDERS_REQUEST__INIT, plain = request;
    late.seconds = 1;
    bad.nanos = 1000000000;
#define EXPECT_VIOLATION(name, kind, ...)                                     \
    do {                                                                      \
        request = plain;                                                      \
        __VA_ARGS__;                                                          \
        invoke("ListOrders", &request.base, STATUS_INVALID_ARGUMENT, NULL);   \
        cr_expect_eq(call.status.n_violations, 1);                            \
        cr_expect_str_eq(call.status.violations[0].field, (name));            \
        cr_expect_str_eq(call.status.violations[0].type, (kind), "%s", name); \
    } while (0)
    EXPECT_VIOLATION("status", "enum", request.status = 8);
    EXPECT_VIOLATION("statuses", "enum", request.statuses = none; request.n_statuses = 1);
    EXPECT_VIOLATION("statuses", "enum", request.statuses = odd; request.n_statuses = 1);
    EXPECT_VIOLATION("placed_from", "datetime_from_date_parsing", request.placed_from = &bad);
    EXPECT_VIOLATION("placed_before", "datetime_from_date_parsing", request.placed_before = &bad);
    EXPECT_VIOLATION("placed_before", "greater_than", request.placed_from = request.placed_before = &early);
    EXPECT_VIOLATION("placed_before", "greater_than", request.placed_from = &late;
                     request.placed_before = &early);
    cr_expect_str_eq(call.status.violations[0].parameter, "1970-01-01T00:00:01Z");
    EXPECT_VIOLATION("currency", "unknown_currency", request.currency = "XXX");
    EXPECT_VIOLATION("currency", "unknown_currency", request.currency = "EURO");
    EXPECT_VIOLATION("min_amount", "greater_than_equal", request.min_amount = -1);
    EXPECT_VIOLATION("min_amount", "less_than_equal", request.min_amount = INT64_MAX);
    EXPECT_VIOLATION("max_amount", "greater_than_equal", request.max_amount = -1);
    EXPECT_VIOLATION("max_amount", "greater_than_equal", request.min_amount = 6; request.max_amount = 5);
    cr_expect_str_eq(call.status.violations[0].parameter, "6");
    EXPECT_VIOLATION("max_amount", "less_than_equal", request.max_amount = INT64_MAX);
    EXPECT_VIOLATION("search", "string_too_long", request.search = long_text);
    EXPECT_VIOLATION("order_by", "enum", request.order_by = "order_date asc");
#undef EXPECT_VIOLATION
}

Test(order_service, how_many_match_is_answered_where_it_was_asked_for)
{
    Orders__V1__ListOrdersRequest request = ORDERS__V1__LIST_ORDERS_REQUEST__INIT;
    stored = 7;
    request.count = true;
    invoke("ListOrders", &request.base, STATUS_OK, "list");
    cr_expect_eq(listed_total, 7);
    request.count = false;
    invoke("ListOrders", &request.base, STATUS_OK, "list");
    cr_expect_eq(listed_total, 0);
}

Test(order_service, days_are_dates)
{
    Orders__V1__GetOrderStatisticsRequest request = ORDERS__V1__GET_ORDER_STATISTICS_REQUEST__INIT;
    static const char *const bad[] = {"2025-02-29", "2025-1-01", "2025-01-01T00:00:00Z", "yesterday!"};
    request.last_day = "2024-02-29";
    invoke("GetOrderStatistics", &request.base, STATUS_OK, "count");
    cr_assert_str_eq(asked.count.first_day, "");
    cr_assert_str_eq(asked.count.last_day, "2024-02-29");
    cr_assert_not(asked.count.by_status);
    request.by_status = true;
    invoke("GetOrderStatistics", &request.base, STATUS_OK, "count");
    cr_assert(asked.count.by_status);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        request.first_day = message_text(bad[i]);
        call.status = STATUS_INIT;
        invoke("GetOrderStatistics", &request.base, STATUS_INVALID_ARGUMENT, NULL);
        cr_assert_str_eq(call.status.violations[0].field, "first_day");
    }
}

Test(order_service, a_store_that_is_away_is_told)
{
    Orders__V1__GetOrderSummaryRequest request = ORDERS__V1__GET_ORDER_SUMMARY_REQUEST__INIT;
    invoke("GetOrderSummary", &request.base, STATUS_UNAVAILABLE, "summarize");
    cr_assert_not(with_answer);
}

Test(order_service, an_update_that_changes_nothing_wants_the_etag_too)
{
    Orders__V1__UpdateOrderRequest request = ORDERS__V1__UPDATE_ORDER_REQUEST__INIT;
    Google__Protobuf__FieldMask none = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
    Orders__V1__Order order = ORDERS__V1__ORDER__INIT;
    order.order_id = message_text("A-1");
    order.etag = message_text("1-a"); /* the store's */
    request.order = &order;
    request.update_mask = &none;
    invoke("UpdateOrder", &request.base, STATUS_OK, "get");
    order.etag = message_text("1-b");
    invoke("UpdateOrder", &request.base, STATUS_ABORTED, "get");
}

Test(order_service, a_delete_hands_the_etag_on)
{
    Orders__V1__DeleteOrderRequest request = ORDERS__V1__DELETE_ORDER_REQUEST__INIT;
    request.order_id = message_text("A-1");
    request.etag = message_text("1-b");
    invoke("DeleteOrder", &request.base, STATUS_OK, "remove");
    cr_assert_str_eq(asked.etag, "1-b");
}

/* --- memory for answers --- */

static size_t reserved_bytes;
static bool has_room;

static bool reserve(struct call *its_call, size_t bytes)
{
    reserved_bytes += bytes;
    if (!has_room)
        call_fail(its_call, STATUS_RESOURCE_EXHAUSTED, "No room");
    return has_room;
}

/* When the call comes: those that wait for the store would fill the bound of calls, and shut out others. */
Test(order_service, memory_for_a_large_answer_is_reserved_before_the_store_is_asked)
{
    Orders__V1__ListOrdersRequest list = ORDERS__V1__LIST_ORDERS_REQUEST__INIT;
    Orders__V1__GetOrderSummaryRequest summary = ORDERS__V1__GET_ORDER_SUMMARY_REQUEST__INIT;
    Orders__V1__GetOrderStatisticsRequest statistics = ORDERS__V1__GET_ORDER_STATISTICS_REQUEST__INIT;
    const struct {
        const char *method;
        const ProtobufCMessage *input;
    } cases[] = {{"ListOrders", &list.base},
                 {"GetOrderSummary", &summary.base},
                 {"GetOrderStatistics", &statistics.base}};
    call.reserve = reserve;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        reserved_bytes = 0;
        has_room = false;
        invoke(cases[i].method, cases[i].input, STATUS_RESOURCE_EXHAUSTED, NULL);
        cr_expect_gt(reserved_bytes, 0, "%s", cases[i].method);
    }
    has_room = true;
    reserved_bytes = 0;
    list.page_size = 10;
    invoke("ListOrders", &list.base, STATUS_OK, "list");
    const size_t ten = reserved_bytes;
    reserved_bytes = 0;
    list.page_size = 100;
    invoke("ListOrders", &list.base, STATUS_OK, "list");
    cr_expect_eq(reserved_bytes, 10 * ten, "it is by the page's size");
    call.reserve = NULL;
}
