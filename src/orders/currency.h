/* currency.h: the currencies orders are paid in (ISO 4217), and how an amount of each is written. */
#ifndef ORDERS_CURRENCY_H
#define ORDERS_CURRENCY_H

#include <stddef.h>
#include <stdint.h>

struct currency {
    char code[4];
    unsigned decimals; /* of an amount that is stored as an integer: 25990 with 2 of them is 259.90 */
};

enum {
    CURRENCIES = 11,
    CURRENCY_AMOUNT_TEXT = 24, /* room for "-92233720368547758.08" and its NUL */
};

/* By code, A to Z. */
extern const struct currency currencies[CURRENCIES];

/* The codes, comma-separated as a message shows them: "AUD, CAD, …". */
extern const char currency_codes[];

/* The static string of a code in upper case, which may be compared and kept by pointer; NULL when it is none.
 */
const char *currency_find(const char *code);

/* The codes one by one, A to Z; NULL behind the last. */
const char *currency_code(size_t index);

/* Writes an amount, given in the unit it is stored in, with the decimals of its currency: "259.90". One in a
 * currency that is not in the table stays the plain integer. Returns the length. */
size_t currency_format(int64_t amount, const char *code, char out[static CURRENCY_AMOUNT_TEXT]);

#endif
