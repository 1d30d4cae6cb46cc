/* currency.c: the one list of currencies. The database's check has the same codes. */
#include "orders/currency.h"

#include <stdlib.h>
#include <string.h>

static const char *const codes[] = {"AUD", "CAD", "CHF", "DKK", "EUR", "GBP",
                                    "ISK", "JPY", "NOK", "SEK", "USD"};

const char currency_codes[] = "AUD, CAD, CHF, DKK, EUR, GBP, ISK, JPY, NOK, SEK, USD";

static int compare(const void *code, const void *entry)
{
    return strcmp(code, *(const char *const *)entry);
}

const char *currency_find(const char *code)
{
    const char *const *found = bsearch(code, codes, sizeof codes / sizeof codes[0], sizeof codes[0], compare);
    return found != NULL ? *found : NULL;
}

const char *currency_code(size_t index)
{
    return index < sizeof codes / sizeof codes[0] ? codes[index] : NULL;
}
