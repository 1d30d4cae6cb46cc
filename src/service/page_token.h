/* page_token.h: where the next page of a list begins (AIP-158). Opaque to callers: it may change. */
#ifndef SERVICE_PAGE_TOKEN_H
#define SERVICE_PAGE_TOKEN_H

#include "orders/v1/orders.pb-c.h"

#include <stdbool.h>
#include <stdint.h>

enum { PAGE_TOKEN_TEXT = 25 }; /* 24 hexadecimal digits and a NUL */

/* Writes the token of the page behind the order `last_id`, for the filters of this request. */
void page_token_make(const Orders__V1__ListOrdersRequest *request, int64_t last_id,
                     char out[static PAGE_TOKEN_TEXT]);

/* Reads request->page_token; an empty one stands for the start. False: it is none, or was made for other
 * filters. */
bool page_token_read(const Orders__V1__ListOrdersRequest *request, int64_t *last_id);

#endif
