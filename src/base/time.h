/* time.h: the clocks, and time stamps as text (RFC 3339).
 *
 * A time stamp is seconds and nanoseconds since 1970-01-01T00:00:00Z without leap seconds, as in
 * google/protobuf/timestamp.proto, and lies in the years 0001 to 9999.
 */
#ifndef BASE_TIME_H
#define BASE_TIME_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    NS_PER_US = 1000,
    NS_PER_MS = 1000000,
    NS_PER_S = 1000000000,
    TIMESTAMP_TEXT = 32, /* room for "9999-12-31T23:59:59.999999Z" and its NUL */
    DATE_TEXT = 16,      /* room for "9999-12-31" and its NUL */
};

#define TIMESTAMP_MIN_SECONDS INT64_C(-62135596800) /* 0001-01-01T00:00:00Z */
#define TIMESTAMP_MAX_SECONDS INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

struct timestamp {
    int64_t seconds;
    int32_t nanos; /* 0 to 999,999,999, counted forward also before 1970 */
};

/* CLOCK_MONOTONIC in nanoseconds. */
uint64_t time_monotonic_ns(void);

/* A time on it, so many milliseconds from now; and how many are left until one, rounded up, as poll() takes
 * them; 0: none. */
uint64_t time_after_ms(uint64_t ms);
int time_left_ms(uint64_t until_ns);

/* A condition to wait for with a limit on CLOCK_MONOTONIC, which nobody sets. */
void time_cond_init(pthread_cond_t *condition);

/* Waits for a condition made by time_cond_init. False: it is limit_ns or later. */
bool time_wait_until(pthread_cond_t *condition, pthread_mutex_t *lock, uint64_t limit_ns);

/* CLOCK_REALTIME. */
struct timestamp time_now(void);

/* Reads an RFC 3339 date-time. With no offset it is UTC; a date alone is midnight UTC; a space or "_" may
 * stand for the T and a comma for the point, seconds and the offset's minutes may be left out, a space may
 * come before the offset, and digits beyond nanoseconds are dropped. Returns NULL, or why the text (length
 * bytes, any bytes) is no time stamp: "month value is outside expected range of 1-12". */
const char *timestamp_parse(const char *text, size_t length, struct timestamp *out);

/* What timestamp_parse returns for what would be a time stamp if there were a year 0. */
extern const char timestamp_year_0[];

/* Writes UTC with "Z" and 0, 3 or 6 fraction digits, as few as keep the microseconds. Returns the length. */
size_t timestamp_format(struct timestamp timestamp, char out[static TIMESTAMP_TEXT]);

/* Writes the day that is `days` after 1970-01-01. Returns the length. */
size_t date_format(int64_t days, char out[static DATE_TEXT]);

#endif
