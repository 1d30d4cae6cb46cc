/* list_filters.h: which orders: options that become the filters of ListOrders.
 *
 * A command that reads or changes orders by filter has these two argps among its children, and gives what was
 * given to a request by list_filters_apply:
 *
 *   state->child_inputs[0] = &arguments->filters;          (list_filters_argp)
 *   state->child_inputs[1] = &arguments->filters.notation; (amount_argp: how --min-amount is written)
 */
#ifndef ORDERSCTL_LIST_FILTERS_H
#define ORDERSCTL_LIST_FILTERS_H

#include "amount.h"
#include "field_options.h"
#include "orders/v1/orders.pb-c.h"

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>

enum { LIST_STATUSES_MAX = 16 };

/* Numbers of fields of ListOrdersRequest. */
enum {
    LIST_STATUS = 4,
    LIST_CUSTOMER_ID = 5,
    LIST_FROM = 8,
    LIST_TO = 9,
    LIST_CURRENCY = 10,
    LIST_MIN_AMOUNT = 11,
    LIST_MAX_AMOUNT = 12,
    LIST_SEARCH = 13
};

struct list_filters {
    struct field_options fields; /* of ListOrdersRequest; a command may add its own, such as order_by */
    const char *statuses[LIST_STATUSES_MAX]; /* each "pending" or "pending,shipped" */
    size_t n_statuses;
    struct amount_notation notation; /* of min_amount and max_amount */
    bool local;                      /* times that name no zone are in the local one, else in UTC */
};

/* --status, --customer-id, --search, --from, --to, --currency, --min-amount and --max-amount; their input is
 * a struct list_filters, zeroed. */
extern const struct argp list_filters_argp;

/* Whether any filter was given, so that it is not all orders that are meant. */
bool list_filters_are_given(const struct list_filters *filters);

/* Sets the filters in a request, which keeps pointers into the arena and the command line. Each that cannot
 * be read, or that no order could match, is a violation named as the option is, without the dashes. */
void list_filters_apply(const struct list_filters *filters, Orders__V1__ListOrdersRequest *request,
                        struct arena *arena, struct status *status);

/* Whether an order is one that the request asks for. A server that is older than a filter passes over it in
 * silence: what it answers is not to be taken for what was asked for, least of all to delete it. */
bool list_filters_match(const Orders__V1__ListOrdersRequest *request, const Orders__V1__Order *order);

#endif
