/* stored_id.h: ids as they are stored, of whatever form somebody types or pastes: without the white space
 * around them (orders/rules.h), which a look for an order or a customer would not find.
 */
#ifndef ORDERSCTL_STORED_ID_H
#define ORDERSCTL_STORED_ID_H

#include "base/arena.h"

/* In the arena, or `id' itself; that too when it is the id of no order, as the service says. */
const char *stored_order_id(const char *id, struct arena *arena);
const char *stored_customer_id(const char *id, struct arena *arena);

#endif
