/* order_sort.h: in which order a list may be, by the names that --sort takes: "order_date:desc". */
#ifndef ORDERSCTL_ORDER_SORT_H
#define ORDERSCTL_ORDER_SORT_H

#include "guess.h"

#include <stddef.h>

/* The name of the i-th; NULL behind the last. */
const char *order_sort_name(size_t i);

/* ListOrdersRequest.order_by for a name; NULL: there is none. */
const char *order_sort_find(const char *name);

/* Which was meant by one that there is not. */
struct guess order_sort_guess(const char *name);

#endif
