/* progress.h: a bar on stderr that says how far a long command is, how fast, and how long it will take. Only
 * on a terminal: elsewhere nothing is written. */
#ifndef ORDERSCTL_PROGRESS_H
#define ORDERSCTL_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PROGRESS_PACE_TEXT = 48 };

struct progress {
    bool enabled;
    uint64_t next_ns;  /* CLOCK_MONOTONIC; not drawn again before */
    uint64_t total;    /* in any unit; 0: not known, and there is no bar but only the text */
    uint64_t start_ns; /* CLOCK_MONOTONIC; when what follows was so */
    uint64_t start_done;
    uint64_t start_rows;
};

/* Nothing is shown unless stderr is a terminal; nor while another file of the command's, what it reads or
 * writes, is one, or stdout a pipe, whose reader may write there; nor while the command is in the background.
 */
void progress_init(struct progress *progress, int other, uint64_t total);

/* Counts rate and time left from here on. */
void progress_restart(struct progress *progress, uint64_t done, uint64_t rows);

/* Draws the bar, unless it was drawn a moment ago: so much of the total is done, and so many rows. */
void progress_show(struct progress *progress, uint64_t done, uint64_t rows, const char *text);

/* Takes the bar off the screen; the next one is drawn at once. */
void progress_clear(struct progress *progress);

/* The same for whichever bar is there, before anything else is written to stderr, as report.h does. */
void progress_hide(void);

/* ", 28000/s, 1:05 left": how fast rows come, and when `left` will be done at the pace at which `done` was.
 * "" within the first second, when there is no telling; without a time when `left` or `done` is 0. */
void progress_pace(uint64_t elapsed_ns, uint64_t rows, uint64_t done, uint64_t left,
                   char out[static PROGRESS_PACE_TEXT]);

#endif
