/* time.c: clocks and RFC 3339. The calendar is the proleptic Gregorian one, in which RFC 3339 counts. */
#include "base/time.h"

#include <limits.h>
#include <time.h>

enum { SECONDS_PER_DAY = 86400 };

uint64_t time_monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

uint64_t time_after_ms(uint64_t ms)
{
    return time_monotonic_ns() + ms * NS_PER_MS;
}

int time_left_ms(uint64_t until_ns)
{
    const uint64_t now_ns = time_monotonic_ns();
    const uint64_t left_ms = until_ns > now_ns ? (until_ns - now_ns - 1) / NS_PER_MS + 1 : 0;
    return left_ms < INT_MAX ? (int)left_ms : INT_MAX;
}

void time_cond_init(pthread_cond_t *condition)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

bool time_wait_until(pthread_cond_t *condition, pthread_mutex_t *lock, uint64_t limit_ns)
{
    const struct timespec limit = {.tv_sec = (time_t)(limit_ns / NS_PER_S),
                                   .tv_nsec = (long)(limit_ns % NS_PER_S)};
    return pthread_cond_timedwait(condition, lock, &limit) == 0;
}

struct timestamp time_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (struct timestamp){.seconds = now.tv_sec, .nanos = (int32_t)now.tv_nsec};
}

/* Days from 1970-01-01, and back. Years begin in March here, so that the leap day is a year's last day
 * and the months' lengths follow one formula (Howard Hinnant, "chrono-compatible low-level date
 * algorithms"). An era is 400 years, after which the calendar repeats. */
enum { DAYS_PER_ERA = 146097, DAYS_TO_1970 = 719468 };

static int64_t days_from_civil(int64_t year, unsigned month, unsigned day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    unsigned year_of_era = (unsigned)(year - era * 400);
    unsigned day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    unsigned day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_PER_ERA + day_of_era - DAYS_TO_1970;
}

static void civil_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
    days += DAYS_TO_1970;
    int64_t era = (days >= 0 ? days : days - (DAYS_PER_ERA - 1)) / DAYS_PER_ERA;
    unsigned day_of_era = (unsigned)(days - era * DAYS_PER_ERA);
    unsigned year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / (DAYS_PER_ERA - 1)) / 365;
    unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned shifted_month = (5 * day_of_year + 2) / 153;
    *day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    *month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
    *year = year_of_era + era * 400 + (*month <= 2);
}

static unsigned days_in_month(unsigned year, unsigned month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

/* What is left to read of a text. */
struct cursor {
    const char *at;
    const char *end;
};

static bool cursor_take(struct cursor *cursor, char wanted)
{
    if (cursor->at == cursor->end || *cursor->at != wanted)
        return false;
    cursor->at++;
    return true;
}

static bool take_digits(struct cursor *cursor, int count, unsigned *out)
{
    unsigned value = 0;
    for (int i = 0; i < count; i++) {
        if (cursor->at == cursor->end || *cursor->at < '0' || *cursor->at > '9')
            return false;
        value = value * 10 + (unsigned)(*cursor->at++ - '0');
    }
    *out = value;
    return true;
}

static const char *parse_date(struct cursor *cursor, int64_t *days)
{
    unsigned year, month, day;
    if (!take_digits(cursor, 4, &year))
        return "invalid character in year";
    if (!cursor_take(cursor, '-'))
        return "invalid date separator, expected `-`";
    if (!take_digits(cursor, 2, &month))
        return "invalid character in month";
    if (!cursor_take(cursor, '-'))
        return "invalid date separator, expected `-`";
    if (!take_digits(cursor, 2, &day))
        return "invalid character in day";
    if (month < 1 || month > 12)
        return "month value is outside expected range of 1-12";
    if (day < 1 || day > days_in_month(year, month))
        return "day value is outside expected range";
    *days = days_from_civil(year, month, day);
    return NULL;
}

static const char *parse_fraction(struct cursor *cursor, int32_t *nanos)
{
    unsigned digit;
    int32_t unit = NS_PER_S / 10;
    if (!take_digits(cursor, 1, &digit))
        return "invalid character in second fraction";
    do {
        *nanos += (int32_t)digit * unit;
        unit /= 10;
    } while (take_digits(cursor, 1, &digit));
    return NULL;
}

static const char *parse_clock(struct cursor *cursor, unsigned *second_of_day, int32_t *nanos)
{
    unsigned hour, minute, second = 0;
    if (!take_digits(cursor, 2, &hour))
        return "invalid character in hour";
    if (!cursor_take(cursor, ':'))
        return "invalid time separator, expected `:`";
    if (!take_digits(cursor, 2, &minute))
        return "invalid character in minute";
    if (cursor_take(cursor, ':')) {
        if (!take_digits(cursor, 2, &second))
            return "invalid character in second";
        if (cursor_take(cursor, '.') || cursor_take(cursor, ',')) {
            const char *why = parse_fraction(cursor, nanos);
            if (why != NULL)
                return why;
        }
    }
    if (hour > 23)
        return "hour value is outside expected range of 0-23";
    if (minute > 59)
        return "minute value is outside expected range of 0-59";
    if (second > 59)
        return "second value is outside expected range of 0-59";
    *second_of_day = hour * 3600 + minute * 60 + second;
    return NULL;
}

/* PostgreSQL writes "+00", and some of its drivers " +0000". */
static const char *parse_offset(struct cursor *cursor, int *offset_seconds)
{
    *offset_seconds = 0;
    if (cursor->at == cursor->end || cursor_take(cursor, 'Z') || cursor_take(cursor, 'z'))
        return NULL;
    int sign = 1;
    cursor_take(cursor, ' ');
    if (cursor_take(cursor, '-'))
        sign = -1;
    else if (!cursor_take(cursor, '+'))
        return "invalid timezone sign";
    unsigned hour, minute = 0;
    if (!take_digits(cursor, 2, &hour))
        return "invalid timezone offset";
    const bool has_minutes = cursor_take(cursor, ':') || cursor->at < cursor->end;
    if ((has_minutes && !take_digits(cursor, 2, &minute)) || hour > 23 || minute > 59)
        return "invalid timezone offset";
    *offset_seconds = sign * (int)(hour * 3600 + minute * 60);
    return NULL;
}

const char timestamp_year_0[] = "year 0 is out of range";

const char *timestamp_parse(const char *text, size_t length, struct timestamp *out)
{
    struct cursor cursor = {.at = text, .end = text + length};
    int64_t days;
    unsigned second_of_day = 0;
    int32_t nanos = 0;
    int offset_seconds = 0;

    if (length < sizeof "2025-01-16" - 1)
        return "input is too short";
    const char *why = parse_date(&cursor, &days);
    if (why != NULL)
        return why;
    if (cursor.at != cursor.end) {
        if (!cursor_take(&cursor, 'T') && !cursor_take(&cursor, 't') && !cursor_take(&cursor, '_') &&
            !cursor_take(&cursor, ' '))
            return "invalid datetime separator, expected `T`, `t`, `_` or space";
        why = parse_clock(&cursor, &second_of_day, &nanos);
        if (why == NULL)
            why = parse_offset(&cursor, &offset_seconds);
        if (why != NULL)
            return why;
        if (cursor.at != cursor.end)
            return "unexpected extra characters at the end of the input";
    }
    int64_t seconds = days * SECONDS_PER_DAY + second_of_day - offset_seconds;
    if (days < TIMESTAMP_MIN_SECONDS / SECONDS_PER_DAY)
        return timestamp_year_0;
    if (seconds < TIMESTAMP_MIN_SECONDS || seconds > TIMESTAMP_MAX_SECONDS)
        return "year in UTC is outside expected range of 1-9999";
    *out = (struct timestamp){.seconds = seconds, .nanos = nanos};
    return NULL;
}

/* Digits by hand, as a list has three time stamps an order. Returns where they end. */
static char *write_two(unsigned number, char *out)
{
    out[0] = (char)('0' + number / 10);
    out[1] = (char)('0' + number % 10);
    return out + 2;
}

static char *write_part(char before, unsigned number, char *out)
{
    *out = before;
    return write_two(number, out + 1);
}

static char *write_date(int64_t days, char *out)
{
    int64_t year;
    unsigned month, day;
    civil_from_days(days, &year, &month, &day);
    year = year < 0 ? 0 : year > 9999 ? 9999 : year; /* no time stamp; write one all the same */
    out = write_two((unsigned)year / 100, out);
    out = write_two((unsigned)year % 100, out);
    out = write_part('-', month, out);
    return write_part('-', day, out);
}

/* As few of them as keep the microseconds. */
static char *write_fraction(unsigned micros, char *out)
{
    const unsigned millis = micros / 1000;
    if (micros == 0)
        return out;
    *out++ = '.';
    out = write_two(millis / 10, out);
    if (micros % 1000 != 0) {
        out = write_two(micros / 100 % 100, out);
        return write_two(micros % 100, out);
    }
    *out++ = (char)('0' + millis % 10);
    return out;
}

size_t timestamp_format(struct timestamp timestamp, char out[static TIMESTAMP_TEXT])
{
    int64_t days = timestamp.seconds / SECONDS_PER_DAY;
    int64_t second_of_day = timestamp.seconds % SECONDS_PER_DAY;
    if (second_of_day < 0) {
        second_of_day += SECONDS_PER_DAY;
        days--;
    }
    const unsigned seconds = (unsigned)second_of_day;
    char *end = write_date(days, out);
    end = write_part('T', seconds / 3600, end);
    end = write_part(':', seconds / 60 % 60, end);
    end = write_part(':', seconds % 60, end);
    if (timestamp.nanos > 0) /* as with the year */
        end = write_fraction((unsigned)timestamp.nanos / NS_PER_US % 1000000, end);
    *end++ = 'Z';
    *end = '\0';
    return (size_t)(end - out);
}

size_t date_format(int64_t days, char out[static DATE_TEXT])
{
    char *end = write_date(days, out);
    *end = '\0';
    return (size_t)(end - out);
}
