/* local_time.c: the C library knows the zones. */
#include "local_time.h"

#include <string.h>
#include <time.h>

enum { DAY_LENGTH = 10 /* "2025-01-31" */, SECOND_LENGTH = 19 /* "2025-01-31T14:20:00" */, OFFSET_TEXT = 8 };

/* Behind the day there may be a time, and behind that "Z", "+01:00" or "-05". */
static bool names_zone(const char *text)
{
    return strlen(text) > DAY_LENGTH && strpbrk(text + DAY_LENGTH, "Zz+-") != NULL;
}

/* The moment at which clocks of the zone show what these of UTC do, so many days later; the day after is not
 * always 24 hours later. Where clocks are put forward over it, it is an hour later; back, the first of two.
 */
static int64_t zoned(int64_t seconds, int days, bool local)
{
    const time_t utc = seconds;
    struct tm shown;
    gmtime_r(&utc, &shown);
    shown.tm_mday += days;
    shown.tm_isdst = -1;
    return local ? mktime(&shown) : timegm(&shown);
}

static void round_up(struct timestamp *time)
{
    time->nanos = (time->nanos + NS_PER_US - 1) / NS_PER_US * NS_PER_US;
    time->seconds += time->nanos / NS_PER_S;
    time->nanos %= NS_PER_S;
}

/* What lies behind the last year, as the end of its last day does, or before the first one. */
static void keep_in_range(struct timestamp *time)
{
    if (time->seconds > TIMESTAMP_MAX_SECONDS)
        *time = (struct timestamp){.seconds = TIMESTAMP_MAX_SECONDS, .nanos = NS_PER_S - NS_PER_US};
    if (time->seconds < TIMESTAMP_MIN_SECONDS)
        *time = (struct timestamp){.seconds = TIMESTAMP_MIN_SECONDS};
}

const char *local_time_read(const char *text, bool local, bool day_end, struct timestamp *out)
{
    const char *error = timestamp_parse(text, strlen(text), out);
    if (error != NULL)
        return error;
    if (!names_zone(text))
        out->seconds = zoned(out->seconds, day_end && strlen(text) == DAY_LENGTH, local);
    round_up(out);
    keep_in_range(out);
    return NULL;
}

const char *local_time_show(const char *utc, struct arena *arena)
{
    struct timestamp time;
    struct tm local;
    char offset[OFFSET_TEXT];
    if (timestamp_parse(utc, strlen(utc), &time) != NULL)
        return utc;
    const time_t seconds = time.seconds;
    if (localtime_r(&seconds, &local) == NULL || strftime(offset, sizeof offset, "%z", &local) == 0)
        return utc;
    const char *fraction = strchr(utc, '.');
    const int digits = fraction != NULL ? (int)strcspn(fraction, "Z") : 0;
    return arena_printf(arena, "%04d-%02d-%02dT%02d:%02d:%02d%.*s%.3s:%s", local.tm_year + 1900,
                        local.tm_mon + 1, local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec, digits,
                        fraction != NULL ? fraction : "", offset, offset + 3);
}
