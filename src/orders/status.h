/* status.h: an order's status as the word the database keeps. */
#ifndef ORDERS_STATUS_H
#define ORDERS_STATUS_H

#include "orders/v1/orders.pb-c.h"

#include <stddef.h>

/* All of them, comma-separated as a message shows them: "pending, confirmed, …". */
extern const char *const order_status_words;

/* "pending"; NULL for unspecified and for a number that is no status. */
const char *order_status_word(Orders__V1__OrderStatus status);

/* The status of a word of `length` bytes; unspecified when it is none. */
Orders__V1__OrderStatus order_status_from_word(const char *word, size_t length);

#endif
