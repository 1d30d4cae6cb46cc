/* status.c: one word a status. */
#include "orders/status.h"

#include <string.h>

static const char *const words[] = {
    [ORDERS__V1__ORDER_STATUS__ORDER_STATUS_PENDING] = "pending",
    [ORDERS__V1__ORDER_STATUS__ORDER_STATUS_CONFIRMED] = "confirmed",
    [ORDERS__V1__ORDER_STATUS__ORDER_STATUS_PROCESSING] = "processing",
    [ORDERS__V1__ORDER_STATUS__ORDER_STATUS_SHIPPED] = "shipped",
    [ORDERS__V1__ORDER_STATUS__ORDER_STATUS_DELIVERED] = "delivered",
    [ORDERS__V1__ORDER_STATUS__ORDER_STATUS_COMPLETED] = "completed",
    [ORDERS__V1__ORDER_STATUS__ORDER_STATUS_CANCELLED] = "cancelled",
};

enum { WORDS = sizeof words / sizeof words[0] };

const char *const order_status_words =
    "pending, confirmed, processing, shipped, delivered, completed, cancelled";

const char *order_status_word(Orders__V1__OrderStatus status)
{
    return (unsigned)status < WORDS ? words[status] : NULL;
}

Orders__V1__OrderStatus order_status_from_word(const char *word, size_t length)
{
    for (unsigned i = 1; i < WORDS; i++) {
        if (strlen(words[i]) == length && memcmp(words[i], word, length) == 0)
            return (Orders__V1__OrderStatus)i;
    }
    return ORDERS__V1__ORDER_STATUS__ORDER_STATUS_UNSPECIFIED;
}
