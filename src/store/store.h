/* store.h: the interface of a store of orders.
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
#include "google/protobuf/timestamp.pb-c.h"
#include "orders/v1/orders.pb-c.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum store_order {
    STORE_BY_ID,
    STORE_BY_ORDER_DATE,
    STORE_BY_TOTAL_AMOUNT,
};

/* The start of the next page: values for a store_query. */
struct store_next {
    bool more;        /* there is a next page; its is_after */
    bool is_key_null; /* its is_after_null */
    int64_t key;      /* its after_key */
    int64_t id;       /* its after_id */
    int64_t skip;     /* its skip */
};

/* Which orders to list. A filter that is zero is none. */
struct store_query {
    enum store_order order; /* equal ones by id */
    bool descending;
    bool is_after; /* only orders behind after_id, which may be any number; false: all */
    int64_t after_id;
    int64_t after_key; /* by what the list is ordered, of the order after_id: order_date in microseconds since
                          2000, or total_amount; 0: by id, or it is null */
    bool is_after_null;      /* it is: such orders are the last, or the first where descending */
    int64_t skip;            /* of those that match, how many to pass over */
    int64_t limit;           /* how many to answer, at most */
    unsigned statuses;       /* only in one of these: bits 1 << Orders__V1__OrderStatus */
    const char *customer_id; /* only of this customer */
    const Google__Protobuf__Timestamp *placed_from,
        *placed_before;   /* only of an order_date from, and before */
    const char *currency; /* only in this one */
    int64_t min_amount, max_amount;
    const char *search; /* only with this in order_id or customer_id: a to z in lower case, for both cases */
    bool count;         /* how many match is to be answered, too */

    struct store_next *next; /* set before `done` is called with an answer; NULL: nobody wants to know */
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

    /* Orders that match, in order. Perhaps fewer than query->limit, and the list goes on: it has looked at as
     * many others as it may. An order that is stored with what no message can hold has its place, with its id
     * and order_id alone: without created_at. */
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
