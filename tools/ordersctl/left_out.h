/* left_out.h: what of JSON is no field of an order, and is not sent by --ignore-unknown, or because the
 * database makes it.
 *
 * One of those may be the order's date or status under another name. An order without either gets the present
 * time, or pending, without an error, so one that lacks them beside what is left out is a violation.
 */
#ifndef ORDERSCTL_LEFT_OUT_H
#define ORDERSCTL_LEFT_OUT_H

#include "base/arena.h"
#include "base/status.h"
#include "id_set.h"

#include <jansson.h>

/* The members of an object that no order has, as a list of some of their names; "": there are none. */
const char *left_out_names(const json_t *object, struct arena *arena);

/* How an order is given a date and a status beside its members: "--default-date"; NULL: it has one. */
struct left_out_remedy {
    const char *date, *status;
    const char *whose; /* "such a row" */
};

/* Adds what an order with these fields (bits of enum order_fields) may have been meant to have under a name
 * that is left out: of `names', or as created_at of the object. */
void left_out_check(const json_t *object, unsigned fields, const char *names,
                    const struct left_out_remedy *remedy, struct arena *arena, struct status *status);

/* The names that were told; all zero at first. */
struct left_out {
    struct id_set names; /* owned */
};

/* Reports those of an object's members that are left out and were not told before, some 20 of them. */
void left_out_tell(struct left_out *told, const json_t *object);
void left_out_free(struct left_out *told);

#endif
