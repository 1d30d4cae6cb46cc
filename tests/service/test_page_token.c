/* test_page_token.c: tokens come back, and nothing else passes for one. */
#include "service/page_token.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct store_next places[] = {
    {.id = 1},
    {.id = 2},
    {.id = INT64_MAX},
    {.id = 0},
    {.id = -5},
    {.id = INT64_MIN},
    {.id = 0, .key = -1},
    {.id = 3, .key = 1},
    {.id = 3, .key = INT64_MIN},
    {.id = 3, .key = INT64_MAX},
    {.id = 3, .key = INT64_MAX, .skip = INT64_MAX},
    {.id = 3, .skip = 1},
    {.id = 3, .is_key_null = true},
    {.id = -5, .is_key_null = true, .skip = 7},
};

enum { PLACES = sizeof places / sizeof places[0] };

Test(page_token, comes_back)
{
    for (size_t i = 0; i < PLACES; i++) {
        Orders__V1__ListOrdersRequest request = ORDERS__V1__LIST_ORDERS_REQUEST__INIT;
        char token[PAGE_TOKEN_TEXT];
        struct store_next next;
        request.customer_id = "CUST-1";
        request.search = "x";
        page_token_make(&request, &places[i], token);
        request.page_token = token;
        cr_assert(page_token_read(&request, &next), "%s", token);
        cr_assert(next.more && next.id == places[i].id && next.key == places[i].key &&
                  next.is_key_null == places[i].is_key_null && next.skip == places[i].skip);
    }
}

/* Servers of two builds run beside each other, and one goes on with what the other began. */
Test(page_token, of_filters_that_there_were_first_is_what_it_was)
{
    Orders__V1__ListOrdersRequest request = ORDERS__V1__LIST_ORDERS_REQUEST__INIT;
    char token[PAGE_TOKEN_TEXT];
    page_token_make(&request, &places[0], token);
    cr_assert_str_eq(token, "00000000000000010eaff284");
}

/* Builds that did not know nulls wrote INT64_MAX for one, and refuse what is neither short nor long. */
Test(page_token, of_a_null_is_what_it_was)
{
    static const struct {
        const struct store_next next;
        char *token;
    } nulls[] = {
        {{.id = 3, .is_key_null = true}, "00000000000000037fffffffffffffff0000000000000000b06cab5f"},
        {{.id = 3, .is_key_null = true, .skip = 7},
         "00000000000000037fffffffffffffff000000000000000722c31178"},
    };
    for (size_t i = 0; i < sizeof nulls / sizeof nulls[0]; i++) {
        Orders__V1__ListOrdersRequest request = ORDERS__V1__LIST_ORDERS_REQUEST__INIT;
        char token[PAGE_TOKEN_TEXT];
        struct store_next next;
        request.order_by = "order_date";
        page_token_make(&request, &nulls[i].next, token);
        cr_expect_str_eq(token, nulls[i].token);
        request.page_token = nulls[i].token;
        cr_assert(page_token_read(&request, &next));
        cr_expect(next.is_key_null && next.key == 0 && next.id == 3 && next.skip == nulls[i].next.skip);
    }
}

Test(page_token, an_empty_one_is_the_start)
{
    Orders__V1__ListOrdersRequest request = ORDERS__V1__LIST_ORDERS_REQUEST__INIT;
    struct store_next next = {.id = 5, .key = 5, .skip = 5};
    cr_assert(page_token_read(&request, &next));
    cr_assert(!next.more && next.id == 0 && next.key == 0 && next.skip == 0);
}

Test(page_token, every_changed_character_is_noticed)
{
    for (size_t place = 0; place < PLACES; place++) {
        Orders__V1__ListOrdersRequest request = ORDERS__V1__LIST_ORDERS_REQUEST__INIT;
        char token[PAGE_TOKEN_TEXT];
        struct store_next next;
        page_token_make(&request, &places[place], token);
        request.page_token = token;
        for (size_t i = 0; token[i] != '\0'; i++) {
            char kept = token[i];
            for (const char *other = "0123456789abcdefgXx -+"; *other != '\0'; other++) {
                token[i] = *other;
                cr_assert(*other == kept || !page_token_read(&request, &next), "%s", token);
            }
            token[i] = '\0'; /* nor does a part pass for the whole */
            cr_assert(i == 0 || !page_token_read(&request, &next), "%s", token);
            token[i] = kept;
        }
    }
}

Test(page_token, belongs_to_its_filters)
{
    Orders__V1__ListOrdersRequest request = ORDERS__V1__LIST_ORDERS_REQUEST__INIT, other;
    Google__Protobuf__Timestamp then = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    Orders__V1__OrderStatus statuses[] = {ORDERS__V1__ORDER_STATUS__ORDER_STATUS_PENDING};
    char token[PAGE_TOKEN_TEXT];
    struct store_next next;
    page_token_make(&request, &places[0], token);
    request.page_token = token;
#define EXPECT_OTHER(change)                                    \
    do {                                                        \
        other = request;                                        \
        change;                                                 \
        cr_expect_not(page_token_read(&other, &next), #change); \
    } while (0)
    EXPECT_OTHER(other.status = statuses[0]);
    EXPECT_OTHER(other.customer_id = "a");
    EXPECT_OTHER(other.order_by = "order_date");
    EXPECT_OTHER((other.statuses = statuses, other.n_statuses = 1));
    EXPECT_OTHER(other.placed_from = &then);
    EXPECT_OTHER(other.placed_before = &then);
    EXPECT_OTHER(other.currency = "EUR");
    EXPECT_OTHER(other.min_amount = 1);
    EXPECT_OTHER(other.max_amount = 1);
    EXPECT_OTHER(other.search = "a");
#undef EXPECT_OTHER
    request.page_size = 5; /* these may change from page to page */
    request.skip = 5;
    request.count = true;
    cr_assert(page_token_read(&request, &next));
}
