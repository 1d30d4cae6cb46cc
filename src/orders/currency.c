/* currency.c: the one table of currencies. The database's check has the same codes. */
#include "orders/currency.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ISO 4217 gives ISK no decimals since there are no aurar to pay with; amounts are kept in aurar all the
 * same, as the callers of this service always sent them. */
const struct currency currencies[CURRENCIES] = {
    {"AUD", 2}, {"CAD", 2}, {"CHF", 2}, {"DKK", 2}, {"EUR", 2}, {"GBP", 2},
    {"ISK", 2}, {"JPY", 0}, {"NOK", 2}, {"SEK", 2}, {"USD", 2},
};

const char currency_codes[] = "AUD, CAD, CHF, DKK, EUR, GBP, ISK, JPY, NOK, SEK, USD";

static int compare(const void *code, const void *entry)
{
    return strcmp(code, ((const struct currency *)entry)->code);
}

static const struct currency *look_up(const char *code)
{
    return bsearch(code, currencies, CURRENCIES, sizeof currencies[0], compare);
}

const char *currency_find(const char *code)
{
    const struct currency *found = look_up(code);
    return found != NULL ? found->code : NULL;
}

size_t currency_format(int64_t amount, const char *code, char out[static CURRENCY_AMOUNT_TEXT])
{
    const struct currency *currency = look_up(code);
    const unsigned decimals = currency != NULL ? currency->decimals : 0;
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

const char *currency_code(size_t index)
{
    return index < CURRENCIES ? currencies[index].code : NULL;
}
