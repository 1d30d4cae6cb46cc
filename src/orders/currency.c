/* currency.c: the one table of currencies. The database's check has the same codes. */
#include "orders/currency.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* By code, A to Z.
 *
 * ISO 4217 gives ISK no decimals since there are no aurar to pay with; amounts are kept in aurar all the
 * same, as the callers of this service always sent them. */
/* clang-format off */
#define TABLE(ROW) \
    ROW("AUD", 2) ROW("CAD", 2) ROW("CHF", 2) ROW("DKK", 2) ROW("EUR", 2) ROW("GBP", 2) \
    ROW("ISK", 2) ROW("JPY", 0) ROW("NOK", 2) ROW("SEK", 2) ROW("USD", 2)
/* clang-format on */

#define ENTRY(code, decimals)  {code, decimals},
#define LISTED(code, decimals) ", " code

struct currency {
    char code[4];
    unsigned decimals;
};

static const struct currency currencies[] = {TABLE(ENTRY)};

enum { CURRENCIES = sizeof currencies / sizeof currencies[0] };

const char *const currency_codes = &(TABLE(LISTED))[2]; /* nothing stands before the first */

const char *currency_code(size_t index)
{
    return index < CURRENCIES ? currencies[index].code : NULL;
}

static int compare_codes(const void *code, const void *entry)
{
    return strcasecmp(code, ((const struct currency *)entry)->code);
}

static const struct currency *look_up(const char *code)
{
    return bsearch(code, currencies, CURRENCIES, sizeof currencies[0], compare_codes);
}

const char *currency_find(const char *code)
{
    const struct currency *found = look_up(code);
    return found != NULL ? found->code : NULL;
}

unsigned currency_decimals(const char *code)
{
    const struct currency *found = look_up(code);
    return found != NULL ? found->decimals : 0;
}

size_t currency_format(int64_t amount, const char *code, char out[static CURRENCY_AMOUNT_TEXT])
{
    const unsigned decimals = currency_decimals(code);
    /* Negated as unsigned, so that INT64_MIN has its magnitude too. */
    const uint64_t magnitude = amount < 0 ? -(uint64_t)amount : (uint64_t)amount;
    const char *sign = amount < 0 ? "-" : "";
    uint64_t unit = 1;
    for (unsigned i = 0; i < decimals; i++)
        unit *= 10;
    const int length = decimals == 0 ? snprintf(out, CURRENCY_AMOUNT_TEXT, "%s%" PRIu64, sign, magnitude)
                                     : snprintf(out, CURRENCY_AMOUNT_TEXT, "%s%" PRIu64 ".%0*" PRIu64, sign,
                                                magnitude / unit, (int)decimals, magnitude % unit);
    return (size_t)length;
}
