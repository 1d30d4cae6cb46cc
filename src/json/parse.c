/* parse.c: recursive descent. Each function begins at a token and ends behind it. */
#include "json/parse.h"

#include "base/hex.h"
#include "base/utf8.h"

#include <float.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Bounds the stack: as deep as jansson reads, which frees a value by recursion too. */
enum { MAX_DEPTH = 2048 };

struct parser {
    const char *text, *at, *end;
    char
        *unescaped; /* as long as the text; each string that has an escape at its own place. NULL: none has */
    struct arena *arena;
    const struct json_members *members;
    struct json_mistake *mistake;
    unsigned depth;
};

/* --- mistakes --- */

static size_t count_characters(const char *from, const char *to)
{
    size_t characters = 0;
    for (; from < to; from++)
        characters += ((unsigned char)*from & 0xc0) != 0x80; /* all but UTF-8's continuation bytes */
    return characters;
}

static bool parser_fail(struct parser *parser, const char *where, const char *what)
{
    *parser->mistake = (struct json_mistake){.what = what, .position = count_characters(parser->text, where)};
    return false;
}

static json_t *fail_value(struct parser *parser, const char *where, const char *what)
{
    parser_fail(parser, where, what);
    return NULL;
}

/* --- tokens --- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_digit(const struct parser *parser, const char *at)
{
    return at < parser->end && *at >= '0' && *at <= '9';
}

static void skip_blanks(struct parser *parser)
{
    while (parser->at < parser->end && is_blank(*parser->at))
        parser->at++;
}

static bool next_is(const struct parser *parser, char c)
{
    return parser->at < parser->end && *parser->at == c;
}

static bool parser_take(struct parser *parser, char c)
{
    const bool is_next = next_is(parser, c);
    parser->at += is_next;
    return is_next;
}

static bool take_word(struct parser *parser, const char *word)
{
    const size_t length = strlen(word);
    if ((size_t)(parser->end - parser->at) < length || memcmp(parser->at, word, length) != 0)
        return false;
    parser->at += length;
    return true;
}

/* --- strings --- */

/* The four digits at a place; -1: they are none. */
static int32_t hex_code(const char *at)
{
    int32_t code = 0;
    for (int i = 0; i < 4; i++) {
        const int digit = hex_digit(at[i]);
        if (digit < 0)
            return -1;
        code = code << 4 | digit;
    }
    return code;
}

/* Passes over what stands behind a backslash. */
static bool skip_escape(struct parser *parser)
{
    const char *letter = parser->at;
    if (*letter != 'u') {
        parser->at++;
        return (*letter != '\0' && strchr("\"\\/bfnrt", *letter) != NULL) ||
               parser_fail(parser, letter - 1, "Invalid \\escape");
    }
    if (parser->end - letter <= 5 || hex_code(letter + 1) < 0) /* no string ends with its digits */
        return parser_fail(parser, letter, "Invalid \\uXXXX escape");
    parser->at += 5;
    return true;
}

/* Passes over a string, and says whether it has escapes. */
static bool skip_string(struct parser *parser, bool *escaped)
{
    const char *open = parser->at++;
    *escaped = false;
    while (parser->at < parser->end && *parser->at != '"') {
        if ((unsigned char)*parser->at < ' ')
            return parser_fail(parser, parser->at, "Invalid control character at");
        if (*parser->at++ != '\\')
            continue;
        *escaped = true;
        if (parser->at == parser->end)
            break;
        if (!skip_escape(parser))
            return false;
    }
    return parser_take(parser, '"') || parser_fail(parser, open, "Unterminated string starting at");
}

/* Writes a code point as UTF-8; a lone surrogate, which has no UTF-8, by the same rule. */
static char *put_code(char *out, uint32_t code)
{
    if (code < 0x80) {
        *out++ = (char)code;
        return out;
    }
    const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const uint8_t leads[] = {0, 0xc0, 0xe0, 0xf0};
    *out++ = (char)(leads[more] | code >> 6 * more);
    for (int i = more - 1; i >= 0; i--)
        *out++ = (char)(0x80 | (code >> 6 * i & 0x3f));
    return out;
}

/* Takes the digits of a \u escape, and those of a second one that makes a pair with it. */
static uint32_t take_code(const char **at, const char *end)
{
    const uint32_t high = (uint32_t)hex_code(*at);
    *at += 4;
    if (high < 0xd800 || high > 0xdbff || end - *at < 6 || (*at)[0] != '\\' || (*at)[1] != 'u')
        return high;
    const uint32_t low = (uint32_t)hex_code(*at + 2);
    if (low < 0xdc00 || low > 0xdfff)
        return high;
    *at += 6;
    return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

static char unescaped(char letter)
{
    static const char letters[] = "bfnrt", characters[] = "\b\f\n\r\t";
    const char *found = strchr(letters, letter);
    if (found != NULL)
        return characters[found - letters];
    return letter;
}

/* What a string that was passed over stands for: never longer than its text, so all have room in one as long.
 */
static struct json_slice unescape(struct parser *parser, const char *at, const char *end)
{
    if (parser->unescaped == NULL)
        parser->unescaped = arena_alloc(parser->arena, (size_t)(parser->end - parser->text));
    char *bytes = parser->unescaped + (at - parser->text), *out = bytes;
    while (at < end) {
        const char c = *at++;
        if (c != '\\') {
            *out++ = c;
        } else if (*at != 'u') {
            *out++ = unescaped(*at++);
        } else {
            at++;
            out = put_code(out, take_code(&at, end));
        }
    }
    return (struct json_slice){.bytes = bytes, .length = (size_t)(out - bytes)};
}

static bool parse_string(struct parser *parser, struct json_slice *string)
{
    const char *start = parser->at + 1;
    bool escaped;
    if (!skip_string(parser, &escaped))
        return false;
    const char *stop = parser->at - 1;
    *string = escaped ? unescape(parser, start, stop)
                      : (struct json_slice){.bytes = start, .length = (size_t)(stop - start)};
    return true;
}

/* --- numbers --- */

static void skip_digits(struct parser *parser)
{
    while (is_digit(parser, parser->at))
        parser->at++;
}

/* Passes over a fraction and an exponent. A point or an "e" without digits is not the number's. */
static bool skip_fraction(struct parser *parser)
{
    const char *start = parser->at;
    if (next_is(parser, '.') && is_digit(parser, parser->at + 1)) {
        parser->at++;
        skip_digits(parser);
    }
    if (next_is(parser, 'e') || next_is(parser, 'E')) {
        const char *digits = parser->at + 1;
        digits += digits < parser->end && (*digits == '-' || *digits == '+');
        if (is_digit(parser, digits)) {
            parser->at = digits;
            skip_digits(parser);
        }
    }
    return parser->at > start;
}

static bool read_integer(const char *at, const char *end, json_int_t *value)
{
    const bool negative = *at == '-';
    *value = 0;
    for (at += negative; at < end; at++) {
        const int digit = *at - '0';
        if (__builtin_mul_overflow(*value, 10, value) ||
            __builtin_add_overflow(*value, negative ? -digit : digit, value))
            return false;
    }
    return true;
}

/* Read by jansson, which heeds no locale. */
static json_t *make_real(const char *token, size_t length)
{
    json_t *real = json_loadb(token, length, JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, NULL);
    return real != NULL ? real : json_real(*token == '-' ? -DBL_MAX : DBL_MAX);
}

static json_t *parse_number(struct parser *parser)
{
    const char *start = parser->at;
    parser_take(parser, '-');
    if (!is_digit(parser, parser->at))
        return fail_value(parser, start, "Expecting value");
    if (!parser_take(parser, '0'))
        skip_digits(parser);
    json_int_t value;
    const char *end = parser->at;
    if (!skip_fraction(parser) && read_integer(start, end, &value))
        return json_integer(value);
    return make_real(start, (size_t)(parser->at - start));
}

/* --- values --- */

static json_t *parse_value(struct parser *parser);

/* Notes a member's text if that is wanted. False: the member is not. */
static bool note_member(struct parser *parser, const struct json_slice *name, const char *start)
{
    const struct json_members *members = parser->members;
    bool wanted = members == NULL;
    for (size_t i = 0; members != NULL && parser->depth == 1 && members->names[i] != NULL; i++) {
        if (strlen(members->names[i]) == name->length &&
            memcmp(members->names[i], name->bytes, name->length) == 0) {
            members->values[i] = (struct json_slice){.bytes = start, .length = (size_t)(parser->at - start)};
            wanted = true;
        }
    }
    return wanted;
}

static bool parse_member(struct parser *parser, json_t *object)
{
    struct json_slice name;
    if (!next_is(parser, '"'))
        return parser_fail(parser, parser->at, "Expecting property name enclosed in double quotes");
    if (!parse_string(parser, &name))
        return false;
    skip_blanks(parser);
    if (!parser_take(parser, ':'))
        return parser_fail(parser, parser->at, "Expecting ':' delimiter");
    skip_blanks(parser);
    const char *start = parser->at;
    json_t *value = parse_value(parser);
    if (value == NULL)
        return false;
    if (note_member(parser, &name, start))
        return json_object_setn_new_nocheck(object, name.bytes, name.length, value) == 0;
    json_decref(value);
    return true;
}

static bool parse_element(struct parser *parser, json_t *array)
{
    json_t *value = parse_value(parser);
    if (parser->members == NULL)
        return json_array_append_new(array, value) == 0;
    json_decref(value);
    return value != NULL;
}

/* Fills an object or an array from behind its opening bracket. */
static json_t *parse_list(struct parser *parser, json_t *list, char close,
                          bool (*parse_one)(struct parser *parser, json_t *list))
{
    const char *open = parser->at - 1;
    bool taken = ++parser->depth <= MAX_DEPTH || parser_fail(parser, open, "Nested too deeply");
    skip_blanks(parser);
    bool closed = taken && parser_take(parser, close);
    while (taken && !closed) {
        skip_blanks(parser);
        taken = parse_one(parser, list);
        skip_blanks(parser);
        closed = taken && parser_take(parser, close);
        if (taken && !closed && !parser_take(parser, ','))
            taken = parser_fail(parser, parser->at, "Expecting ',' delimiter");
    }
    parser->depth--;
    if (taken)
        return list;
    json_decref(list);
    return NULL;
}

static json_t *parse_value(struct parser *parser)
{
    struct json_slice string;
    if (next_is(parser, '"'))
        return parse_string(parser, &string) ? json_stringn_nocheck(string.bytes, string.length) : NULL;
    if (parser_take(parser, '{'))
        return parse_list(parser, json_object(), '}', parse_member);
    if (parser_take(parser, '['))
        return parse_list(parser, json_array(), ']', parse_element);
    if (take_word(parser, "null"))
        return json_null();
    if (take_word(parser, "true"))
        return json_true();
    if (take_word(parser, "false"))
        return json_false();
    return parse_number(parser);
}

static json_t *parse_text(struct parser *parser, struct json_slice *whole)
{
    skip_blanks(parser);
    const char *start = parser->at;
    json_t *value = parse_value(parser);
    *whole = (struct json_slice){.bytes = start, .length = (size_t)(parser->at - start)};
    skip_blanks(parser);
    if (value == NULL || parser->at == parser->end)
        return value;
    json_decref(value);
    return fail_value(parser, parser->at, "Extra data");
}

/* Where a text stops being UTF-8; its end, where it does not. */
static const char *utf8_end(const char *at, const char *end)
{
    uint32_t code_point;
    for (size_t taken = 1; at < end && taken > 0; at += taken)
        taken = (unsigned char)*at < 0x80 ? 1 : utf8_decode(at, (size_t)(end - at), &code_point);
    return at;
}

json_t *json_parse(struct json_slice text, struct arena *arena, const struct json_members *members,
                   struct json_slice *whole, struct json_mistake *mistake)
{
    static const char mark[] = "\xef\xbb\xbf";
    struct parser parser = {
        .at = text.bytes,
        .end = text.bytes + text.length,
        .arena = arena,
        .members = members,
        .mistake = mistake,
    };
    *mistake = (struct json_mistake){.what = "Out of memory"};
    take_word(&parser, mark);
    parser.text = parser.at;
    const char *bad = utf8_end(parser.at, parser.end);
    if (bad < parser.end)
        return fail_value(&parser, bad, "Invalid UTF-8");
    return parse_text(&parser, whole);
}

/* --- text again --- */

void text_compact(struct text *text, struct json_slice json)
{
    const char *end = json.bytes + json.length, *plain = json.bytes;
    bool in_string = false;
    for (const char *at = json.bytes; at < end; at++) {
        if (in_string && *at == '\\') {
            at++;
        } else if (*at == '"') {
            in_string = !in_string;
        } else if (!in_string && is_blank(*at)) {
            text_append(text, plain, (size_t)(at - plain));
            plain = at + 1;
        }
    }
    text_append(text, plain, (size_t)(end - plain));
}
