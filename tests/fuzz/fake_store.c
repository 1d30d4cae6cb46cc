/* fake_store.c: every function checks what it is given, then answers as it was told to. */
#include "fake_store.h"

#include "fuzz.h"

#include "google/protobuf/empty.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "orders/currency.h"
#include "orders/rules.h"

#include <string.h>

enum {
    LISTED_AT_MOST = 8, /* whatever page is asked for */
    SOME_TIME = 1737037200,
};

/* Notes that the store was asked. Whether it is to answer; else the call has failed. */
static bool answers(struct store *store, struct call *call)
{
    struct fake_store *fake = (struct fake_store *)store; /* its first member */
    fake->asked++;
    if (fake->outcome != STATUS_OK)
        call_fail(call, fake->outcome, "%s", status_code_name(fake->outcome));
    return fake->outcome == STATUS_OK;
}

/* What is to be stored has the form it is stored in: checking it again finds and changes nothing. */
static void check_stored_form(const Orders__V1__Order *order, unsigned fields, struct arena *arena)
{
    Orders__V1__Order again = *order;
    struct status status = STATUS_INIT;
    order_check(&again, fields, arena, &status);
    must(status.code == STATUS_OK);
    must(strcmp(again.order_id, order->order_id) == 0);
    must(strcmp(again.customer_id, order->customer_id) == 0);
    must(strcmp(again.currency, order->currency) == 0);
    must(again.total_amount == order->total_amount && again.status == order->status);
    if ((fields & ORDER_ORDER_DATE) != 0) {
        must(again.order_date->seconds == order->order_date->seconds);
        must(again.order_date->nanos == order->order_date->nanos);
    }
}

static void check_new(const Orders__V1__Order *order, struct arena *arena)
{
    check_stored_form(order, ORDER_CREATE_FIELDS, arena);
    must(order->id == 0 && order->created_at == NULL && order->updated_at == NULL);
    must(order->base.n_unknown_fields == 0 && order->order_date->base.n_unknown_fields == 0);
    must(order_id_possible(order->order_id)); /* or it could be made and never be asked for */
}

/* Fills in what the database makes. */
static void store_order(struct arena *arena, Orders__V1__Order *order)
{
    Google__Protobuf__Timestamp *now = arena_alloc(arena, sizeof *now);
    google__protobuf__timestamp__init(now);
    now->seconds = SOME_TIME;
    order->id = 1;
    order->created_at = order->updated_at = now;
}

/* The order that is under any id. */
static Orders__V1__Order *some_order(struct arena *arena, const char *order_id)
{
    Orders__V1__Order *order = arena_alloc(arena, sizeof *order);
    orders__v1__order__init(order);
    order->order_id = arena_strdup(arena, order_id);
    order->customer_id = arena_strdup(arena, "CUST-IS-001");
    order->currency = arena_strdup(arena, "ISK");
    order->total_amount = 89990;
    order_set_defaults(order, arena);
    store_order(arena, order);
    return order;
}

static void create(struct store *store, struct call *call, Orders__V1__Order *order,
                   Orders__V1__Order_Closure done, void *closure_data)
{
    check_new(order, &call->arena);
    if (!answers(store, call)) {
        done(NULL, closure_data);
        return;
    }
    store_order(&call->arena, order);
    done(order, closure_data);
}

static void create_many(struct store *store, struct call *call, size_t n, Orders__V1__Order *const orders[],
                        Orders__V1__BatchCreateOrdersResponse *response,
                        Orders__V1__BatchCreateOrdersResponse_Closure done, void *closure_data)
{
    must(n <= ORDER_BATCH_MAX && response->n_results == n);
    for (size_t i = 0; i < n; i++) {
        Orders__V1__BatchCreateResult *result = response->results[i];
        if (result->code != RPC__V1__CODE__OK) {
            must(*result->message != '\0');
            continue;
        }
        check_new(orders[i], &call->arena);
        store_order(&call->arena, orders[i]);
        result->order = orders[i];
    }
    done(answers(store, call) ? response : NULL, closure_data);
}

static void get(struct store *store, struct call *call, const char *order_id, Orders__V1__Order_Closure done,
                void *closure_data)
{
    must(order_id_possible(order_id));
    done(answers(store, call) ? some_order(&call->arena, order_id) : NULL, closure_data);
}

/* Finds as many orders as it is asked for, up to a bound. */
static void list(struct store *store, struct call *call, const struct store_query *query,
                 Orders__V1__ListOrdersResponse_Closure done, void *closure_data)
{
    must(query->skip >= 0 && (query->is_after || query->after_id == 0));
    must(query->limit > 0 && query->limit <= ORDER_PAGE_MAX);
    must((query->statuses & ~0xfeu) == 0);
    must(*query->currency == '\0' || currency_find(query->currency) == query->currency);
    must(query->min_amount >= 0 && (query->max_amount == 0 || query->max_amount >= query->min_amount));
    Orders__V1__Order *orders[LISTED_AT_MOST];
    Orders__V1__ListOrdersResponse response = ORDERS__V1__LIST_ORDERS_RESPONSE__INIT;
    response.orders = orders;
    response.n_orders = query->limit < LISTED_AT_MOST ? (size_t)query->limit : LISTED_AT_MOST;
    for (size_t i = 0; i < response.n_orders; i++)
        orders[i] = some_order(&call->arena, "ORD-2025-00001");
    *query->next = (struct store_next){.more = query->limit < LISTED_AT_MOST,
                                       .key = query->order == STORE_BY_ID ? 0 : SOME_TIME,
                                       .id = 1,
                                       .skip = query->skip};
    done(answers(store, call) ? &response : NULL, closure_data);
}

static void update(struct store *store, struct call *call, Orders__V1__Order *order, unsigned fields,
                   Orders__V1__Order_Closure done, void *closure_data)
{
    must(fields != 0 && (fields & ~(unsigned)ORDER_UPDATE_FIELDS) == 0);
    must(order_id_possible(order->order_id));
    check_stored_form(order, fields, &call->arena);
    done(answers(store, call) ? some_order(&call->arena, order->order_id) : NULL, closure_data);
}

static void remove_order(struct store *store, struct call *call, const char *order_id, const char *etag,
                         Google__Protobuf__Empty_Closure done, void *closure_data)
{
    static const Google__Protobuf__Empty empty = GOOGLE__PROTOBUF__EMPTY__INIT;
    must(order_id_possible(order_id));
    (void)etag;
    done(answers(store, call) ? &empty : NULL, closure_data);
}

static void summarize(struct store *store, struct call *call, bool verify,
                      Orders__V1__OrderSummary_Closure done, void *closure_data)
{
    Orders__V1__DailyRevenue day = ORDERS__V1__DAILY_REVENUE__INIT, *days[] = {&day};
    Orders__V1__CurrencyTotal total = ORDERS__V1__CURRENCY_TOTAL__INIT, *totals[] = {&total};
    Orders__V1__OrderSummary summary = ORDERS__V1__ORDER_SUMMARY__INIT;
    (void)verify;
    day.date = "2025-01-16";
    day.currency = total.currency = "ISK";
    day.revenue = total.total = 89990;
    summary.total_orders = 1;
    summary.revenue_per_day = days;
    summary.total_revenue = totals;
    summary.n_revenue_per_day = summary.n_total_revenue = 1;
    done(answers(store, call) ? &summary : NULL, closure_data);
}

static void count(struct store *store, struct call *call, const struct store_count *what,
                  Orders__V1__OrderStatistics_Closure done, void *closure_data)
{
    static const Orders__V1__OrderStatistics none = ORDERS__V1__ORDER_STATISTICS__INIT;
    must(strlen(what->first_day) <= 10 && strlen(what->last_day) <= 10);
    done(answers(store, call) ? &none : NULL, closure_data);
}

void fake_store_init(struct fake_store *store)
{
    *store = (struct fake_store){
        .base =
            {
                .create = create,
                .create_many = create_many,
                .get = get,
                .list = list,
                .update = update,
                .remove = remove_order,
                .summarize = summarize,
                .count = count,
            },
    };
}
