/* amount.h: amounts of money as people write them.
 *
 * The service keeps an amount as an integer in the unit of its currency (orders/currency.h): 25990 is 259.90
 * ISK. Without --decimal an amount is that integer, and one with a decimal mark or a separator is refused
 * with what to write: 45.00 EUR must not become 0.45 EUR. With --decimal an amount has exactly the decimals
 * of its currency.
 */
#ifndef ORDERSCTL_AMOUNT_H
#define ORDERSCTL_AMOUNT_H

#include "base/arena.h"
#include "base/status.h"

#include <argp.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* The options --decimal, --decimal-mark and --thousands; their input is a struct amount_notation. */
extern const struct argp amount_argp;

/* How amounts are written; all zero: as integers. */
struct amount_notation {
    bool decimal;
    char mark;      /* before the decimals: '.' or ','; '\0': '.' */
    char separator; /* of thousands: ',', '.', ' ' or '\''; '\0': there is none */
};

/* Reads an amount of this currency, with its code behind a blank or without, by a notation that is decimal.
 * False: *error, in the arena, says what to write. */
bool amount_read(const struct amount_notation *notation, const char *text, const char *currency,
                 struct arena *arena, int64_t *amount, const char **error);

/* The digits of the integer that an amount of this currency ("" where that is not known) is kept as, in the
 * arena, by either notation; one that is no number at all is left as it is, for others to refuse. False:
 * *digits is what to write instead. */
bool amount_to_digits(const struct amount_notation *notation, const char *text, const char *currency,
                      struct arena *arena, const char **digits);

/* Makes the total_amount of an order in JSON the integer that it is kept as, by the currency beside it. One
 * that cannot be is taken out, and is a violation in the status; one that is no text at all, or not there, or
 * in what is no object, stays for others to look at. */
void amount_read_member(const struct amount_notation *notation, json_t *order, struct arena *arena,
                        struct status *status);

/* Refuses every total_amount that is no integer, however deep in a request in JSON, as the function above
 * does. */
void amount_check_members(json_t *value, struct arena *arena, struct status *status);

/* An amount for people, with thousands separated by commas: "1,299.80 ISK". */
const char *amount_show(int64_t amount, const char *currency, struct arena *arena);

#endif
