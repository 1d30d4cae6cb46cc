/* test_parse.c: JSON text into values, and what is wrong with it as Python's json module says it. */
#include "json/parse.h"
#include "json/text.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct arena arena;
static struct json_mistake mistake;
static struct json_slice whole;

static void setup(void)
{
    arena_init(&arena);
}

static void teardown(void)
{
    arena_free(&arena);
}

TestSuite(parse, .init = setup, .fini = teardown);

static json_t *parse(const char *text)
{
    return json_parse((struct json_slice){text, strlen(text)}, &arena, NULL, &whole, &mistake);
}

/* In a buffer of its very length, so that a sanitizer sees who reads beyond it. */
static json_t *parse_copy(const json_t *text)
{
    const size_t length = json_string_length(text);
    char *copy = malloc(length > 0 ? length : 1);
    memcpy(copy, json_string_value(text), length);
    json_t *value = json_parse((struct json_slice){copy, length}, &arena, NULL, &whole, &mistake);
    free(copy);
    return value;
}

/* What make_python_json wrote down. */
Test(parse, as_python_does)
{
    size_t lines = 0, wrong = 0, capacity = 0;
    char *line = NULL;
    FILE *file = fopen(PYTHON_JSON, "r");
    cr_assert_not_null(file);
    while (getline(&line, &capacity, file) > 0) {
        json_t *expected = json_loads(line, JSON_ALLOW_NUL, NULL);
        const json_t *text = json_array_get(expected, 0);
        const json_t *position_or_value = json_array_get(expected, 1), *what = json_array_get(expected, 2);
        json_t *value = parse_copy(text);
        cr_assert_not_null(expected, "%s", line);
        lines++;
        if (what == NULL) {
            cr_expect_not_null(value, "%s%s at %zu", line, mistake.what, mistake.position);
            cr_expect(json_equal(value, position_or_value), "%s", line);
        } else {
            wrong++;
            cr_expect_null(value, "%s", line);
            cr_expect_str_eq(mistake.what, json_string_value(what), "%s%s", line, mistake.what);
            cr_expect_eq((json_int_t)mistake.position, json_integer_value(position_or_value), "%s%zu", line,
                         mistake.position);
        }
        json_decref(value);
        json_decref(expected);
    }
    free(line);
    fclose(file);
    cr_assert_gt(lines, 500);
    cr_assert_gt(wrong, 400);
}

Test(parse, numbers_beyond_int64_and_double)
{
    static const struct {
        const char *text;
        double value;
    } cases[] = {
        {"9223372036854775808", 0x1p63},
        {"-9223372036854775809", -0x1p63},
        {"123456789012345678901234567890", 123456789012345678901234567890.0},
        {"1e400", 1.7976931348623157e308},
        {"-1e400", -1.7976931348623157e308},
        {"1e-400", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *value = parse(cases[i].text);
        cr_expect(json_is_real(value) && json_real_value(value) == cases[i].value, "%s: %g", cases[i].text,
                  json_real_value(value));
        json_decref(value);
    }
    json_t *least = parse("-9223372036854775808");
    cr_expect(json_is_integer(least) && json_integer_value(least) == INT64_MIN);
    json_decref(least);
}

Test(parse, what_python_takes_and_utf_8_has_no_text_for)
{
    json_t *value = parse("[\"\\ud83d\", \"\\ude00\\ud83d\", \"\\ud83d\\u0041\"]");
    cr_assert_not_null(value, "%s at %zu", mistake.what, mistake.position);
    cr_expect_eq(json_string_length(json_array_get(value, 0)), 3);
    cr_expect_eq(json_string_length(json_array_get(value, 1)), 6);
    cr_expect_eq(json_string_length(json_array_get(value, 2)), 4);
    json_decref(value);
    value = parse("{\"a\\u0000b\":1}");
    cr_expect_eq(json_object_size(value), 1);
    json_decref(value);
}

Test(parse, what_python_takes_and_json_does_not_have)
{
    static const char *const texts[] = {"NaN", "Infinity", "-Infinity"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        cr_expect_null(parse(texts[i]));
        cr_expect_str_eq(mistake.what, "Expecting value");
        cr_expect_eq(mistake.position, 0);
    }
    cr_expect_null(parse("\"\xc3\xbe\xff\""));
    cr_expect_str_eq(mistake.what, "Invalid UTF-8");
    cr_expect_eq(mistake.position, 2);
}

/* As deep as is allowed, and deeper. */
Test(parse, depth)
{
    enum { MOST = 2048 };
    for (size_t depth = MOST; depth <= MOST + 1; depth++) {
        char *text = calloc(1, 2 * depth + 1);
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        json_t *value = parse(text);
        cr_expect_eq(value != NULL, depth == MOST);
        if (value == NULL) {
            cr_expect_str_eq(mistake.what, "Nested too deeply");
            cr_expect_eq(mistake.position, MOST);
        }
        json_decref(value);
        free(text);
    }
}

static void expect_slice(const char *text, const struct json_slice *slice, const char *expected)
{
    cr_expect(slice->length == strlen(expected) && memcmp(slice->bytes, expected, slice->length) == 0,
              "%s: %.*s", text, (int)slice->length, slice->bytes);
}

Test(parse, the_text_of_members)
{
    static const char text[] = " \xef\xbb\xbf",
                      good[] = "\xef\xbb\xbf { \"a\" : 1.50 , \"b\": {\"c\":1}, \"\\u0061\" :\n[1 , 2] } ";
    static const char *const names[] = {"a", "b", "c", NULL};
    struct json_slice values[3] = {0};
    const struct json_members members = {.names = names, .values = values};
    cr_expect_null(parse(text));
    json_t *value = json_parse((struct json_slice){good, strlen(good)}, &arena, &members, &whole, &mistake);
    cr_assert_not_null(value);
    expect_slice("a", &values[0], "[1 , 2]");
    expect_slice("b", &values[1], "{\"c\":1}");
    cr_expect_null(values[2].bytes);
    expect_slice("whole", &whole, "{ \"a\" : 1.50 , \"b\": {\"c\":1}, \"\\u0061\" :\n[1 , 2] }");
    struct text out = TEXT_INIT(&arena);
    text_compact(&out, whole);
    cr_expect_str_eq(text_end(&out), "{\"a\":1.50,\"b\":{\"c\":1},\"\\u0061\":[1,2]}");
    json_decref(value);
}

/* The arena aligns what it gives: each by itself would take four times its text. */
Test(parse, escapes_take_no_more_than_the_text)
{
    enum { STRINGS = 10000 };
    static const char string[] = "\"\\n\",";
    static char text[STRINGS * sizeof string] = "[", *end = text + 1;
    for (int i = 0; i < STRINGS; i++)
        end = stpcpy(end, string);
    strcpy(end - 1, "]");
    json_t *value = parse(text);
    cr_assert_eq(json_array_size(value), STRINGS);
    cr_expect_str_eq(json_string_value(json_array_get(value, STRINGS - 1)), "\n");
    cr_expect_leq(arena_excess(&arena), strlen(text) + 4096, "%zu bytes", arena_excess(&arena));
    json_decref(value);
}

/* A value of three bytes takes a hundred of memory. */
Test(parse, what_is_not_wanted_is_not_kept)
{
    static const char text[] = "{\"a\": [[], [1, {\"b\": 2}]], \"c\": {\"d\": 1}, \"x\": [1], \"y\": 1}";
    static const char *const names[] = {"a", "c", NULL};
    struct json_slice values[2] = {0};
    const struct json_members members = {.names = names, .values = values};
    json_t *value = json_parse((struct json_slice){text, strlen(text)}, &arena, &members, &whole, &mistake);
    cr_assert_eq(json_object_size(value), 2);
    cr_expect(json_is_array(json_object_get(value, "a")));
    cr_expect_eq(json_array_size(json_object_get(value, "a")), 0);
    cr_expect(json_is_object(json_object_get(value, "c")));
    cr_expect_eq(json_object_size(json_object_get(value, "c")), 0);
    expect_slice("a", &values[0], "[[], [1, {\"b\": 2}]]");
    json_decref(value);
}

Test(parse, blanks_in_strings_are_kept)
{
    static const char text[] = "[ \"a \\\" b\" , \"\\\\\" , 123456789012345678901234567890 ]";
    struct text out = TEXT_INIT(&arena);
    text_compact(&out, (struct json_slice){text, strlen(text)});
    cr_expect_str_eq(text_end(&out), "[\"a \\\" b\",\"\\\\\",123456789012345678901234567890]");
}
