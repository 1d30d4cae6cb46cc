/* currency.h: the currencies orders are paid in (ISO 4217), and how an amount of each is written. */
#ifndef ORDERS_CURRENCY_H
#define ORDERS_CURRENCY_H

#include <stddef.h>
#include <stdint.h>

enum { CURRENCY_AMOUNT_TEXT = 24 /* room for "-92233720368547758.08" and its NUL */ };

/* The codes, comma-separated as a message shows them: "AUD, CAD, …". */
extern const char *const currency_codes;

/* The codes one by one, A to Z; NULL behind the last. */
const char *currency_code(size_t index);

/* The static string of a code, given in upper or lower case, which may be compared and kept by pointer; NULL
 * when it is none. */
const char *currency_find(const char *code);

/* The decimals of an amount that is stored as an integer: 25990 with 2 of them is 259.90. 0 for a currency
 * that is not in the table. */
unsigned currency_decimals(const char *code);

/* Writes an amount, given in the unit it is stored in, with the decimals of its currency: "259.90". One in a
 * currency that is not in the table stays the plain integer. Returns the length. */
size_t currency_format(int64_t amount, const char *code, char out[static CURRENCY_AMOUNT_TEXT]);

#endif
