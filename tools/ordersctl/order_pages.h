/* order_pages.h: orders read page by page, and the options that say which. */
#ifndef ORDERSCTL_ORDER_PAGES_H
#define ORDERSCTL_ORDER_PAGES_H

#include "field_options.h"
#include "orders/v1/orders.pb-c.h"
#include "session.h"

#include <argp.h>
#include <stdint.h>

/* The options --status and --customer-id; their input is a struct field_options. */
extern const struct argp order_filter_argp;

/* Takes a page; false ends the reading. */
typedef bool order_page_fn(const Orders__V1__ListOrdersResponse *page, void *arg);

struct order_pages {
    const struct field_options *filter; /* of ListOrdersRequest */
    int64_t limit;                      /* how many orders at most */
    order_page_fn *take;
    void *arg;
    bool more;            /* out: there are others behind the last one taken */
    size_t n_unreachable; /* out: orders that the service could not answer, of those read */
};

/* Reads them, one page in memory at a time. A failure is reported; an order that the service cannot answer is
 * none, counts towards the limit, and is reported, too, unless the session lasts. */
enum exit_code order_pages_read(struct session *session, struct order_pages *pages);

#endif
