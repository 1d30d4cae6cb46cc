/* test_methods.c: names and their functions. */
#include "call/methods.h"

#include "orders/v1/orders.pb-c.h"
#include "rpc/v1/health.pb-c.h"

#include <criterion/criterion.h>

Test(methods, are_found_by_their_full_names)
{
    ProtobufCService orders = {.descriptor = &orders__v1__order_service__descriptor};
    ProtobufCService health = {.descriptor = &rpc__v1__health__descriptor};
    struct methods *methods = methods_new();
    cr_assert(methods_add(methods, &orders, METHOD_NEEDS_KEY));
    cr_assert(methods_add(methods, &health, METHOD_OPEN));
    const size_t n = methods_count(methods);
    cr_assert_eq(n, orders.descriptor->n_methods + health.descriptor->n_methods);
    for (size_t i = 0; i < n; i++)
        cr_expect_eq(methods_find(methods, methods_get(methods, i)->name), i);
    const struct method *check = methods_get(methods, methods_find(methods, "rpc.v1.Health/Check"));
    cr_assert_eq(check->service, &health);
    cr_assert_str_eq(health.descriptor->methods[check->index].name, "Check");
    cr_assert_eq(check->access, METHOD_OPEN);
    static const char *const unknown[] = {"", "Check", "rpc.v1.Health", "rpc.v1.Health/",
                                          "rpc.v1.Health/check"};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        cr_expect_eq(methods_find(methods, unknown[i]), n, "%s", unknown[i]);
    methods_free(methods);
}
