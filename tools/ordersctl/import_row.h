/* import_row.h: the order that a row of a file is, as JSON sees it. */
#ifndef ORDERSCTL_IMPORT_ROW_H
#define ORDERSCTL_IMPORT_ROW_H

#include "amount.h"
#include "base/arena.h"
#include "base/status.h"
#include "orders/v1/orders.pb-c.h"
#include "json/mapping.h"

#include <jansson.h>
#include <stdbool.h>

/* How rows are to be taken. */
struct import_terms {
    struct amount_notation notation;
    enum json_unknown unknown;  /* members that no order has */
    const char *default_status; /* of a row without a status. NULL: a row whose status is there but empty is
                                   refused, and the service gives one to an order that has none */
    const char *default_date; /* of a row without an order date, IMPORT_NOW or a time. NULL: a row whose date
                                 is  there but empty is refused, and the service dates one that has none */
};

#define IMPORT_NOW "now"

/* For row_subject: whether it is a currency or a status, of which none begins with another. */
bool import_row_is_whole(const ProtobufCFieldDescriptor *field, const char *value);

/* Fills an initialized order, and says which fields the row has, as bits of enum order_fields
 * (orders/rules.h): a date or a status that it has by the terms is none of them. What the database makes is
 * passed over, and so is the reason why the row was refused before (rejects.h); a row without a date or
 * status, of which one may be in what is left out (left_out.h), is refused unless the terms have one.
 * `ignored': the columns that are left out, "" for none or of JSON. Each mistake is a violation in the
 * status.
 */
void import_row_read(const json_t *row, const struct import_terms *terms, const char *ignored,
                     Orders__V1__Order *order, unsigned *fields, struct arena *arena, struct status *status);

/* The status in one line, of which the length is bounded. */
const char *import_row_describe(struct arena *arena, const struct status *status);

#endif
