/* progress.c: one line, drawn over itself. */
#include "progress.h"

#include "base/time.h"
#include "screen.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { REDRAW_NS = 100 * NS_PER_MS, BAR_MAX = 40, BAR_MIN = 10, PERCENT_COLUMNS = 8, LINE_TEXT = 256 };

static struct progress *on_screen; /* of all there are; NULL: none */

/* What is piped on may come out on the same terminal: a pager, or a filter. */
static bool is_piped(int fd)
{
    struct stat about;
    return fstat(fd, &about) == 0 && (S_ISFIFO(about.st_mode) || S_ISSOCK(about.st_mode));
}

/* The terminal is somebody else's while this runs in the background. */
static bool is_in_foreground(void)
{
    const pid_t foreground = tcgetpgrp(STDERR_FILENO);
    return foreground < 0 || foreground == getpgrp(); /* below 0: it controls no jobs */
}

void progress_init(struct progress *progress, int other, uint64_t total)
{
    *progress = (struct progress){
        .enabled = isatty(STDERR_FILENO) && !isatty(other) && !is_piped(STDOUT_FILENO), .total = total};
    progress_restart(progress, 0, 0);
}

void progress_restart(struct progress *progress, uint64_t done, uint64_t rows)
{
    progress->start_ns = time_monotonic_ns();
    progress->start_done = done;
    progress->start_rows = rows;
}

void progress_pace(uint64_t elapsed_ns, uint64_t rows, uint64_t done, uint64_t left,
                   char out[static PROGRESS_PACE_TEXT])
{
    enum { MINUTE_S = 60, LONGEST_S = 1000 * 60 };
    const double elapsed_s = (double)elapsed_ns / NS_PER_S;
    out[0] = '\0';
    if (elapsed_s < 1)
        return;
    const int length =
        snprintf(out, PROGRESS_PACE_TEXT, ", %" PRIu64 "/s", (uint64_t)((double)rows / elapsed_s));
    const double left_s = done > 0 ? (double)left / (double)done * elapsed_s : 0;
    if (left_s > 0 && left_s < LONGEST_S)
        snprintf(out + length, PROGRESS_PACE_TEXT - (size_t)length, ", %d:%02d left", (int)left_s / MINUTE_S,
                 (int)left_s % MINUTE_S);
}

/* "[=====>    ]  52% " */
static void draw_bar(uint64_t done, uint64_t total, size_t room)
{
    static const char line[BAR_MAX + 1] = "========================================";
    const size_t bar = room < BAR_MAX ? room : BAR_MAX;
    const uint64_t part = done < total ? done : total;
    const size_t filled = (size_t)((double)part / (double)total * (double)bar);
    fprintf(stderr, "[%.*s%s%*s] %3d%% ", (int)filled, line, filled < bar ? ">" : "",
            (int)(filled < bar ? bar - filled - 1 : 0), "", (int)((double)part / (double)total * 100));
}

void progress_show(struct progress *progress, uint64_t done, uint64_t rows, const char *text)
{
    const uint64_t now_ns = time_monotonic_ns();
    char pace[PROGRESS_PACE_TEXT], line[LINE_TEXT];
    if (!progress->enabled || now_ns < progress->next_ns || !is_in_foreground())
        return;
    progress->next_ns = now_ns + REDRAW_NS;
    on_screen = progress;
    progress_pace(now_ns - progress->start_ns, rows - progress->start_rows, done - progress->start_done,
                  done < progress->total ? progress->total - done : 0, pace);
    snprintf(line, sizeof line, "%s%s", text, pace);

    /* A line that is wider than the terminal could not be drawn over. */
    const size_t columns = screen_columns(STDERR_FILENO) - 1, length = strlen(line);
    fputs("\r\033[K", stderr);
    if (progress->total > 0 && columns > length + PERCENT_COLUMNS + BAR_MIN)
        draw_bar(done, progress->total, columns - length - PERCENT_COLUMNS);
    fprintf(stderr, "%.*s", (int)columns, line);
    fflush(stderr);
}

void progress_clear(struct progress *progress)
{
    if (progress == on_screen)
        progress_hide();
    progress->next_ns = 0;
}

void progress_hide(void)
{
    if (on_screen != NULL && is_in_foreground())
        fputs("\r\033[K", stderr);
    on_screen = NULL;
}
