/* local_time.h: times in the zone of whoever looks, as TZ or the system has it. */
#ifndef ORDERSCTL_LOCAL_TIME_H
#define ORDERSCTL_LOCAL_TIME_H

#include "base/arena.h"
#include "base/time.h"

#include <stdbool.h>

/* Reads a day, "2025-01-31", or a time as timestamp_parse takes it. What names no zone is in the local one,
 * or in UTC. Rounded up to microseconds, in which orders are kept, so that one is before the time read
 * exactly when it is before the text's. `day_end`: a day alone stands for the midnight behind it. Returns
 * NULL, or why the text is no time. */
const char *local_time_read(const char *text, bool local, bool day_end, struct timestamp *out);

/* A time in UTC, as timestamp_format writes it, in the local zone, with its offset:
 * "2025-01-16T15:20:00.123+01:00". In the arena; what is no such time stays as it is. */
const char *local_time_show(const char *utc, struct arena *arena);

#endif
