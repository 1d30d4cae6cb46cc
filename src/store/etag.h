/* etag.h: entity tags: which state of an order a caller has read (AIP-154, RFC 9110 section 8.8.3).
 *
 * An etag is made of the row's id, which differs when an order is deleted and created again, and of
 * updated_at, which moves on every change: no two states of an order have the same one. Opaque to callers.
 */
#ifndef STORE_ETAG_H
#define STORE_ETAG_H

#include "orders/v1/orders.pb-c.h"

#include <stdbool.h>
#include <stdint.h>

enum { ETAG_TEXT = 2 * 16 + 2 }; /* two numbers in hexadecimal, a hyphen and a NUL */

/* One that was given with a request. */
struct etag {
    bool given;
    int64_t id;         /* 0, which no order has, where the text is no etag */
    int64_t updated_at; /* microseconds since 2000-01-01T00:00:00Z, as PostgreSQL counts them */
};

/* Writes an order's; returns `out`. */
char *etag_write(const Orders__V1__Order *order, char out[ETAG_TEXT]);

/* Empty text is none. */
struct etag etag_read(const char *text);

#endif
