/* test_methods.c: names and their functions. */
#include "call/methods.h"

#include "orders/v1/orders.pb-c.h"
#include "rpc/v1/health.pb-c.h"
#include "rpc/v1/metrics.pb-c.h"
#include "service/roles.h"

#include <criterion/criterion.h>
#include <string.h>

Test(methods, are_found_by_their_full_names)
{
    ProtobufCService orders = {.descriptor = &orders__v1__order_service__descriptor};
    ProtobufCService health = {.descriptor = &rpc__v1__health__descriptor};
    struct methods *methods = methods_new();
    char error[128];
    cr_assert(methods_add(methods, &orders, roles_find, error, sizeof error));
    cr_assert(methods_add(methods, &health, roles_find, error, sizeof error));
    const size_t n = methods_count(methods);
    cr_assert_eq(n, orders.descriptor->n_methods + health.descriptor->n_methods);
    for (size_t i = 0; i < n; i++)
        cr_expect_eq(methods_find(methods, methods_get(methods, i)->name), i);
    const struct method *check = methods_get(methods, methods_find(methods, "rpc.v1.Health/Check"));
    cr_assert_eq(check->service, &health);
    cr_assert_str_eq(health.descriptor->methods[check->index].name, "Check");
    cr_assert_eq(check->role, ROLE_NONE);
    for (unsigned i = 0; i < orders.descriptor->n_methods; i++) {
        const size_t found = methods_find_descriptor(methods, &orders.descriptor->methods[i]);
        cr_assert_lt(found, n);
        cr_expect_eq(methods_get(methods, found)->service, &orders);
        cr_expect_eq(methods_get(methods, found)->index, i);
    }
    cr_expect_eq(methods_find_descriptor(methods, &rpc__v1__metrics__descriptor.methods[0]), n);
    static const char *const unknown[] = {"", "Check", "rpc.v1.Health", "rpc.v1.Health/",
                                          "rpc.v1.Health/check"};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        cr_expect_eq(methods_find(methods, unknown[i]), n, "%s", unknown[i]);
    methods_free(methods);
}

static bool nobody_said(const char *method, enum role *role)
{
    (void)role;
    return strcmp(method, "rpc.v1.Health/Check") != 0;
}

Test(methods, one_of_no_role_is_not_served)
{
    ProtobufCService health = {.descriptor = &rpc__v1__health__descriptor};
    struct methods *methods = methods_new();
    char error[128];
    cr_assert_not(methods_add(methods, &health, nobody_said, error, sizeof error));
    cr_assert_str_eq(error, "nobody has said which role rpc.v1.Health/Check needs");
    methods_free(methods);
}
