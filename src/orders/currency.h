/* currency.h: the currencies orders are paid in (ISO 4217). */
#ifndef ORDERS_CURRENCY_H
#define ORDERS_CURRENCY_H

#include <stddef.h>

/* The codes, comma-separated as a message shows them: "AUD, CAD, …". */
extern const char currency_codes[];

/* The static string of a code in upper case, which may be compared and kept by pointer; NULL when it is none.
 */
const char *currency_find(const char *code);

/* The codes one by one, A to Z; NULL behind the last. */
const char *currency_code(size_t index);

#endif
