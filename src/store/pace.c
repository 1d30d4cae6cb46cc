/* pace.c: a line through two points. */
#include "store/pace.h"

#include "base/time.h"
#include "store/lane.h"

enum { TRY_MORE = 8 }; /* after so many slow ones of the same size: what they were slow by may be over */

static const uint64_t pace_ns = (uint64_t)PACE_MS * NS_PER_MS;

void pace_init(struct pace *pace)
{
    *pace = (struct pace){.most = LANE_BATCH_MOST};
}

static unsigned twice(unsigned n)
{
    return n < LANE_BATCH_MOST / 2 ? 2 * n : LANE_BATCH_MOST;
}

/* How many are not slow, by this one and the last. No more than twice as many as are known to be. */
static unsigned fit(const struct pace *pace, unsigned n, uint64_t took_ns)
{
    const double more_ns = (double)took_ns - (double)pace->took_ns;
    const double each_ns = more_ns / ((double)n - (double)pace->n);
    if (each_ns * twice(n) <= (double)pace_ns)
        return twice(n);
    return each_ns < (double)pace_ns ? (unsigned)((double)pace_ns / each_ns) : 1;
}

void pace_note(struct pace *pace, unsigned n, uint64_t took_ns)
{
    if (took_ns <= pace_ns) {
        if (n >= pace->most)
            pace->most = twice(pace->most);
        return;
    }
    pace->same = n == pace->n ? pace->same + 1 : 0;
    if (pace->n == 0)
        pace->most = n > 1 ? n / 2 : 2;
    else if (n != pace->n)
        pace->most = fit(pace, n, took_ns);
    else if (n >= pace->most && pace->same >= TRY_MORE)
        pace->most = twice(n);
    pace->n = n;
    pace->took_ns = took_ns;
}
