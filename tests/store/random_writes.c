#include "random_writes.h"

#include "base/message.h"
#include "orders/rules.h"
#include "store_calls.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

enum { LONG_MS = 60000, KEYS = 60 };

void write_at_random(struct store *store, unsigned *seed, unsigned days)
{
    static const char *const currencies[] = {"ISK", "EUR", "USD"};
    char id[16];
    struct pending *pending = pending_new(LONG_MS);
    snprintf(id, sizeof id, "%d", rand_r(seed) % KEYS);
    Orders__V1__Order *order = pending_order(pending, id);
    order->total_amount = 1 + rand_r(seed) % 1000;
    order->currency = message_text(currencies[rand_r(seed) % 3]);
    order->order_date->seconds = 86400 * (int64_t)((unsigned)rand_r(seed) % days);
    switch (rand_r(seed) % 3) {
    case 0:
        store->create(store, &pending->call, order, (Orders__V1__Order_Closure)pending_done, pending);
        break;
    case 1:
        store->update(store, &pending->call, order,
                      ORDER_TOTAL_AMOUNT | (rand_r(seed) % 2 ? ORDER_CURRENCY : ORDER_ORDER_DATE),
                      (Orders__V1__Order_Closure)pending_done, pending);
        break;
    default:
        store->remove(store, &pending->call, order->order_id, "",
                      (Google__Protobuf__Empty_Closure)pending_done, pending);
    }
    enum status_code code = pending_wait(pending);
    cr_assert(code == STATUS_OK || code == STATUS_NOT_FOUND || code == STATUS_ALREADY_EXISTS, "%s",
              pending->call.status.message);
    pending_free(pending);
}
