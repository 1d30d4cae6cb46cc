/* order_columns.h: which fields of an order are shown, in which order, and in which zone. */
#ifndef ORDERSCTL_ORDER_COLUMNS_H
#define ORDERSCTL_ORDER_COLUMNS_H

#include <argp.h>
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

enum { ORDER_COLUMNS_MAX = 16 };

struct order_columns {
    size_t n; /* 0: not chosen, so that each format shows those it is for */
    const ProtobufCFieldDescriptor *fields[ORDER_COLUMNS_MAX]; /* of Order */
    bool local; /* times for people are in the local zone, with their offset; else in UTC */
};

/* The options --columns and --local; their input is a struct order_columns. */
extern const struct argp order_columns_argp;

/* Those that are chosen, or all. */
void order_columns_or_all(const struct order_columns *chosen, struct order_columns *out);

/* Those that are chosen, or those that a list for people fits a terminal with. */
void order_columns_or_usual(const struct order_columns *chosen, struct order_columns *out);

#endif
