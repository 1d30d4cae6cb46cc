/* order_list.h: orders that come in one by one, written as a list. */
#ifndef ORDERSCTL_ORDER_LIST_H
#define ORDERSCTL_ORDER_LIST_H

#include "order_writer.h"
#include "session.h"

enum { ORDER_LIST_PAGE = 256 };

struct order_list {
    struct order_writer writer;
    struct arena arena; /* of the orders gathered */
    size_t n;
    Orders__V1__Order *orders[ORDER_LIST_PAGE]; /* so many at a time, as a table's columns fit those it has */
};

/* How a session's orders look on stdout. */
struct order_look order_look_of(const struct session *session, const struct order_columns *columns);

/* Goes to stdout. */
void order_list_begin(struct order_list *list, const struct order_look *look);

/* Adds a copy. */
void order_list_add(struct order_list *list, const Orders__V1__Order *order);
void order_list_end(struct order_list *list);

#endif
