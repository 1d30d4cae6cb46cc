/* create_many.h: one call that creates many orders, each by an operation of its own. */
#ifndef STORE_CREATE_MANY_H
#define STORE_CREATE_MANY_H

#include "store/queue.h"
#include "store/store.h"

#include <stddef.h>

/* As store->create_many. The writers must outlive the call. */
void create_many_begin(const struct lane_queues *writers, struct call *call, size_t n,
                       Orders__V1__Order *const orders[], Orders__V1__BatchCreateOrdersResponse *response,
                       Orders__V1__BatchCreateOrdersResponse_Closure done, void *closure_data);

#endif
