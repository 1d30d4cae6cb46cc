/* order_service.h: orders.v1.OrderService over a store. Knows neither how calls come in nor what the store
 * is.
 *
 * Every method's closure data is its struct call. A method may be called from any thread.
 */
#ifndef SERVICE_ORDER_SERVICE_H
#define SERVICE_ORDER_SERVICE_H

#include "orders/v1/orders.pb-c.h"
#include "store/store.h"

struct order_service {
    Orders__V1__OrderService_Service base; /* to be called through */
    struct store *store;
};

/* The store must outlive the service. */
void order_service_init(struct order_service *service, struct store *store);

#endif
