/* stored_id.c: has the rules of orders bring it into that form. */
#include "stored_id.h"

#include "base/message.h"
#include "orders/rules.h"

const char *stored_order_id(const char *id, struct arena *arena)
{
    struct status ignored = STATUS_INIT;
    Orders__V1__Order order = ORDERS__V1__ORDER__INIT;
    order.order_id = message_text(id);
    order_check(&order, ORDER_ORDER_ID, arena, &ignored);
    return order.order_id;
}

const char *stored_customer_id(const char *id, struct arena *arena)
{
    struct status ignored = STATUS_INIT;
    Orders__V1__Order order = ORDERS__V1__ORDER__INIT;
    order.customer_id = message_text(id);
    order_check(&order, ORDER_CUSTOMER_ID, arena, &ignored);
    return order.customer_id;
}
