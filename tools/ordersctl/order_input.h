/* order_input.h: an order, or fields of one, as the options of `create' and `update' say it. */
#ifndef ORDERSCTL_ORDER_INPUT_H
#define ORDERSCTL_ORDER_INPUT_H

#include "amount.h"
#include "field_options.h"
#include "orders/v1/orders.pb-c.h"
#include "json/mapping.h"

#include <jansson.h>

/* Numbers of fields of Order. */
enum { ORDER_NUMBER_DATE = 4, ORDER_NUMBER_AMOUNT = 5, ORDER_NUMBER_CURRENCY = 6, ORDER_NUMBER_ETAG = 10 };

struct order_input {
    struct field_options fields; /* of Order */
    struct amount_notation notation;
    enum json_unknown unknown; /* members of JSON that are no field */
    bool local;                /* the date is in the local zone where it names none */
};

/* Takes the fields that are options into an initialized order: what is an amount by the currency, which is
 * one of them, or the order's so far. `json` is that order, or an object of those fields; it has the options
 * too then. What cannot be taken is a violation. */
void order_input_read(const struct order_input *input, json_t *json, Orders__V1__Order *order,
                      struct arena *arena, struct status *status);

#endif
