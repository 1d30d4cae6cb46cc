/* test_page_token.c: tokens come back, and nothing else passes for one. */
#include "service/page_token.h"

#include <criterion/criterion.h>
#include <string.h>

static const int64_t ids[] = {1, 2, 0x7fffffffffffffff};

Test(page_token, comes_back)
{
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        Orders__V1__ListOrdersRequest request = ORDERS__V1__LIST_ORDERS_REQUEST__INIT;
        char token[PAGE_TOKEN_TEXT];
        int64_t id = 0;
        request.customer_id = "CUST-1";
        page_token_make(&request, ids[i], token);
        request.page_token = token;
        cr_assert(page_token_read(&request, &id));
        cr_assert_eq(id, ids[i]);
    }
}

Test(page_token, an_empty_one_is_the_start)
{
    Orders__V1__ListOrdersRequest request = ORDERS__V1__LIST_ORDERS_REQUEST__INIT;
    int64_t id = 5;
    cr_assert(page_token_read(&request, &id));
    cr_assert_eq(id, 0);
}

Test(page_token, every_changed_character_is_noticed)
{
    Orders__V1__ListOrdersRequest request = ORDERS__V1__LIST_ORDERS_REQUEST__INIT;
    char token[PAGE_TOKEN_TEXT];
    int64_t id;
    page_token_make(&request, 12345, token);
    request.page_token = token;
    for (size_t i = 0; i < PAGE_TOKEN_TEXT - 1; i++) {
        char kept = token[i];
        for (const char *other = "0123456789abcdefgXx -+"; *other != '\0'; other++) {
            token[i] = *other;
            cr_assert(*other == kept || !page_token_read(&request, &id), "%s", token);
        }
        token[i] = kept;
    }
}

Test(page_token, belongs_to_its_filters)
{
    Orders__V1__ListOrdersRequest request = ORDERS__V1__LIST_ORDERS_REQUEST__INIT;
    char token[PAGE_TOKEN_TEXT];
    int64_t id;
    page_token_make(&request, 12345, token);
    request.page_token = token;
    request.status = ORDERS__V1__ORDER_STATUS__ORDER_STATUS_PENDING;
    cr_assert_not(page_token_read(&request, &id));
    request.status = 0;
    request.customer_id = "a";
    cr_assert_not(page_token_read(&request, &id));
    request.customer_id = "";
    request.page_size = 5; /* may change from page to page */
    cr_assert(page_token_read(&request, &id));
}
