/* order_service.c: check the rules, ask the store. Where the store's answer is the method's, the closure is
 * handed down to the store as it is. */
#include "service/order_service.h"

#include "base/time.h"
#include "orders/rules.h"
#include "service/list_query.h"
#include "service/page_token.h"

#include <stdio.h>
#include <string.h>

static struct store *store_of(Orders__V1__OrderService_Service *service)
{
    return ((struct order_service *)service)->store; /* base is its first member */
}

/* Whether a method that checked its request is done: since a rule was broken, or nothing but the check was
 * asked. */
static bool ends_here(const struct call *call)
{
    return call->status.code != STATUS_OK || call->validate_only;
}

/* A copy of a request's order that the rules may write to; an absent order is an empty one. A new order's
 * copy is its answer too, so it is without what this program has no field for, and does not store. */
static Orders__V1__Order *copy_order(struct call *call, const Orders__V1__Order *given)
{
    Orders__V1__Order *order = arena_alloc(&call->arena, sizeof *order);
    orders__v1__order__init(order);
    if (given != NULL)
        *order = *given;
    order->base.n_unknown_fields = 0;
    return order;
}

/* What the database makes is not the caller's to set. */
static void prepare_new(struct call *call, Orders__V1__Order *order, struct status *status)
{
    order->id = 0;
    order->created_at = order->updated_at = NULL;
    order->etag = NULL;
    order_set_defaults(order, &call->arena);
    order_check(order, ORDER_CREATE_FIELDS, &call->arena, status);
}

static void create_order(Orders__V1__OrderService_Service *service,
                         const Orders__V1__CreateOrderRequest *input, Orders__V1__Order_Closure closure,
                         void *closure_data)
{
    struct call *call = closure_data;
    struct store *store = store_of(service);
    Orders__V1__Order *order = copy_order(call, input->order);
    prepare_new(call, order, &call->status);
    if (ends_here(call))
        closure(NULL, call);
    else
        store->create(store, call, order, closure, call);
}

/* An order that no rule allows an id for is not there. */
static bool find_nothing(struct call *call, const char *order_id)
{
    if (order_id_possible(order_id))
        return false;
    call_fail(call, STATUS_NOT_FOUND, "Order not found");
    return true;
}

static void get_order(Orders__V1__OrderService_Service *service, const Orders__V1__GetOrderRequest *input,
                      Orders__V1__Order_Closure closure, void *closure_data)
{
    struct call *call = closure_data;
    struct store *store = store_of(service);
    if (find_nothing(call, input->order_id) || ends_here(call))
        closure(NULL, call);
    else
        store->get(store, call, input->order_id, closure, call);
}

/* --- list --- */

enum {
    /* Of memory that an order takes in an answer, with ids as they are commonly; and a summary, or
     * statistics, of some years. */
    LISTED_ORDER_BYTES = 256,
    SUMMARY_BYTES = 64 << 10,
};

/* A list under way. */
struct list_call {
    const Orders__V1__ListOrdersRequest *request;
    struct store_query query;
    struct store_next next; /* where it goes on */
    Orders__V1__ListOrdersResponse_Closure closure;
    struct call *call;
};

static bool is_unreachable(const Orders__V1__Order *order)
{
    return order->created_at == NULL;
}

/* Puts the orders that the store cannot answer under `unreachable`, by name. */
static void set_apart(Orders__V1__ListOrdersResponse *page, struct arena *arena)
{
    size_t n_unreachable = 0, n_orders = 0;
    for (size_t i = 0; i < page->n_orders; i++)
        n_unreachable += is_unreachable(page->orders[i]);
    if (n_unreachable == 0)
        return;
    Orders__V1__Order **orders = arena_calloc(arena, page->n_orders, sizeof(Orders__V1__Order *));
    page->unreachable = arena_calloc(arena, n_unreachable, sizeof *page->unreachable);
    for (size_t i = 0; i < page->n_orders; i++) {
        if (is_unreachable(page->orders[i]))
            page->unreachable[page->n_unreachable++] = page->orders[i]->order_id;
        else
            orders[n_orders++] = page->orders[i];
    }
    page->orders = orders;
    page->n_orders = n_orders;
}

static void finish_list(const Orders__V1__ListOrdersResponse *found, void *closure_data)
{
    const struct list_call *listing = closure_data;
    struct arena *arena = &listing->call->arena;
    if (found == NULL) {
        listing->closure(NULL, listing->call);
        return;
    }
    Orders__V1__ListOrdersResponse *page = arena_alloc(arena, sizeof *page);
    *page = *found;
    if (listing->next.more) {
        page->next_page_token = arena_alloc(arena, PAGE_TOKEN_TEXT);
        page_token_make(listing->request, &listing->next, page->next_page_token);
    }
    set_apart(page, arena);
    listing->closure(page, listing->call);
}

static void list_orders(Orders__V1__OrderService_Service *service, const Orders__V1__ListOrdersRequest *input,
                        Orders__V1__ListOrdersResponse_Closure closure, void *closure_data)
{
    struct call *call = closure_data;
    struct store *store = store_of(service);
    struct list_call *listing = arena_alloc(&call->arena, sizeof *listing);
    *listing = (struct list_call){.request = input, .closure = closure, .call = call};
    list_query_read(call, input, &listing->query);
    /* At once: lists that wait for it would fill the bound of calls, and shut out who asks for little. */
    if (ends_here(call) || !call_reserve(call, (size_t)listing->query.limit * LISTED_ORDER_BYTES)) {
        closure(NULL, call);
        return;
    }
    listing->query.next = &listing->next;
    store->list(store, call, &listing->query, finish_list, listing);
}

/* --- change --- */

/* An update that changes nothing. */
struct checked {
    const char *etag; /* that the order is to have; empty: any */
    Orders__V1__Order_Closure closure;
    struct call *call;
};

static void finish_checked(const Orders__V1__Order *order, void *closure_data)
{
    const struct checked *checked = closure_data;
    if (order != NULL && *checked->etag != '\0' && strcmp(order->etag, checked->etag) != 0) {
        call_fail(checked->call, STATUS_ABORTED, "The order was changed: it has another etag");
        order = NULL;
    }
    checked->closure(order, checked->call);
}

static void get_checked(struct store *store, struct call *call, const Orders__V1__Order *order,
                        Orders__V1__Order_Closure closure)
{
    struct checked *checked = arena_alloc(&call->arena, sizeof *checked);
    *checked = (struct checked){.etag = order->etag, .closure = closure, .call = call};
    store->get(store, call, order->order_id, finish_checked, checked);
}

static void update_order(Orders__V1__OrderService_Service *service,
                         const Orders__V1__UpdateOrderRequest *input, Orders__V1__Order_Closure closure,
                         void *closure_data)
{
    struct call *call = closure_data;
    struct store *store = store_of(service);
    Orders__V1__Order *order = copy_order(call, input->order);
    Orders__V1__UpdateOrderRequest request = *input;
    request.order = order;

    unsigned fields = order_update_fields(&request, &call->arena, &call->status);
    order_check(order, fields, &call->arena, &call->status);
    if (ends_here(call) || find_nothing(call, order->order_id))
        closure(NULL, call);
    else if (fields == 0)
        get_checked(store, call, order, closure);
    else
        store->update(store, call, order, fields, closure, call);
}

static void delete_order(Orders__V1__OrderService_Service *service,
                         const Orders__V1__DeleteOrderRequest *input, Google__Protobuf__Empty_Closure closure,
                         void *closure_data)
{
    struct call *call = closure_data;
    struct store *store = store_of(service);
    if (find_nothing(call, input->order_id) || ends_here(call))
        closure(NULL, call);
    else
        store->remove(store, call, input->order_id, input->etag, closure, call);
}

static void get_order_summary(Orders__V1__OrderService_Service *service,
                              const Orders__V1__GetOrderSummaryRequest *input,
                              Orders__V1__OrderSummary_Closure closure, void *closure_data)
{
    struct call *call = closure_data;
    struct store *store = store_of(service);
    if (ends_here(call) || !call_reserve(call, SUMMARY_BYTES))
        closure(NULL, call);
    else
        store->summarize(store, call, input->verify, closure, call);
}

/* --- statistics --- */

static void check_day(struct call *call, const char *field, const char *day)
{
    enum { DAY_LENGTH = 10 };
    struct timestamp unused;
    const size_t length = strlen(day);
    if (length > 0 && (length != DAY_LENGTH || timestamp_parse(day, length, &unused) != NULL))
        call_violation(call, field, "date_parsing", "must be a date in the format YYYY-MM-DD");
}

static void get_order_statistics(Orders__V1__OrderService_Service *service,
                                 const Orders__V1__GetOrderStatisticsRequest *input,
                                 Orders__V1__OrderStatistics_Closure closure, void *closure_data)
{
    struct call *call = closure_data;
    struct store *store = store_of(service);
    check_day(call, "first_day", input->first_day);
    check_day(call, "last_day", input->last_day);
    if (ends_here(call) || !call_reserve(call, SUMMARY_BYTES)) {
        closure(NULL, call);
        return;
    }
    struct store_count *what = arena_alloc(&call->arena, sizeof *what);
    *what = (struct store_count){
        .first_day = input->first_day, .last_day = input->last_day, .by_status = input->by_status != 0};
    store->count(store, call, what, closure, call);
}

/* --- batch create --- */

/* What was wrong with one order of many, in one line: "currency: must have at least 3 characters". */
static char *describe(struct call *call, const struct status *status)
{
    char *text = NULL;
    for (size_t i = 0; i < status->n_violations; i++) {
        const struct violation *violation = &status->violations[i];
        const char *before = text == NULL ? "" : text;
        text = arena_printf(&call->arena, "%s%s%s: %s", before, text == NULL ? "" : "; ", violation->field,
                            violation->message);
    }
    return text;
}

static void check_one_of_many(struct call *call, Orders__V1__Order *order,
                              Orders__V1__BatchCreateResult *result)
{
    struct status status = STATUS_INIT;
    prepare_new(call, order, &status);
    if (status.code != STATUS_OK) {
        result->code = (Rpc__V1__Code)status.code;
        result->message = describe(call, &status);
    }
}

static void batch_create_orders(Orders__V1__OrderService_Service *service,
                                const Orders__V1__BatchCreateOrdersRequest *input,
                                Orders__V1__BatchCreateOrdersResponse_Closure closure, void *closure_data)
{
    struct call *call = closure_data;
    struct store *store = store_of(service);
    const size_t n = input->n_orders;
    if (n > ORDER_BATCH_MAX) {
        call_violation_of(call, "orders", "too_long", arena_printf(&call->arena, "%d", ORDER_BATCH_MAX),
                          "must have at most %d elements, not %zu", ORDER_BATCH_MAX, n);
        closure(NULL, call);
        return;
    }
    Orders__V1__BatchCreateOrdersResponse *response = arena_alloc(&call->arena, sizeof *response);
    orders__v1__batch_create_orders_response__init(response);
    response->n_results = n;
    response->results = arena_calloc(&call->arena, n, sizeof *response->results);
    Orders__V1__Order **orders = arena_calloc(&call->arena, n, sizeof *orders);
    for (size_t i = 0; i < n; i++) {
        response->results[i] = arena_alloc(&call->arena, sizeof *response->results[i]);
        orders__v1__batch_create_result__init(response->results[i]);
        orders[i] = copy_order(call, input->orders[i]);
        check_one_of_many(call, orders[i], response->results[i]);
    }
    if (call->validate_only)
        closure(response, call);
    else
        store->create_many(store, call, n, orders, response, closure, call);
}

void order_service_init(struct order_service *service, struct store *store)
{
    *service = (struct order_service){.store = store};
    orders__v1__order_service__init(&service->base, NULL);
    service->base.create_order = create_order;
    service->base.get_order = get_order;
    service->base.list_orders = list_orders;
    service->base.update_order = update_order;
    service->base.delete_order = delete_order;
    service->base.get_order_summary = get_order_summary;
    service->base.get_order_statistics = get_order_statistics;
    service->base.batch_create_orders = batch_create_orders;
}
