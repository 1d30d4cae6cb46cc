/* rules.h: the rules of an order's fields, as checks. Their numbers are in fields.h. No I/O.
 *
 * A check also brings a field into the form it is stored in: strings trimmed, the currency in upper case, the
 * date in microseconds. What is wrong is added to the status, in field order. Strings must be UTF-8, as every
 * string that came out of a frame is.
 */
#ifndef ORDERS_RULES_H
#define ORDERS_RULES_H

#include "base/arena.h"
#include "base/status.h"
#include "orders/fields.h"
#include "orders/v1/orders.pb-c.h"

#include <stdbool.h>
#include <stdint.h>

/* The fields a caller may set, as bits. */
enum order_fields {
    ORDER_ORDER_ID = 1 << 0,
    ORDER_CUSTOMER_ID = 1 << 1,
    ORDER_ORDER_DATE = 1 << 2,
    ORDER_TOTAL_AMOUNT = 1 << 3,
    ORDER_CURRENCY = 1 << 4,
    ORDER_STATUS = 1 << 5,
    ORDER_CREATE_FIELDS = (1 << 6) - 1,
    ORDER_UPDATE_FIELDS = ORDER_CREATE_FIELDS & ~ORDER_ORDER_ID,
};

/* Checks the named fields of an order, and replaces them by their stored form. New strings and time stamps
 * are made in the arena. */
void order_check(Orders__V1__Order *order, unsigned fields, struct arena *arena, struct status *status);

/* Gives the fields that a new order may leave out their values: the date now, the status pending. */
void order_set_defaults(Orders__V1__Order *order, struct arena *arena);

/* The fields an update changes: those of the mask, or without one those set in the order (AIP-134); "*" is
 * all of them. A path that may not be changed is added to the status. */
unsigned order_update_fields(const Orders__V1__UpdateOrderRequest *request, struct arena *arena,
                             struct status *status);

/* Whether an order can have this id: a string that fails is the id of no order. */
bool order_id_possible(const char *order_id);

#endif
