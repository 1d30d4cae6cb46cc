/* list_query.h: checks a ListOrders request, and makes a store's query of it. */
#ifndef SERVICE_LIST_QUERY_H
#define SERVICE_LIST_QUERY_H

#include "base/call.h"
#include "orders/v1/orders.pb-c.h"
#include "store/store.h"

/* Adds what is wrong to the call's status, each with the name of its field. The query is whole if nothing is;
 * it points into the request, and into the call's arena. */
void list_query_read(struct call *call, const Orders__V1__ListOrdersRequest *request,
                     struct store_query *query);

#endif
