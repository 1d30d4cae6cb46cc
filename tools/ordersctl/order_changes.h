/* order_changes.h: which fields of an order are to be set, and what that changes. */
#ifndef ORDERSCTL_ORDER_CHANGES_H
#define ORDERSCTL_ORDER_CHANGES_H

#include "base/arena.h"
#include "base/status.h"
#include "google/protobuf/field_mask.pb-c.h"
#include "orders/v1/orders.pb-c.h"

#include <jansson.h>

/* The fields that an object in JSON says something of, as bits of enum order_fields (orders/rules.h): of a
 * member that is null nothing is said. */
unsigned order_fields_of(const json_t *object);

/* The bit of a field of Order by its number; 0: it is none that a caller sets. */
unsigned order_field_bit(unsigned number);

/* Fills a mask with the names of those of the fields that an update may change. */
void order_mask_fill(Google__Protobuf__FieldMask *mask, unsigned fields, struct arena *arena);

/* What an update changes. */
struct order_changes {
    size_t n;         /* fields */
    const char *json; /* [{"field":"status","from":"pending","to":"shipped"}] */
    const char *text; /* for people: "status: pending -> shipped", joined by "; " */
};

/* What becomes of an order when these fields are set as `wanted' has them, in whatever form it has them. The
 * texts are in the arena. */
struct order_changes order_changes_find(const Orders__V1__Order *before, const Orders__V1__Order *wanted,
                                        unsigned fields, struct arena *arena);

/* A currency of other decimals without an amount is a violation: the integer that stays would be another
 * amount, 25990 JPY of 259.90 EUR. */
void order_changes_check(const Orders__V1__Order *before, const Orders__V1__Order *wanted, unsigned fields,
                         struct arena *arena, struct status *status);

#endif
