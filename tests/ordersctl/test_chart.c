/* test_chart.c: bars are in proportion, to an eighth of a column, and no line is longer than the terminal;
 * and the pace that is shown beside a bar of progress. */
#include "chart.h"
#include "progress.h"

#include "base/time.h"

#include <criterion/criterion.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

static void setup(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
}

TestSuite(chart, .init = setup);

static void assert_chart(const struct chart_bar bars[], size_t n, size_t columns, bool utf8,
                         const char *expected)
{
    char *text;
    size_t length;
    FILE *stream = open_memstream(&text, &length);
    chart_write(stream, bars, n, columns, utf8);
    fclose(stream);
    cr_assert_str_eq(text, expected, "%s", text);
    free(text);
}

Test(chart, bars_are_in_proportion)
{
    static const struct chart_bar bars[] = {{"a", "80", 80}, {"bb", "40", 40}, {"c", "5", 5},
                                            {"d", "1", 1},   {"e", "0", 0},    {"f", "-3", -3}};
    assert_chart(bars, 6, 16, false,
                 "a   80  ########\nbb  40  ####\nc    5  #\nd    1  #\ne    0\nf   -3\n");
    assert_chart(bars, 6, 16, true, "a   80  ████████\nbb  40  ████\nc    5  ▌\nd    1  ▏\ne    0\nf   -3\n");
}

Test(chart, the_greatest_amounts_fit)
{
    static const struct chart_bar bars[] = {
        {"a", "x", INT64_MAX}, {"b", "y", INT64_MAX / 2}, {"c", "z", INT64_MIN}};
    assert_chart(bars, 3, 10, true, "a  x  ████\nb  y  ██\nc  z\n");
}

Test(chart, without_room_there_are_no_bars)
{
    static const struct chart_bar bars[] = {{"a", "x", 1}};
    assert_chart(bars, 1, 6, true, "a  x\n");
    assert_chart(bars, 1, 0, true, "a  x\n");
    assert_chart(NULL, 0, 80, true, "");
}

Test(chart, what_others_wrote_is_made_harmless)
{
    static const struct chart_bar bars[] = {{"\x1b[2J", "x", 1}, {"注文", "yy", 1}};
    assert_chart(bars, 2, 20, false, "\\u001b[2J   x  #####\n注文       yy  #####\n");
}

Test(chart, pace_of_a_long_command)
{
    static const struct {
        uint64_t elapsed_ms, rows, done, left;
        const char *text;
    } samples[] = {
        {999, 100, 10, 90, ""},
        {1000, 100, 10, 90, ", 100/s, 0:09 left"},
        {10000, 5000, 100, 1000, ", 500/s, 1:40 left"},
        {10000, 5000, 100, 0, ", 500/s"},
        {10000, 5000, 0, 100, ", 500/s"},
        {10000, 0, 0, 0, ", 0/s"},
        {60000, 1, 1, UINT64_MAX, ", 0/s"},
    };
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        char text[PROGRESS_PACE_TEXT];
        progress_pace(samples[i].elapsed_ms * NS_PER_MS, samples[i].rows, samples[i].done, samples[i].left,
                      text);
        cr_assert_str_eq(text, samples[i].text);
    }
}
