/* watchdog.h: what the main of a server does from its start to its end: it tells the service manager how the
 * process is, and pings the manager's watchdog while clients can reach it.
 */
#ifndef BASE_WATCHDOG_H
#define BASE_WATCHDOG_H

#include "base/log.h"
#include "base/notify.h"
#include "base/prober.h"

#include <stddef.h>

/* A prober_start that asks as often as readiness and the watchdog want to know. NULL: errno is ENOMEM, and
 * `error` says it. */
struct prober *watchdog_start_prober(const struct notify *notify, const struct prober_target *targets,
                                     size_t n, char *error, size_t error_size);

/* What SIGHUP has done, on the thread that waits: files that the process was started with are read again. */
struct watchdog_reload {
    void (*load)(void *arg);
    void *arg;
};

/* Says that the process is ready, waits for SIGTERM or SIGINT, and says that it is stopping. In between it
 * pings the watchdog, if there is one, while each of the prober's addresses has answered lately, and else
 * logs which has not; and has each SIGHUP reload, if that is not NULL. Never waits for an address itself.
 * Returns which signal came.
 */
int watchdog_await_end(const struct notify *notify, struct prober *prober, struct log *log,
                       const struct watchdog_reload *reload);

#endif
