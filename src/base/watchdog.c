/* watchdog.c: a ping each quarter of the watchdog's time. */
#include "base/watchdog.h"

#include "base/process.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum {
    PINGS = 4,              /* in the time in which the watchdog wants one */
    PINGS_SINCE_ANSWER = 2, /* for which an address may have been silent */
    WHY_BYTES = 512,
};

static unsigned ping_ms(const struct notify *notify)
{
    return (notify->watchdog_ms + PINGS - 1) / PINGS;
}

struct prober *watchdog_start_prober(const struct notify *notify, const struct prober_target *targets,
                                     size_t n, char *error, size_t error_size)
{
    const unsigned ms = ping_ms(notify);
    struct prober *prober =
        prober_start(targets, n, ms != 0 && ms < PROBER_EVERY_MS ? ms : PROBER_EVERY_MS, PROBER_WAITS_MS);
    if (prober == NULL) {
        snprintf(error, error_size, "no memory for a thread");
        errno = ENOMEM;
    }
    return prober;
}

static void ping(const struct notify *notify, struct prober *prober, struct log *log)
{
    char why[WHY_BYTES] = "not asked for too long";
    if (prober_answered(prober, PINGS_SINCE_ANSWER * ping_ms(notify))) {
        notify_send(notify, "WATCHDOG=1");
        return;
    }
    prober_ready(prober, why, sizeof why);
    log_line(log, LOG_LEVEL_ERROR, "no answer at an address of its own", LOG_STR("why", why));
}

int watchdog_await_end(const struct notify *notify, struct prober *prober, struct log *log,
                       const struct watchdog_reload *reload)
{
    int ended;
    notify_send(notify, "READY=1");
    while ((ended = process_await_signal(ping_ms(notify))) == 0 || ended == SIGHUP) {
        if (ended == SIGHUP && reload != NULL)
            reload->load(reload->arg);
        if (notify->watchdog_ms != 0)
            ping(notify, prober, log);
    }
    notify_send(notify, "STOPPING=1");
    log_line(log, LOG_LEVEL_INFO, "stopping", LOG_STR("signal", sigdescr_np(ended)));
    return ended;
}
