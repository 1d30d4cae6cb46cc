/* test_likeness.c: slips are found, and what is another word is not. */
#include "base/likeness.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdlib.h>
#include <string.h>

struct pair {
    char typed[80], name[40];
    int likeness;
};

ParameterizedTestParameters(likeness, names)
{
    static struct pair pairs[] = {
        {"total_amount", "total_amount", 0},
        {"Total Amount", "total_amount", 0},
        {"totalAmount", "total_amount", 0},
        {"total_amout", "total_amount", 1},
        {"totl_ammount", "total_amount", 2},
        {"amount", "total_amount", 5}, /* within it */
        {"xstatus", "status", 1},
        {"stauts", "status", 1}, /* two neighbours that changed places */
        {"lits", "list", 1},
        {"gte", "get", 1},
        {"note", "total_amount", NAMES_UNLIKE},
        {"id", "currency", NAMES_UNLIKE},
        {"xx", "id", NAMES_UNLIKE},
        {"d", "id", NAMES_UNLIKE},
        {"am", "total_amount", NAMES_UNLIKE}, /* too short to say anything */
        {"", "id", NAMES_UNLIKE},
        {"---", "id", NAMES_UNLIKE},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "id",
         NAMES_UNLIKE},
    };
    return cr_make_param_array(struct pair, pairs, sizeof pairs / sizeof pairs[0]);
}

ParameterizedTest(struct pair *pair, likeness, names)
{
    cr_assert_eq(name_likeness(pair->typed, pair->name), pair->likeness, "%s, %s: %d", pair->typed,
                 pair->name, name_likeness(pair->typed, pair->name));
}
