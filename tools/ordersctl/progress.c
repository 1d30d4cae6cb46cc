/* progress.c: one line, drawn over itself. */
#include "progress.h"

#include "base/time.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { REDRAW_NS = 100 * NS_PER_MS, DEFAULT_COLUMNS = 80, BAR_MAX = 40, BAR_MIN = 10, PERCENT_COLUMNS = 8 };

void progress_init(struct progress *progress, int input, uint64_t total)
{
    *progress = (struct progress){.enabled = isatty(STDERR_FILENO) && !isatty(input), .total = total};
}

static size_t terminal_columns(void)
{
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : DEFAULT_COLUMNS;
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

void progress_show(struct progress *progress, uint64_t done, const char *text)
{
    const uint64_t now_ns = time_monotonic_ns();
    if (!progress->enabled || now_ns < progress->next_ns)
        return;
    progress->next_ns = now_ns + REDRAW_NS;
    progress->shown = true;

    /* A line that is wider than the terminal could not be drawn over. */
    const size_t columns = terminal_columns() - 1, length = strlen(text);
    fputs("\r\033[K", stderr);
    if (progress->total > 0 && columns > length + PERCENT_COLUMNS + BAR_MIN)
        draw_bar(done, progress->total, columns - length - PERCENT_COLUMNS);
    fprintf(stderr, "%.*s", (int)columns, text);
    fflush(stderr);
}

void progress_clear(struct progress *progress)
{
    if (progress->shown)
        fputs("\r\033[K", stderr);
    progress->shown = false;
    progress->next_ns = 0;
}
