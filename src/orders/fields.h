/* fields.h: what each field of the API's messages may hold, as a table.
 *
 * The checks in rules.c take their numbers from here, and the description of the API its numbers and words. A
 * field that has no row is described by its type alone. No I/O.
 */
#ifndef ORDERS_FIELDS_H
#define ORDERS_FIELDS_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ORDER_AMOUNT_MAX INT64_C(9007199254740991) /* 2^53 - 1: every JSON reader has it exactly */

enum {
    ORDER_PAGE_DEFAULT = 100,
    ORDER_PAGE_MAX = 1000,
    ORDER_BATCH_MAX = 1000,
};

/* By which a list can be ordered, one by one, NULL behind the last; and all of them, with commas between. */
const char *order_by_word(size_t index);
extern const char order_by_words[];

struct field_rule {
    const ProtobufCMessageDescriptor *message;
    const char *name;
    const char *description; /* CommonMark; of money without its unit, which currency.h has */
    const char *example;     /* as text; NULL where it is made of those of a message within */
    bool amount;             /* it is money */

    bool required;  /* of one who makes it */
    bool read_only; /* the database makes it */

    /* Of a string: characters once it is trimmed, 0 for any number; a format as JSON Schema knows them; a
     * pattern (ECMA-262) of what it may hold; the one it cannot be; and what it can be and nothing else, one
     * by one, NULL behind the last. */
    unsigned least_characters, most_characters;
    const char *format;
    const char *pattern;
    const char *reserved;
    const char *(*word)(size_t index);

    /* Of a number: INT64_MAX for no upper limit; both 0: what its type holds. */
    int64_t least, most;

    /* What it is when it is left out. NULL and 0: nothing that is the same every time; in words, if anything.
     */
    const char *preset_word;
    int64_t preset;
    const char *preset_described; /* CommonMark: "the present" */
};

/* The first rows are those of the fields that a caller may set in an order, in the order of the bits of enum
 * order_fields (rules.h). */
extern const struct field_rule field_rules[];
extern const size_t field_rules_count;

/* NULL when the field has no row. */
const struct field_rule *field_rule_find(const ProtobufCMessageDescriptor *message, const char *name);

#endif
