/* test_amount.c: amounts as people write them: what is taken, and what is written in place of what is not. */
#include "amount.h"

#include <criterion/criterion.h>
#include <string.h>

TestSuite(amount, .timeout = 60);

static const struct amount_notation integers = {.decimal = false}, points = {.decimal = true},
                                    grouped = {.decimal = true, .separator = ','},
                                    german = {.decimal = true, .mark = ',', .separator = '.'},
                                    french = {.decimal = true, .mark = ',', .separator = ' '},
                                    swiss = {.decimal = true, .separator = '\''};

Test(amount, is_read_by_its_notation_and_the_decimals_of_its_currency)
{
    static const struct {
        const struct amount_notation *notation;
        const char *text, *currency;
        int64_t amount;
    } samples[] = {
        {&points, "1299.80", "ISK", 129980},
        {&points, "0.45", "EUR", 45},
        {&points, "45.00", "eur", 4500},
        {&points, " 45.00\t", "EUR", 4500},
        {&points, "1299", "JPY", 1299},
        {&points, "1299.80 ISK", "ISK", 129980},
        {&points, "1299.80 isk", "ISK", 129980},
        {&points, "90071992547409.91", "USD", 9007199254740991},
        {&points, "92233720368547758.07", "USD", INT64_MAX},
        {&grouped, "1,299.80", "ISK", 129980},
        {&grouped, "1299.80", "ISK", 129980},
        {&grouped, "299.80", "ISK", 29980},
        {&grouped, "90,071,992,547,409.91 USD", "USD", 9007199254740991},
        {&grouped, "9,007,199,254,740,991", "JPY", 9007199254740991},
        {&german, "25.000,00", "ISK", 2500000},
        {&german, "25.000", "JPY", 25000},
        {&french, "1 299,80", "EUR", 129980},
        {&french,
         "1\xc2\xa0"
         "299,80\xc2\xa0"
         "EUR",
         "EUR", 129980},
        {&french,
         "1\xe2\x80\xaf"
         "299,80",
         "EUR", 129980},
        {&swiss, "1'299.80", "CHF", 129980},
        {&swiss,
         "1\xe2\x80\x99"
         "299.80 CHF",
         "CHF", 129980},
    };
    struct arena arena;
    arena_init(&arena);
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        int64_t amount = -1;
        const char *error = "";
        cr_expect(
            amount_read(samples[i].notation, samples[i].text, samples[i].currency, &arena, &amount, &error),
            "%s: %s", samples[i].text, error);
        cr_expect_eq(amount, samples[i].amount, "%s", samples[i].text);
    }
    arena_free(&arena);
}

Test(amount, that_does_not_fit_is_refused)
{
    static const struct {
        const struct amount_notation *notation;
        const char *text, *currency;
    } samples[] = {
        {&points, "", "ISK"},
        {&points, ".", "ISK"},
        {&points, ".80", "ISK"},
        {&points, "1299", "ISK"},
        {&points, "1299.", "ISK"},
        {&points, "1299.8", "ISK"},
        {&points, "1299.800", "ISK"},
        {&points, "25.000", "ISK"},
        {&points, "1299,80", "ISK"},
        {&points, "1,299.80", "ISK"},
        {&points, "1 299.80", "ISK"},
        {&points, "1299.80 EUR", "ISK"},
        {&points, "1299.80ISK", "ISK"},
        {&points, "ISK", "ISK"},
        {&points, " ISK", "ISK"},
        {&points, "-1.00", "ISK"},
        {&points, "+1.00", "ISK"},
        {&points, "1e3", "JPY"},
        {&points, "1299.00", "JPY"},
        {&points, "1299.", "JPY"},
        {&points, "\xd9\xa1\xd9\xa2", "JPY"}, /* digits of another script */
        {&points, "92233720368547758.08", "USD"},
        {&points, "100000000000000000000.00", "USD"},
        {&grouped, ",299.80", "ISK"},
        {&grouped, "1,29.80", "ISK"},
        {&grouped, "1,2999.80", "ISK"},
        {&grouped, "1,299,80", "ISK"},
        {&grouped, "1299,800.00", "ISK"},
        {&grouped, "1,299,800", "ISK"},
        {&grouped, "1,,299.80", "ISK"},
        {&grouped, "1,299,.80", "ISK"},
        {&german, "25.000", "ISK"},
        {&german, "25,000", "ISK"},
        {&german, "1,299.80", "ISK"},
        {&points, "1.00", "XXX"},
        {&points, "1.00", ""},
    };
    struct arena arena;
    arena_init(&arena);
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        int64_t amount;
        const char *error = NULL;
        cr_expect_not(
            amount_read(samples[i].notation, samples[i].text, samples[i].currency, &arena, &amount, &error),
            "%s", samples[i].text);
        cr_expect(error != NULL && *error != '\0', "%s", samples[i].text);
    }
    arena_free(&arena);
}

/* A violation's message, after an order was read; "" when it was taken. */
static const char *refusal(const struct amount_notation *notation, const char *text, json_t **order,
                           struct arena *arena)
{
    struct status status = STATUS_INIT;
    *order = json_loads(text, 0, NULL);
    cr_assert_not_null(*order, "%s", text);
    amount_read_member(notation, *order, arena, &status);
    return status.n_violations > 0 ? status.violations[0].message : "";
}

Test(amount, refusal_says_what_to_write)
{
    static const struct {
        const struct amount_notation *notation;
        const char *order, *message;
    } samples[] = {
        {&integers, "{\"total_amount\":\"45.00\",\"currency\":\"EUR\"}",
         "\"45.00\" is no integer: amounts are in the unit they are stored in, as 4500 for 45.00 EUR; "
         "create, update "
         "and import take decimals with --decimal"},
        {&integers, "{\"total_amount\":\"25.000\",\"currency\":\"ISK\"}",
         "\"25.000\" is no integer: amounts are in the unit they are stored in, as 129980 for 1299.80 ISK; "
         "create, "
         "update and import take decimals with --decimal"},
        {&integers, "{\"totalAmount\":\"1,5\"}",
         "\"1,5\" is no integer: amounts are in the unit they are stored in, as 129980 for 1299.80 ISK; "
         "create, "
         "update and import take decimals with --decimal"},
        {&integers, "{\"total_amount\":45.00,\"currency\":\"EUR\"}",
         "must be an integer, without a fraction, in the unit it is stored in: 25990 for 259.90 ISK"},
        {&points, "{\"total_amount\":\"1299.8\",\"currency\":\"ISK\"}",
         "\"1299.8\" is no amount in ISK: write it with 2 decimals, like 1299.80; --decimal-mark and "
         "--thousands take "
         "others"},
        {&german, "{\"total_amount\":\"1,299.80\",\"currency\":\"ISK\"}",
         "\"1,299.80\" is no amount in ISK: write it with 2 decimals, like 1.299,80"},
        {&grouped, "{\"total_amount\":\"45.00\",\"currency\":\"JPY\"}",
         "\"45.00\" is no amount in JPY: write it with no decimals, like 1,299"},
        {&grouped, "{\"total_amount\":129980,\"currency\":\"ISK\"}",
         "is a JSON number: write it as a string with 2 decimals, like 1,299.80"},
        {&grouped, "{\"total_amount\":1299.8,\"currency\":\"ISK\"}",
         "is a JSON number: write it as a string with 2 decimals, like 1,299.80"},
        {&points, "{\"total_amount\":\"1.00\"}",
         "has the decimals of its currency, which is none of AUD, CAD, CHF, DKK, EUR, GBP, ISK, JPY, NOK, "
         "SEK, USD"},
    };
    struct arena arena;
    arena_init(&arena);
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        json_t *order;
        cr_expect_str_eq(refusal(samples[i].notation, samples[i].order, &order, &arena), samples[i].message);
        cr_expect_null(json_object_get(order, "total_amount"), "it is told once");
        json_decref(order);
    }
    arena_free(&arena);
}

/* Integers stay, so does what others are to refuse, and a text by --decimal becomes one. */
Test(amount, of_an_order_becomes_an_integer)
{
    static const struct {
        const struct amount_notation *notation;
        const char *order, *becomes;
    } samples[] = {
        {&integers, "{\"total_amount\":4500}", "{\"total_amount\":4500}"},
        {&integers, "{\"total_amount\":\"4500\"}", "{\"total_amount\":\"4500\"}"},
        {&integers, "{\"total_amount\":\"x\"}", "{\"total_amount\":\"x\"}"},
        {&integers, "{\"total_amount\":null}", "{\"total_amount\":null}"},
        {&points, "{\"total_amount\":true,\"currency\":\"ISK\"}",
         "{\"total_amount\":true,\"currency\":\"ISK\"}"},
        {&points, "{\"total_amount\":\"45.00\",\"currency\":\"ISK\"}",
         "{\"total_amount\":4500,\"currency\":\"ISK\"}"},
        {&points, "{\"totalAmount\":\"45.00\",\"currency\":\"ISK\"}",
         "{\"totalAmount\":4500,\"currency\":\"ISK\"}"},
        {&points, "{\"total_amount\":45,\"currency\":\"JPY\"}", "{\"total_amount\":45,\"currency\":\"JPY\"}"},
        {&points, "{\"currency\":\"ISK\"}", "{\"currency\":\"ISK\"}"},
        {&points, "[1.5]", "[1.5]"},
    };
    struct arena arena;
    arena_init(&arena);
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        json_t *order, *expected = json_loads(samples[i].becomes, 0, NULL);
        cr_expect_str_eq(refusal(samples[i].notation, samples[i].order, &order, &arena), "");
        cr_expect(json_equal(order, expected), "%s", samples[i].order);
        json_decref(order);
        json_decref(expected);
    }
    arena_free(&arena);
}

Test(amount, is_looked_for_in_all_of_a_request)
{
    struct arena arena;
    struct status status = STATUS_INIT;
    json_t *request = json_loads("{\"orders\":[{\"total_amount\":1},{\"total_amount\":45.00},{"
                                 "\"totalAmount\":\"45.00\",\"currency\":\"EUR\"}]}",
                                 0, NULL);
    arena_init(&arena);
    amount_check_members(request, &arena, &status);
    cr_expect_eq(status.n_violations, 2);
    json_decref(request);
    arena_free(&arena);
}

/* What is shown is read back, with the separators that it is shown with. */
Test(amount, is_shown_in_groups_and_read_back)
{
    static const struct {
        int64_t amount;
        const char *currency, *text;
    } samples[] = {
        {5, "ISK", "0.05 ISK"},
        {99999, "ISK", "999.99 ISK"},
        {100000, "ISK", "1,000.00 ISK"},
        {129980, "ISK", "1,299.80 ISK"},
        {999, "JPY", "999 JPY"},
        {1000000, "JPY", "1,000,000 JPY"},
        {9007199254740991, "EUR", "90,071,992,547,409.91 EUR"},
        {INT64_MAX, "JPY", "9,223,372,036,854,775,807 JPY"},
    };
    struct arena arena;
    arena_init(&arena);
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        int64_t amount = -1;
        const char *error = "";
        cr_expect_str_eq(amount_show(samples[i].amount, samples[i].currency, &arena), samples[i].text);
        cr_expect(amount_read(&grouped, samples[i].text, samples[i].currency, &arena, &amount, &error), "%s",
                  error);
        cr_expect_eq(amount, samples[i].amount);
    }
    cr_expect_str_eq(amount_show(-129980, "ISK", &arena), "-1,299.80 ISK");
    cr_expect_str_eq(amount_show(INT64_MIN, "JPY", &arena), "-9,223,372,036,854,775,808 JPY");
    cr_expect_str_eq(amount_show(129980, "XXX", &arena), "129,980 XXX");
    arena_free(&arena);
}
