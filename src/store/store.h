/* store.h: where orders are kept: what the service asks of a store, whatever it is made of.
 *
 * Every function returns at once and calls `done` once, perhaps before it returns, perhaps from another
 * thread, with the closure data it was given: with the answer, which lives until `done` returns; or with
 * NULL, and then the call's status says why. What is passed in must live in the call's arena.
 *
 * A read sees every write that was answered before it was asked, and may or may not see one that is still
 * under way. Writes of one order that one caller asks are made in the order in which it asked.
 *
 * Errors common to all: UNAVAILABLE (the store is out of reach; after a write its outcome is then unknown),
 * DEADLINE_EXCEEDED (also of a write whose order another session holds locked all that time),
 * RESOURCE_EXHAUSTED, INTERNAL; PERMISSION_DENIED and UNAUTHENTICATED, when the caller's right ended before
 * it was begun (call_recheck); of many orders of which some were made, UNAVAILABLE. Of what answers one
 * order: DATA_LOSS (it is stored with what no message can hold, which the message names).
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/call.h"
#include "orders/v1/orders.pb-c.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Which orders to list. */
struct store_query {
    bool newest_first; /* by falling ids instead of rising ones */
    int64_t after_id;  /* only orders behind this one; 0: all */
    int64_t skip;      /* of those that match, how many to pass over */
    int64_t limit;
    Orders__V1__OrderStatus status; /* only in this status, unless unspecified */
    const char *customer_id;        /* only of this customer, unless empty */
};

/* What to count: orders of these UTC days of order_date, "2025-01-16", both included; empty: no bound. */
struct store_count {
    const char *first_day;
    const char *last_day;
    bool by_status; /* those of each status, too: takes time with the number of orders */
};

struct store {
    /* Adds an order. ALREADY_EXISTS. */
    void (*create)(struct store *store, struct call *call, Orders__V1__Order *order,
                   Orders__V1__Order_Closure done, void *closure_data);

    /* Adds each order whose result's code is OK, and puts it into the result; one that cannot be added gets
     * its own code and message. `response` has one result an order. */
    void (*create_many)(struct store *store, struct call *call, size_t n, Orders__V1__Order *const orders[],
                        Orders__V1__BatchCreateOrdersResponse *response,
                        Orders__V1__BatchCreateOrdersResponse_Closure done, void *closure_data);

    /* NOT_FOUND. */
    void (*get)(struct store *store, struct call *call, const char *order_id, Orders__V1__Order_Closure done,
                void *closure_data);

    /* The orders that match, ordered by id. The page token is the service's to make. An order that is stored
     * with what no message can hold has its place, with its id and order_id alone: without created_at. */
    void (*list)(struct store *store, struct call *call, const struct store_query *query,
                 Orders__V1__ListOrdersResponse_Closure done, void *closure_data);

    /* Sets the named fields (enum order_fields, at least one) of the order with this order_id, if its etag is
     * the one given, where one is. NOT_FOUND, ABORTED. */
    void (*update)(struct store *store, struct call *call, Orders__V1__Order *order, unsigned fields,
                   Orders__V1__Order_Closure done, void *closure_data);

    /* Only the order with this etag, unless it is empty. NOT_FOUND, ABORTED. */
    void (*remove)(struct store *store, struct call *call, const char *order_id, const char *etag,
                   Google__Protobuf__Empty_Closure done, void *closure_data);

    /* Exact at the moment of the answer. OUT_OF_RANGE: a sum leaves int64. To verify is to count all orders
     * anew in the same snapshot; DATA_LOSS: what is kept differs from what was counted. */
    void (*summarize)(struct store *store, struct call *call, bool verify,
                      Orders__V1__OrderSummary_Closure done, void *closure_data);

    /* Exact at the moment of the answer, one for all figures. OUT_OF_RANGE: a sum leaves int64. */
    void (*count)(struct store *store, struct call *call, const struct store_count *what,
                  Orders__V1__OrderStatistics_Closure done, void *closure_data);
};

#endif
