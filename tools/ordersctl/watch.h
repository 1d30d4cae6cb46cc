/* watch.h: what a command shows, shown again and again. */
#ifndef ORDERSCTL_WATCH_H
#define ORDERSCTL_WATCH_H

#include "session.h"

#include <argp.h>
#include <stdio.h>

/* The option --watch; its input is a struct watch. */
extern const struct argp watch_argp;

struct watch {
    int interval_ms; /* 0: shown once */
};

/* Writes what is to be seen now, which is flushed for it. It reports its failures. */
typedef enum exit_code watch_draw(struct session *session, FILE *file, void *arg);

/* Draws once, or until a signal ends it (interrupt.h), which is no failure. A table on a terminal is drawn
 * over the one before, as much of it as the terminal is high; all else is written one after another. A
 * failure of the first call ends it, or one that will not pass; any other is a line below what was drawn
 * last, or on stderr.
 */
enum exit_code watch_run(struct session *session, const struct watch *watch, watch_draw *draw, void *arg);

#endif
