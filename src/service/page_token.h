/* page_token.h: where the next page of a list begins (AIP-158). Opaque to callers: it may change. */
#ifndef SERVICE_PAGE_TOKEN_H
#define SERVICE_PAGE_TOKEN_H

#include "orders/v1/orders.pb-c.h"
#include "store/store.h"

#include <stdbool.h>

enum { PAGE_TOKEN_TEXT = 57 }; /* 24, 40 or 56 hexadecimal digits and a NUL */

/* Writes the token of the page that begins at a place, for the filters and the order of this request. */
void page_token_make(const Orders__V1__ListOrdersRequest *request, const struct store_next *next,
                     char out[static PAGE_TOKEN_TEXT]);

/* Reads request->page_token; an empty one stands for the start, where there is no `more` and all is 0. False:
 * it is none, or was made for other filters, or another order. */
bool page_token_read(const Orders__V1__ListOrdersRequest *request, struct store_next *next);

#endif
