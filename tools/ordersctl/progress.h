/* progress.h: a bar on stderr that says how far a long command is. Only on a terminal: elsewhere nothing is
 * written. */
#ifndef ORDERSCTL_PROGRESS_H
#define ORDERSCTL_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
    bool enabled;
    bool shown;       /* the bar is on the screen */
    uint64_t next_ns; /* CLOCK_MONOTONIC; not drawn again before */
    uint64_t total;   /* bytes; 0: not known, and there is no bar but only the text */
};

/* Nothing is shown unless stderr is a terminal, nor while the input is typed there. */
void progress_init(struct progress *progress, int input, uint64_t total);

/* Draws the bar, unless it was drawn a moment ago. */
void progress_show(struct progress *progress, uint64_t done, const char *text);

/* Takes the bar off the screen, before anything else is written to it. */
void progress_clear(struct progress *progress);

#endif
