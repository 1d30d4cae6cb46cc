/* order_pages.h: orders read page by page. */
#ifndef ORDERSCTL_ORDER_PAGES_H
#define ORDERSCTL_ORDER_PAGES_H

#include "list_filters.h"
#include "orders/v1/orders.pb-c.h"
#include "session.h"

#include <stdint.h>

/* Takes a page; false ends the reading. */
typedef bool order_page_fn(const Orders__V1__ListOrdersResponse *page, void *arg);

struct order_pages {
    const struct list_filters *filters;
    int64_t limit; /* how many orders at most */
    order_page_fn *take;
    void *arg;
    bool more;            /* out: there are others behind the last one taken */
    bool broke_off;       /* out: they could not be read on */
    size_t n_unreachable; /* out: orders that the service could not answer, of those read */
};

/* Reads them, one page in memory at a time, on over pages that are short or empty. A failure is reported, and
 * so is an order that was not asked for, before it is taken: the server is older than a filter then. An order
 * that the service cannot answer is none, counts towards the limit, and is reported, too, unless the session
 * lasts. */
enum exit_code order_pages_read(struct session *session, struct order_pages *pages);

/* How many orders match. A failure is reported. */
enum exit_code order_pages_count(struct session *session, const struct list_filters *filters, int64_t *total);

#endif
