/* test_currency.c: the table of currencies, and amounts written with the decimals they are stored with. */
#include "orders/currency.h"

#include <criterion/criterion.h>
#include <string.h>

Test(currency, codes_are_sorted_and_those_of_the_message)
{
    char list[256] = "";
    const char *code;
    for (size_t i = 0; (code = currency_code(i)) != NULL; i++) {
        cr_assert(i == 0 || strcmp(currency_code(i - 1), code) < 0);
        cr_assert_eq(currency_find(code), code);
        strcat(strcat(list, i == 0 ? "" : ", "), code);
    }
    cr_assert_str_eq(list, currency_codes);
}

Test(currency, a_code_is_found_in_either_case)
{
    cr_assert_str_eq(currency_find("isk"), "ISK");
    cr_assert_eq(currency_find("Isk"), currency_find("ISK"));
    cr_assert_eq(currency_decimals("ISK"), 2);
    cr_assert_eq(currency_decimals("jpy"), 0);
    static const char *const others[] = {"", "IS", "ISKR", "XXX", "I\xc5\xbfK"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        cr_assert_null(currency_find(others[i]));
}

Test(currency, amounts_have_the_decimals_of_the_unit_they_are_stored_in)
{
    static const struct {
        int64_t amount;
        const char *code, *text;
    } samples[] = {
        {25990, "ISK", "259.90"},
        {1, "USD", "0.01"},
        {10, "EUR", "0.10"},
        {100, "GBP", "1.00"},
        {0, "ISK", "0.00"},
        {-5, "ISK", "-0.05"},
        {-12345, "CHF", "-123.45"},
        {25990, "JPY", "25990"},
        {-1, "JPY", "-1"},
        {9007199254740991, "ISK", "90071992547409.91"},
        {INT64_MAX, "NOK", "92233720368547758.07"},
        {INT64_MIN, "NOK", "-92233720368547758.08"},
        {INT64_MIN, "JPY", "-9223372036854775808"},
        {25990, "XXX", "25990"}, /* of a service that is newer than this program */
        {25990, "", "25990"},
    };
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        char text[CURRENCY_AMOUNT_TEXT];
        const size_t length = currency_format(samples[i].amount, samples[i].code, text);
        cr_assert_str_eq(text, samples[i].text);
        cr_assert_eq(length, strlen(text));
    }
}
