/* test_rules.c: every rule of an order at its boundaries. */
#include "orders/rules.h"

#include "base/time.h"
#include "google/protobuf/field_mask.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "orders/fields.h"
#include "orders/status.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct arena arena;

static void set_up(void)
{
    arena_init(&arena);
}

static void tear_down(void)
{
    arena_free(&arena);
}

TestSuite(rules, .init = set_up, .fini = tear_down);

static Google__Protobuf__Timestamp *date(int64_t seconds, int32_t nanos)
{
    Google__Protobuf__Timestamp *made = arena_alloc(&arena, sizeof *made);
    google__protobuf__timestamp__init(made);
    made->seconds = seconds;
    made->nanos = nanos;
    return made;
}

static Orders__V1__Order good_order(void)
{
    Orders__V1__Order order = ORDERS__V1__ORDER__INIT;
    order.order_id = arena_strdup(&arena, "ORD-1");
    order.customer_id = arena_strdup(&arena, "CUST-1");
    order.order_date = date(0, 0);
    order.total_amount = 1;
    order.currency = arena_strdup(&arena, "ISK");
    order.status = ORDERS__V1__ORDER_STATUS__ORDER_STATUS_PENDING;
    return order;
}

/* Checks one field and expects one violation of it, or with a NULL type none. */
static void expect(Orders__V1__Order *order, unsigned field, const char *name, const char *type,
                   const char *message)
{
    struct status status = STATUS_INIT;
    order_check(order, field, &arena, &status);
    if (type == NULL) {
        cr_assert_eq(status.n_violations, 0, "%s: %s", name, status.violations[0].message);
        return;
    }
    cr_assert_eq(status.code, STATUS_INVALID_ARGUMENT);
    cr_assert_eq(status.n_violations, 1, "%s is not %s", name, type);
    cr_assert_str_eq(status.violations[0].field, name);
    cr_assert_str_eq(status.violations[0].type, type);
    if (message != NULL)
        cr_assert_str_eq(status.violations[0].message, message);
}

static char *repeat(const char *unit, size_t n)
{
    char *text = arena_calloc(&arena, strlen(unit) * n + 1, 1);
    for (size_t i = 0; i < n; i++)
        memcpy(text + i * strlen(unit), unit, strlen(unit));
    return text;
}

static void check_strings(const char *name, unsigned field, char **(*where)(Orders__V1__Order *order))
{
    const struct {
        char *given;
        const char *type, *message, *stored;
    } samples[] = {
        {"A", NULL, NULL, "A"},
        {"", "string_too_short", "must have at least 1 character", NULL},
        {"   ", "blank", "must not be white space alone", NULL},
        {" \t\n", "blank", "must not be white space alone", NULL},
        {"\u00a0\u3000", "blank", "must not be white space alone", NULL},
        {"  A B\t", NULL, NULL, "A B"},
        {"\u2003\u00de\u3000", NULL, NULL, "\u00de"},
        {"A\n", NULL, NULL, "A"},
        {"A\nB", "control_character", "must have no control characters", NULL},
        {"A\x7f", "control_character", NULL, NULL},
        {"A\xc2\x85"
         "B",
         "control_character", NULL, NULL},
        {"\x01", "control_character", NULL, NULL},
        {repeat("x", 255), NULL, NULL, repeat("x", 255)},
        {repeat("x", 256), "string_too_long", "must have at most 255 characters", NULL},
        {repeat("\u00fe", 255), NULL, NULL, repeat("\u00fe", 255)},
        {repeat("\U0001f600", 256), "string_too_long", NULL, NULL},
        {arena_printf(&arena, "  %s  ", repeat("x", 255)), NULL, NULL, repeat("x", 255)},
    };
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        Orders__V1__Order order = good_order();
        *where(&order) = arena_strdup(&arena, samples[i].given);
        expect(&order, field, name, samples[i].type, samples[i].message);
        if (samples[i].stored != NULL)
            cr_assert_str_eq(*where(&order), samples[i].stored);
    }
}

static char **order_id_of(Orders__V1__Order *order)
{
    return &order->order_id;
}

static char **customer_id_of(Orders__V1__Order *order)
{
    return &order->customer_id;
}

Test(rules, order_id)
{
    check_strings("order_id", ORDER_ORDER_ID, order_id_of);
    Orders__V1__Order order = good_order();
    order.order_id = arena_strdup(&arena, " summary ");
    expect(&order, ORDER_ORDER_ID, "order_id", "reserved", "must not be summary");
    order.order_id = arena_strdup(&arena, "Summary");
    expect(&order, ORDER_ORDER_ID, "order_id", NULL, NULL);
}

Test(rules, customer_id)
{
    check_strings("customer_id", ORDER_CUSTOMER_ID, customer_id_of);
    Orders__V1__Order order = good_order();
    order.customer_id = arena_strdup(&arena, "summary");
    expect(&order, ORDER_CUSTOMER_ID, "customer_id", NULL, NULL);
}

Test(rules, order_date)
{
    const struct {
        int64_t seconds;
        int32_t nanos;
        bool good;
    } samples[] = {
        {TIMESTAMP_MIN_SECONDS, 0, true},
        {TIMESTAMP_MIN_SECONDS - 1, 0, false},
        {TIMESTAMP_MAX_SECONDS, 999999999, true},
        {TIMESTAMP_MAX_SECONDS + 1, 0, false},
        {0, -1, false},
        {0, 1000000000, false},
        {INT64_MIN, INT32_MIN, false},
    };
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        Orders__V1__Order order = good_order();
        order.order_date = date(samples[i].seconds, samples[i].nanos);
        expect(&order, ORDER_ORDER_DATE, "order_date", samples[i].good ? NULL : "datetime_from_date_parsing",
               NULL);
    }
    Orders__V1__Order order = good_order();
    order.order_date = NULL;
    expect(&order, ORDER_ORDER_DATE, "order_date", "missing", "is required");
}

Test(rules, order_date_is_stored_in_microseconds)
{
    Orders__V1__Order order = good_order();
    Google__Protobuf__Timestamp *given = date(5, 123456789);
    order.order_date = given;
    expect(&order, ORDER_ORDER_DATE, "order_date", NULL, NULL);
    cr_assert_eq(order.order_date->nanos, 123456000);
    cr_assert_eq(given->nanos, 123456789, "the request was written to");
}

Test(rules, total_amount)
{
    const struct {
        int64_t amount;
        const char *type, *message;
    } samples[] = {
        {1, NULL, NULL},
        {0, "greater_than", "must be greater than 0"},
        {-1, "greater_than", NULL},
        {INT64_MIN, "greater_than", NULL},
        {9007199254740991, NULL, NULL},
        {9007199254740992, "less_than_equal", "must be at most 9007199254740991"},
        {INT64_MAX, "less_than_equal", NULL},
    };
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        Orders__V1__Order order = good_order();
        order.total_amount = samples[i].amount;
        expect(&order, ORDER_TOTAL_AMOUNT, "total_amount", samples[i].type, samples[i].message);
    }
}

Test(rules, currency)
{
    static const char unknown[] = "must be one of AUD, CAD, CHF, DKK, EUR, GBP, ISK, JPY, NOK, SEK, USD";
    static const struct {
        char *given;
        const char *type, *message, *stored;
    } samples[] = {
        {"ISK", NULL, NULL, "ISK"},
        {"isk", NULL, NULL, "ISK"},
        {"uSd", NULL, NULL, "USD"},
        {"", "string_too_short", "must have at least 3 characters", NULL},
        {"IS", "string_too_short", NULL, NULL},
        {"ISKX", "string_too_long", "must have at most 3 characters", NULL},
        {"XXX", "unknown_currency", unknown, NULL},
        {"   ", "unknown_currency", unknown, NULL},
        {"\u00fe\u00fe\u00fe", "unknown_currency", unknown, NULL},
        {"\u00fe\u00fe", "string_too_short", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        Orders__V1__Order order = good_order();
        order.currency = samples[i].given;
        expect(&order, ORDER_CURRENCY, "currency", samples[i].type, samples[i].message);
        if (samples[i].stored != NULL)
            cr_assert_str_eq(order.currency, samples[i].stored);
    }
}

Test(rules, status)
{
    for (int status = -1; status < 10; status++) {
        Orders__V1__Order order = good_order();
        order.status = (Orders__V1__OrderStatus)status;
        expect(
            &order, ORDER_STATUS, "status", status >= 1 && status <= 7 ? NULL : "enum",
            status >= 1 && status <= 7
                ? NULL
                : "must be one of pending, confirmed, processing, shipped, delivered, completed, cancelled");
        const char *word = order_status_word((Orders__V1__OrderStatus)status);
        if (word != NULL)
            cr_assert_eq((int)order_status_from_word(word, strlen(word)), status);
    }
    cr_assert_eq((int)order_status_from_word("pendin", 6), 0);
}

/* What a front end needs to say the same in words of its own. */
Test(rules, what_of_a_rule_varies_is_told_apart_from_the_words)
{
    static const struct {
        unsigned field;
        char *order_id, *currency;
        int64_t amount;
        const char *parameter;
    } samples[] = {
        {ORDER_ORDER_ID, "", "ISK", 1, "1"},
        {ORDER_ORDER_ID, "summary", "ISK", 1, "summary"},
        {ORDER_ORDER_ID, " ", "ISK", 1, ""},
        {ORDER_TOTAL_AMOUNT, "A", "ISK", 0, "0"},
        {ORDER_TOTAL_AMOUNT, "A", "ISK", INT64_MAX, "9007199254740991"},
        {ORDER_CURRENCY, "A", "IS", 1, "3"},
        {ORDER_CURRENCY, "A", "XXX", 1, "AUD, CAD, CHF, DKK, EUR, GBP, ISK, JPY, NOK, SEK, USD"},
    };
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        struct status status = STATUS_INIT;
        Orders__V1__Order order = good_order();
        order.order_id = samples[i].order_id;
        order.currency = samples[i].currency;
        order.total_amount = samples[i].amount;
        order_check(&order, samples[i].field, &arena, &status);
        cr_assert_eq(status.n_violations, 1);
        cr_expect_str_eq(status.violations[0].parameter, samples[i].parameter);
    }
}

Test(rules, all_violations_come_at_once_in_field_order)
{
    static const char *const fields[] = {"order_id", "customer_id", "total_amount", "currency"};
    Orders__V1__Order order = ORDERS__V1__ORDER__INIT;
    struct status status = STATUS_INIT;
    order_set_defaults(&order, &arena);
    order_check(&order, ORDER_CREATE_FIELDS, &arena, &status);
    cr_assert_eq(status.n_violations, 4);
    for (size_t i = 0; i < 4; i++)
        cr_assert_str_eq(status.violations[i].field, fields[i]);
}

Test(rules, defaults)
{
    Orders__V1__Order order = ORDERS__V1__ORDER__INIT;
    struct timestamp before = time_now();
    order_set_defaults(&order, &arena);
    cr_assert_eq(order.status, ORDERS__V1__ORDER_STATUS__ORDER_STATUS_PENDING);
    cr_assert_geq(order.order_date->seconds, before.seconds);
    cr_assert_leq(order.order_date->seconds, time_now().seconds);
}

static unsigned fields_of(Orders__V1__Order *order, bool masked, size_t n, char *paths[],
                          struct status *status)
{
    Orders__V1__UpdateOrderRequest request = ORDERS__V1__UPDATE_ORDER_REQUEST__INIT;
    Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
    mask.n_paths = n;
    mask.paths = paths;
    request.order = order;
    request.update_mask = masked ? &mask : NULL;
    *status = STATUS_INIT;
    return order_update_fields(&request, &arena, status);
}

Test(rules, update_mask)
{
    Orders__V1__Order order = good_order();
    struct status status;
    char *some[] = {"status", "total_amount", "status"}, *all[] = {"*"};
    cr_assert_eq(fields_of(&order, true, 3, some, &status), ORDER_STATUS | ORDER_TOTAL_AMOUNT);
    cr_assert_eq(status.n_violations, 0);
    cr_assert_eq(fields_of(&order, true, 1, all, &status), ORDER_UPDATE_FIELDS);
    cr_assert_eq(fields_of(&order, true, 0, NULL, &status), 0);
    cr_assert_eq(fields_of(&order, false, 0, NULL, &status), ORDER_UPDATE_FIELDS);
    order.currency = "";
    order.total_amount = 0;
    cr_assert_eq(fields_of(&order, false, 0, NULL, &status),
                 ORDER_CUSTOMER_ID | ORDER_ORDER_DATE | ORDER_STATUS);
}

Test(rules, update_mask_refuses_what_cannot_change)
{
    static char *bad[] = {"order_id", "id", "created_at", "updated_at", "nonsense", "", "order.status"};
    Orders__V1__Order order = good_order();
    struct status status;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        fields_of(&order, true, 1, &bad[i], &status);
        cr_assert_eq(status.n_violations, 1, "%s", bad[i]);
        cr_assert_str_eq(status.violations[0].field, "update_mask");
        cr_assert_str_eq(status.violations[0].type, "not_changeable");
    }
}

Test(rules, update_mask_complaints_are_bounded)
{
    enum { MANY = 10000 };
    char **paths = arena_calloc(&arena, MANY, sizeof *paths);
    Orders__V1__Order order = good_order();
    struct status status;
    for (size_t i = 0; i < MANY; i++)
        paths[i] = "x";
    fields_of(&order, true, MANY, paths, &status);
    cr_assert_eq(status.n_violations, 16);
}

Test(rules, possible_ids)
{
    cr_assert(order_id_possible("ORD-1"));
    cr_assert(order_id_possible("a/b c"));
    cr_assert(order_id_possible(repeat("\u00fe", 255)));
    cr_assert_not(order_id_possible(""));
    cr_assert_not(order_id_possible(" ORD-1"));
    cr_assert_not(order_id_possible("ORD-1 "));
    cr_assert_not(order_id_possible("OR\nD"));
    cr_assert_not(order_id_possible(repeat("x", 256)));
}

Test(rules, words_by_which_a_list_is_ordered_are_one_by_one_what_they_are_together)
{
    char all[256] = "";
    for (size_t i = 0; order_by_word(i) != NULL; i++)
        strcat(strcat(all, i == 0 ? "" : ", "), order_by_word(i));
    cr_expect_str_eq(all, order_by_words);
}
