/* test_table.c: columns stand below one another whatever the letters, and nothing raw reaches the terminal.
 */
#include "json_text.h"
#include "printable.h"
#include "table.h"

#include <criterion/criterion.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

static void setup(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
}

TestSuite(table, .init = setup);

static const struct table_column columns[] = {{"NAME", false}, {"AMOUNT", true}, {"STATUS", false}};

static void add(struct table *table, const char *name, const char *amount, const char *status)
{
    const char *const cells[] = {name, amount, status};
    table_add(table, cells);
}

/* Runs `body` with a stream, and compares what it wrote. */
#define assert_written(expected, body)                 \
    do {                                               \
        char *text;                                    \
        size_t length;                                 \
        FILE *stream = open_memstream(&text, &length); \
        body;                                          \
        fclose(stream);                                \
        cr_assert_str_eq(text, expected, "%s", text);  \
        free(text);                                    \
    } while (0)

Test(table, columns_are_aligned_by_what_a_terminal_shows)
{
    struct table table;
    table_init(&table, columns, 3);
    add(&table, "Þórður", "1", "ok");
    add(&table, "a", "1234567", "");
    add(&table, "注文", "12", "ok");
    add(&table, "e\u0301", "3", "ok");
    assert_written("NAME     AMOUNT  STATUS\n"
                   "Þórður        1  ok\n"
                   "a       1234567  \n"
                   "注文         12  ok\n"
                   "e\u0301             3  ok\n",
                   table_write(&table, stream));
    table_free(&table);
}

Test(table, later_pages_keep_the_columns_and_have_no_titles)
{
    struct table table;
    table_init(&table, columns, 3);
    add(&table, "long name", "1", "ok");
    assert_written("NAME       AMOUNT  STATUS\nlong name       1  ok\n", table_write(&table, stream));
    add(&table, "b", "2", "ok");
    assert_written("b               2  ok\n", table_write(&table, stream));
    table_free(&table);
}

Test(table, a_giant_cell_does_not_widen_the_others)
{
    char giant[201];
    memset(giant, 'x', 200);
    giant[200] = '\0';
    struct table table;
    table_init(&table, columns, 3);
    add(&table, giant, "1", "ok");
    add(&table, "b", "2", "ok");
    char expected[512];
    snprintf(expected, sizeof expected, "%-40s  AMOUNT  STATUS\n%s       1  ok\n%-40s       2  ok\n", "NAME",
             giant, "b");
    assert_written(expected, table_write(&table, stream));
    table_free(&table);
}

Test(table, control_characters_are_shown_as_numbers)
{
    struct arena arena;
    arena_init(&arena);
    cr_assert_str_eq(printable(&arena, "a\x1b[31m\n\x7f\xc2\x9b\u202e\xff"
                                       "z"),
                     "a\\u001b[31m\\u000a\\u007f\\u009b\\u202e\\xffz");
    cr_assert_str_eq(printable(&arena, "Þ 注 é"), "Þ 注 é");
    cr_assert_str_eq(printable(&arena, "M-3\u200b"), "M-3\\u200b", "it is not M-3");
    cr_assert_str_eq(printable(&arena, "\U000e0001"), "\\udb40\\udc01");
    arena_free(&arena);
}

Test(table, json_says_the_same_without_control_characters)
{
    assert_written("{\"a\":\"\\u001B\\n\\u009b\\u202eÞ\"}",
                   json_text_write(stream, json_pack("{ss}", "a", "\x1b\n\xc2\x9b\u202eÞ"), JSON_COMPACT));
    assert_written("\"\\u200b\\udb40\\udc01\"",
                   json_text_write(stream, json_string("\u200b\U000e0001"), JSON_COMPACT));
}
