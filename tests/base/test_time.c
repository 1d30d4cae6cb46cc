/* test_time.c: RFC 3339 in and out. */
#include "base/time.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>

static const struct good {
    const char *text;
    int64_t seconds;
    int32_t nanos;
    const char *canonical;
} good[] = {
    {"1970-01-01T00:00:00Z", 0, 0, "1970-01-01T00:00:00Z"},
    {"2025-01-16T14:20:00Z", 1737037200, 0, "2025-01-16T14:20:00Z"},
    {"2025-01-16T14:20:00", 1737037200, 0, "2025-01-16T14:20:00Z"},
    {"2025-01-16t14:20:00z", 1737037200, 0, "2025-01-16T14:20:00Z"},
    {"2025-01-16 14:20:00Z", 1737037200, 0, "2025-01-16T14:20:00Z"},
    {"2025-01-16T14:20Z", 1737037200, 0, "2025-01-16T14:20:00Z"},
    {"2025-01-16", 1736985600, 0, "2025-01-16T00:00:00Z"},
    {"2025-01-16T16:20:00+02:00", 1737037200, 0, "2025-01-16T14:20:00Z"},
    {"2025-01-16T16:20:00+0200", 1737037200, 0, "2025-01-16T14:20:00Z"},
    {"2025-01-16 14:20:00+00", 1737037200, 0, "2025-01-16T14:20:00Z"},
    {"2025-01-16 08:20:00-06", 1737037200, 0, "2025-01-16T14:20:00Z"},
    {"2025-01-16 14:20:00 +0000", 1737037200, 0, "2025-01-16T14:20:00Z"},
    {"2025-01-16_16:20:00,5 +02:00", 1737037200, 500000000, "2025-01-16T14:20:00.500Z"},
    {"2025-01-16T08:50:00-05:30", 1737037200, 0, "2025-01-16T14:20:00Z"},
    {"2025-01-16T14:20:00-00:00", 1737037200, 0, "2025-01-16T14:20:00Z"},
    {"2025-01-16T14:20:00.5Z", 1737037200, 500000000, "2025-01-16T14:20:00.500Z"},
    {"2025-01-16T14:20:00.123Z", 1737037200, 123000000, "2025-01-16T14:20:00.123Z"},
    {"2025-01-16T14:20:00.1234Z", 1737037200, 123400000, "2025-01-16T14:20:00.123400Z"},
    {"2025-01-16T14:20:00.000001Z", 1737037200, 1000, "2025-01-16T14:20:00.000001Z"},
    {"2025-01-16T14:20:00.123456789Z", 1737037200, 123456789, "2025-01-16T14:20:00.123456Z"},
    {"2025-01-16T14:20:00.1234567891234Z", 1737037200, 123456789, "2025-01-16T14:20:00.123456Z"},
    {"2000-02-29T00:00:00Z", 951782400, 0, "2000-02-29T00:00:00Z"},
    {"1969-12-31T23:59:59.5Z", -1, 500000000, "1969-12-31T23:59:59.500Z"},
    {"0001-01-01T00:00:00Z", TIMESTAMP_MIN_SECONDS, 0, "0001-01-01T00:00:00Z"},
    {"9999-12-31T23:59:59.999999Z", TIMESTAMP_MAX_SECONDS, 999999000, "9999-12-31T23:59:59.999999Z"},
};

Test(time, reads_and_writes)
{
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct timestamp stamp;
        char text[TIMESTAMP_TEXT];
        const char *why = timestamp_parse(good[i].text, strlen(good[i].text), &stamp);
        cr_assert_null(why, "%s: %s", good[i].text, why);
        cr_assert_eq(stamp.seconds, good[i].seconds, "%s: %" PRId64, good[i].text, stamp.seconds);
        cr_assert_eq(stamp.nanos, good[i].nanos, "%s: %" PRId32, good[i].text, stamp.nanos);
        cr_assert_eq(timestamp_format(stamp, text), strlen(good[i].canonical));
        cr_assert_str_eq(text, good[i].canonical);
    }
}

static const char *const bad[] = {
    "",
    "now",
    "2025-1-16",
    "2025-13-01",
    "2025-00-01",
    "2025-02-29",
    "1900-02-29",
    "2025-01-32",
    "2025-01-00",
    "0000-01-01",
    "2025/01/16",
    "2025-01-16T",
    "2025-01-16T24:00:00Z",
    "2025-01-16T23:60:00Z",
    "2025-01-16T23:59:60Z",
    "2025-01-16T14:20:00.Z",
    "2025-01-16T14:20:00ZZ",
    "2025-01-16T14:20:00+24:00",
    "2025-01-16T14:20:00+02:60",
    "2025-01-16T14:20:00+2",
    "2025-01-16T14:20:00+",
    "2025-01-16T14:20:00+02:",
    "2025-01-16T14:20:00+020",
    "2025-01-16T14:20:00 ",
    "2025-01-16T14:20:00 Z",
    "2025-01-16T14:20:00  +00",
    "2025-01-16X14:20:00Z",
    "0001-01-01T00:00:00+00:01",
    "9999-12-31T23:59:59-00:01",
    "20250116T142000Z",
    "+2025-01-16",
};

Test(time, says_why_not)
{
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct timestamp stamp;
        cr_assert_not_null(timestamp_parse(bad[i], strlen(bad[i]), &stamp), "%s was taken", bad[i]);
    }
    struct timestamp stamp;
    cr_assert_str_eq(timestamp_parse("2025-13-01", 10, &stamp),
                     "month value is outside expected range of 1-12");
    cr_assert_eq(timestamp_parse("0000-02-29", 10, &stamp), timestamp_year_0);
}

Test(time, every_day_of_four_centuries_comes_back)
{
    char text[DATE_TEXT];
    for (int64_t day = -135140; day < 160000; day++) { /* 1600 to 2408 */
        struct timestamp stamp;
        size_t length = date_format(day, text);
        cr_assert_null(timestamp_parse(text, length, &stamp), "%s", text);
        cr_assert_eq(stamp.seconds, day * 86400);
    }
}

/* Rounded up: who polls for what is left is not early, and does not go round. */
Test(time, what_is_left_is_whole_milliseconds)
{
    cr_expect_eq(time_left_ms(0), 0);
    cr_expect_eq(time_left_ms(time_monotonic_ns()), 0);
    const int left_ms = time_left_ms(time_after_ms(100000));
    cr_expect(left_ms > 50000 && left_ms <= 100000, "%d", left_ms);
    cr_expect_eq(time_left_ms(UINT64_MAX), INT_MAX);
    uint64_t now_ns;
    int of_a_bit;
    do { /* until the clock stands still for it */
        now_ns = time_monotonic_ns();
        of_a_bit = time_left_ms(now_ns + NS_PER_MS / 2);
    } while (time_monotonic_ns() >= now_ns + NS_PER_MS / 2);
    cr_expect_eq(of_a_bit, 1);
}
