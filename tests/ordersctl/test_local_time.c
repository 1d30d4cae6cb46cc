/* test_local_time.c: times as options name them, and as a zone shows them. */
#include "local_time.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <time.h>

TestSuite(local_time, .timeout = 60);

/* By a rule of POSIX, so that no data of zones is needed: clocks of Berlin. */
static void live_in_berlin(void)
{
    cr_assert_eq(setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1), 0);
    tzset();
}

struct sample {
    const char *text;
    bool local, day_end;
    const char *expected; /* in UTC */
};

Test(local_time, is_read_in_the_zone_that_it_names_or_in_the_one_asked_for)
{
    static const struct sample samples[] = {
        {"2025-01-31", false, false, "2025-01-31T00:00:00Z"},
        {"2025-01-31", false, true, "2025-02-01T00:00:00Z"},
        {"2024-02-28", false, true, "2024-02-29T00:00:00Z"},
        {"2025-01-31", true, false, "2025-01-30T23:00:00Z"},
        {"2025-01-31", true, true, "2025-01-31T23:00:00Z"},
        {"2025-07-01", true, false, "2025-06-30T22:00:00Z"},
        {"2025-03-30", true, false, "2025-03-29T23:00:00Z"}, /* a day of 23 hours */
        {"2025-03-30", true, true, "2025-03-30T22:00:00Z"},
        {"2025-10-26", true, true, "2025-10-26T23:00:00Z"}, /* and one of 25 */
        {"2025-01-31T14:20:00Z", true, true, "2025-01-31T14:20:00Z"},
        {"2025-01-31T14:20:00+02:00", true, true, "2025-01-31T12:20:00Z"},
        {"2025-01-31T14:20:00-05:00", false, true, "2025-01-31T19:20:00Z"},
        {"2025-01-31T14:20", false, true, "2025-01-31T14:20:00Z"},
        {"2025-01-31T14:20", true, false, "2025-01-31T13:20:00Z"},
        {"2025-01-31T14:20:00.5Z", false, false, "2025-01-31T14:20:00.500Z"},
        {"2025-01-31T14:20:00.0000001Z", false, false, "2025-01-31T14:20:00.000001Z"},
        {"2025-01-31T23:59:59.9999999Z", false, false, "2025-02-01T00:00:00Z"},
        {"0001-01-01", true, false, "0001-01-01T00:00:00Z"},
        {"9999-12-31", false, true, "9999-12-31T23:59:59.999999Z"},
    };
    live_in_berlin();
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        struct timestamp time;
        char text[TIMESTAMP_TEXT] = "";
        const char *error = local_time_read(samples[i].text, samples[i].local, samples[i].day_end, &time);
        cr_expect_null(error, "%s: %s", samples[i].text, error);
        if (error == NULL)
            timestamp_format(time, text);
        cr_expect_str_eq(text, samples[i].expected, "%s: %s", samples[i].text, text);
    }
}

Test(local_time, that_is_none_is_refused)
{
    static const char *const texts[] = {"", "yesterday", "2025-13-01", "2025-02-29", "31.01.2025", "2025-01"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct timestamp time;
        cr_expect_not_null(local_time_read(texts[i], false, false, &time), "%s", texts[i]);
    }
}

Test(local_time, is_shown_with_its_offset)
{
    static const struct {
        const char *utc, *expected;
    } samples[] = {
        {"2025-01-16T14:20:00Z", "2025-01-16T15:20:00+01:00"},
        {"2025-07-16T14:20:00.123Z", "2025-07-16T16:20:00.123+02:00"},
        {"2025-12-31T23:30:00.000001Z", "2026-01-01T00:30:00.000001+01:00"},
        {"", ""},
        {"soon", "soon"},
    };
    struct arena arena;
    arena_init(&arena);
    live_in_berlin();
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++)
        cr_expect_str_eq(local_time_show(samples[i].utc, &arena), samples[i].expected, "%s", samples[i].utc);
    cr_assert_eq(setenv("TZ", "NST3:30", 1), 0);
    tzset();
    cr_expect_str_eq(local_time_show("2025-01-16T14:20:00Z", &arena), "2025-01-16T10:50:00-03:30");
    arena_free(&arena);
}
