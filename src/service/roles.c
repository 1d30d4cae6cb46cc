/* roles.c: the table. */
#include "service/roles.h"

#include <stddef.h>
#include <string.h>

static const struct row {
    const char *method;
    enum role role;
} rows[] = {
    {"orders.v1.OrderService/BatchCreateOrders", ROLE_WRITER},
    {"orders.v1.OrderService/CreateOrder", ROLE_WRITER},
    {"orders.v1.OrderService/DeleteOrder", ROLE_WRITER},
    {"orders.v1.OrderService/GetOrder", ROLE_READER},
    {"orders.v1.OrderService/GetOrderStatistics", ROLE_READER},
    {"orders.v1.OrderService/GetOrderSummary", ROLE_READER},
    {"orders.v1.OrderService/ListOrders", ROLE_READER},
    {"orders.v1.OrderService/UpdateOrder", ROLE_WRITER},
    {"rpc.v1.Auth/WhoAmI", ROLE_READER},
    {"rpc.v1.Health/Check", ROLE_NONE},
    {"rpc.v1.Keys/CreateKey", ROLE_ADMIN},
    {"rpc.v1.Keys/ListKeys", ROLE_ADMIN},
    {"rpc.v1.Keys/RevokeKey", ROLE_ADMIN},
    {"rpc.v1.Keys/RotateKey", ROLE_ADMIN},
    {"rpc.v1.Metrics/GetMetrics", ROLE_READER},
};

bool roles_find(const char *method, enum role *role)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i].method, method) == 0) {
            *role = rows[i].role;
            return true;
        }
    }
    return false;
}
