/* amount.c: reads an amount from its end: the code of its currency, the decimals, and groups of three digits.
 */
#include "amount.h"

#include "orders/currency.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

enum { KEY_DECIMAL = 0x700, KEY_MARK, KEY_THOUSANDS, GROUP = 3, EXAMPLE = 129980, EXAMPLE_WHOLE = 1299 };

/* --- options --- */

static const struct argp_option options[] = {
    {"decimal", KEY_DECIMAL, NULL, 0,
     "Amounts have the decimals of their currency, as tables show them: 259.90 in place of 25990"},
    {"decimal-mark", KEY_MARK, "point|comma", 0, "With --decimal: what stands before them (default point)"},
    {"thousands", KEY_THOUSANDS, "comma|point|space|apostrophe", 0,
     "With --decimal: what may separate thousands (default: nothing)"},
    {0},
};

static const struct sign {
    const char *name;
    char sign;
    bool is_mark;
} signs[] = {{"point", '.', true}, {"comma", ',', true}, {"space", ' ', false}, {"apostrophe", '\'', false}};

/* '\0': it is none. */
static char find_sign(const char *text, bool mark)
{
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        const bool named = strcmp(signs[i].name, text) == 0 || (text[0] == signs[i].sign && text[1] == '\0');
        if (named && (signs[i].is_mark || !mark))
            return signs[i].sign;
    }
    return '\0';
}

static char mark_of(const struct amount_notation *notation)
{
    if (notation->mark == '\0')
        return '.';
    return notation->mark;
}

static void check_notation(const struct amount_notation *notation, struct argp_state *state)
{
    if (!notation->decimal && (notation->mark != '\0' || notation->separator != '\0'))
        argp_error(state, "--decimal-mark and --thousands go with --decimal");
    if (notation->separator == mark_of(notation))
        argp_error(state, "--thousands: is the decimal mark, too; see --decimal-mark");
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct amount_notation *notation = state->input;
    switch (key) {
    case KEY_DECIMAL:
        notation->decimal = true;
        return 0;
    case KEY_MARK:
        notation->mark = find_sign(argument, true);
        if (notation->mark == '\0')
            argp_error(state, "--decimal-mark: \"%s\" is not point or comma", argument);
        return 0;
    case KEY_THOUSANDS:
        notation->separator = find_sign(argument, false);
        if (notation->separator == '\0')
            argp_error(state, "--thousands: \"%s\" is not comma, point, space or apostrophe", argument);
        return 0;
    case ARGP_KEY_END:
        check_notation(notation, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp amount_argp = {.options = options, .parser = parse};

/* --- for people --- */

/* Writes digits in groups of three, of which the last ends where they end. */
static char *group(char *out, const char *digits, size_t n, char separator)
{
    for (size_t i = 0; i < n; i++) {
        if (separator != '\0' && i > 0 && (n - i) % GROUP == 0)
            *out++ = separator;
        *out++ = digits[i];
    }
    return out;
}

enum { SHOWN = 2 * CURRENCY_AMOUNT_TEXT }; /* room for the separators, too */

static void show_number(int64_t amount, const char *currency, char mark, char separator,
                        char out[static SHOWN])
{
    char plain[CURRENCY_AMOUNT_TEXT];
    currency_format(amount, currency, plain);
    const char *digits = plain + (plain[0] == '-');
    const size_t n = strcspn(digits, ".");
    if (digits > plain)
        *out++ = '-';
    out = group(out, digits, n, separator);
    if (digits[n] != '\0')
        *out++ = mark;
    const char *decimals = digits + n + (digits[n] != '\0');
    memcpy(out, decimals, strlen(decimals) + 1);
}

const char *amount_show(int64_t amount, const char *currency, struct arena *arena)
{
    char number[SHOWN];
    show_number(amount, currency, '.', ',', number);
    return arena_printf(arena, "%s %s", number, currency);
}

/* An amount as the notation has it: "1.299,80". */
static const char *example(const struct amount_notation *notation, const char *currency, struct arena *arena)
{
    char number[SHOWN];
    show_number(currency_decimals(currency) > 0 ? EXAMPLE : EXAMPLE_WHOLE, currency, mark_of(notation),
                notation->separator, number);
    return arena_strdup(arena, number);
}

/* --- reading --- */

/* The blanks and apostrophes that typesetting has for those of a keyboard: U+00A0, U+2009, U+202F and U+2019.
 */
static const struct {
    const char *text;
    char sign;
} typeset[] = {{"\xc2\xa0", ' '}, {"\xe2\x80\x89", ' '}, {"\xe2\x80\xaf", ' '}, {"\xe2\x80\x99", '\''}};

static const char *plain_signs(const char *text, struct arena *arena)
{
    char *copy = arena_strdup(arena, text), *out = copy;
    while (*text != '\0') {
        size_t i = 0, n = sizeof typeset / sizeof typeset[0];
        while (i < n && strncmp(text, typeset[i].text, strlen(typeset[i].text)) != 0)
            i++;
        *out = *text;
        if (i < n)
            *out = typeset[i].sign;
        out++;
        text += i < n ? strlen(typeset[i].text) : 1;
    }
    *out = '\0';
    return copy;
}

/* The text less blanks around it, and less the currency's code behind a blank. */
static char *bare(const char *text, const char *currency, struct arena *arena)
{
    text = plain_signs(text, arena);
    text += strspn(text, " \t");
    char *copy = arena_strdup(arena, text);
    size_t length = strlen(copy);
    const size_t code = strlen(currency);
    if (length > code && strcasecmp(copy + length - code, currency) == 0 && copy[length - code - 1] == ' ')
        length -= code;
    while (length > 0 && (copy[length - 1] == ' ' || copy[length - 1] == '\t'))
        length--;
    copy[length] = '\0';
    return copy;
}

/* Takes digits up to the mark or the end. Either all groups behind the first are of three, or there is one
 * alone. */
static bool take_groups(const char **at, char separator, char *digits)
{
    size_t n = strspn(*at, "0123456789");
    const bool grouped = separator != '\0' && (*at)[n] == separator;
    if (n == 0 || (grouped && n > GROUP))
        return false;
    for (;;) {
        digits = mempcpy(digits, *at, n);
        *digits = '\0';
        *at += n;
        if (!grouped || **at != separator)
            return true;
        ++*at;
        n = strspn(*at, "0123456789");
        if (n != GROUP)
            return false;
    }
}

/* False: they are more than an integer holds. */
static bool integer_of(const char *digits, int64_t *amount)
{
    *amount = 0;
    for (; *digits != '\0'; digits++) {
        if (__builtin_mul_overflow(*amount, 10, amount) ||
            __builtin_add_overflow(*amount, *digits - '0', amount))
            return false;
    }
    return true;
}

/* The digits of an amount without anything between them. False: it is none of the notation. */
static bool take_digits(const struct amount_notation *notation, const char *text, unsigned decimals,
                        char *digits)
{
    if (!take_groups(&text, notation->separator, digits))
        return false;
    if (decimals == 0)
        return *text == '\0';
    if (*text != mark_of(notation) || strspn(text + 1, "0123456789") != decimals ||
        text[1 + decimals] != '\0')
        return false;
    memcpy(digits + strlen(digits), text + 1, decimals + 1);
    return true;
}

static const char *what_to_write(const struct amount_notation *notation, const char *currency,
                                 struct arena *arena)
{
    const unsigned decimals = currency_decimals(currency);
    return arena_printf(arena, "with %s decimals, like %s%s",
                        decimals == 0 ? "no" : arena_printf(arena, "%u", decimals),
                        example(notation, currency, arena),
                        notation->separator == '\0' ? "; --decimal-mark and --thousands take others" : "");
}

bool amount_read(const struct amount_notation *notation, const char *text, const char *currency,
                 struct arena *arena, int64_t *amount, const char **error)
{
    if (currency_find(currency) == NULL) {
        *error = arena_printf(arena, "has the decimals of its currency, which is none of %s", currency_codes);
        return false;
    }
    const char *number = bare(text, currency, arena);
    char *digits = arena_alloc(arena, strlen(number) + 1);
    if (!take_digits(notation, number, currency_decimals(currency), digits))
        *error = arena_printf(arena, "\"%s\" is no amount in %s: write it %s", text, currency_find(currency),
                              what_to_write(notation, currency, arena));
    else if (!integer_of(digits, amount))
        *error = "is too large";
    else
        return true;
    return false;
}

/* --- in JSON --- */

/* What --amount or a cell holds without --decimal that looks like money. NULL: it does not. */
static const char *refuse_money(const char *text, const char *currency, struct arena *arena)
{
    static const struct amount_notation plain = {.decimal = true};
    const char *const code = currency_find(currency), *const shown = code != NULL ? code : "ISK", *ignored;
    int64_t amount = currency_decimals(shown) > 0 ? EXAMPLE : EXAMPLE_WHOLE, meant;
    char number[SHOWN];
    if (strpbrk(text, ".,") == NULL)
        return NULL;
    if (amount_read(&plain, text, shown, arena, &meant, &ignored))
        amount = meant;
    show_number(amount, shown, '.', '\0', number);
    return arena_printf(
        arena,
        "\"%s\" is no integer: amounts are in the unit they are stored in, as %" JSON_INTEGER_FORMAT
        " for %s %s; create, update and import take decimals with --decimal",
        text, (json_int_t)amount, number, shown);
}

bool amount_to_digits(const struct amount_notation *notation, const char *text, const char *currency,
                      struct arena *arena, const char **digits)
{
    int64_t amount;
    const bool taken = notation->decimal ? amount_read(notation, text, currency, arena, &amount, digits)
                                         : (*digits = refuse_money(text, currency, arena)) == NULL;
    if (taken)
        *digits = notation->decimal ? arena_printf(arena, "%" PRId64, amount) : text;
    return taken;
}

/* Under the name of the .proto and of ProtoJSON: of an order, and then of a request. */
static const struct member {
    const char *name, *field;
} members[] = {
    {"total_amount", "total_amount"}, {"totalAmount", "total_amount"}, {"min_amount", "min_amount"},
    {"minAmount", "min_amount"},      {"max_amount", "max_amount"},    {"maxAmount", "max_amount"},
};

enum { MEMBERS_OF_ORDER = 2, MEMBERS = sizeof members / sizeof members[0] };

/* NULL also for a text with a NUL in it, which is no amount. */
static const char *text_of(const json_t *value, struct arena *arena)
{
    if (json_is_string(value))
        return strlen(json_string_value(value)) == json_string_length(value) ? json_string_value(value)
                                                                             : NULL;
    return json_is_integer(value) ? arena_printf(arena, "%" JSON_INTEGER_FORMAT, json_integer_value(value))
                                  : NULL;
}

/* A number loses its decimals to JSON: 1299.80 is 1299.8 there. */
static const char *refuse_number(const struct amount_notation *notation, const char *currency,
                                 struct arena *arena)
{
    if (!notation->decimal)
        return "must be an integer, without a fraction, in the unit it is stored in: 25990 for 259.90 ISK";
    return arena_printf(arena, "is a JSON number: write it as a string %s",
                        currency_find(currency) != NULL ? what_to_write(notation, currency, arena)
                                                        : "with the decimals of its currency");
}

/* NULL: it is read, or not ours to refuse. */
static const char *read_member(const struct amount_notation *notation, json_t *order, const char *name,
                               struct arena *arena)
{
    const json_t *value = json_object_get(order, name);
    const char *text = text_of(value, arena),
               *currency = json_string_value(json_object_get(order, "currency"));
    const char *error = NULL;
    int64_t amount;
    if (currency == NULL)
        currency = "";
    if (json_is_real(value))
        return refuse_number(notation, currency, arena);
    if (text == NULL)
        return NULL;
    if (!notation->decimal)
        return refuse_money(text, currency, arena);
    if (json_is_integer(value) && currency_decimals(currency) > 0)
        return refuse_number(notation, currency, arena);
    if (amount_read(notation, text, currency, arena, &amount, &error))
        json_object_set_new(order, name, json_integer(amount));
    return error;
}

static void read_members(const struct amount_notation *notation, json_t *object, size_t n,
                         struct arena *arena, struct status *status)
{
    for (size_t i = 0; i < n; i++) {
        const char *error = read_member(notation, object, members[i].name, arena);
        if (error == NULL)
            continue;
        status_add_violation(status, arena, members[i].field, "int_parsing", "%s", error);
        json_object_del(object, members[i].name);
    }
}

void amount_read_member(const struct amount_notation *notation, json_t *order, struct arena *arena,
                        struct status *status)
{
    read_members(notation, order, MEMBERS_OF_ORDER, arena, status);
}

void amount_check_members(json_t *value, struct arena *arena, struct status *status)
{
    static const struct amount_notation integers = {.decimal = false};
    const char *name;
    json_t *member;
    size_t i;
    if (json_is_object(value))
        read_members(&integers, value, MEMBERS, arena, status);
    json_object_foreach(value, name, member)
    {
        amount_check_members(member, arena, status);
    }
    json_array_foreach(value, i, member)
    {
        amount_check_members(member, arena, status);
    }
}
