/* chart.c: a table of two columns, and what is left of the line for the bar. */
#include "chart.h"

#include "base/arena.h"
#include "printable.h"

#include <inttypes.h>

enum { GAP = 2, EIGHTHS = 8 };

/* The end of a bar, in eighths of a column. */
static const char *const parts[EIGHTHS] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};

static size_t widest(const struct chart_bar bars[], size_t n, bool labels, struct arena *arena)
{
    size_t most = 0;
    for (size_t i = 0; i < n; i++) {
        const size_t width = printable_width(printable(arena, labels ? bars[i].label : bars[i].text));
        most = width > most ? width : most;
    }
    return most;
}

static int64_t greatest(const struct chart_bar bars[], size_t n)
{
    int64_t most = 0;
    for (size_t i = 0; i < n; i++)
        most = bars[i].value > most ? bars[i].value : most;
    return most;
}

/* How many of `units` a value is, of which the greatest has all. */
static size_t length_of(int64_t value, int64_t most, size_t units)
{
    if (value <= 0)
        return 0;
    const size_t length = (size_t)((double)value / (double)most * (double)units + 0.5);
    return length > 0 ? length : 1;
}

static void write_bar(FILE *file, const struct chart_bar *bar, int64_t most, size_t room, bool utf8)
{
    const size_t length = length_of(bar->value, most, utf8 ? room * EIGHTHS : room);
    const size_t whole = utf8 ? length / EIGHTHS : length;
    for (size_t i = 0; i < whole; i++)
        fputs(utf8 ? "█" : "#", file);
    if (utf8)
        fputs(parts[length % EIGHTHS], file);
}

void chart_write(FILE *file, const struct chart_bar bars[], size_t n, size_t columns, bool utf8)
{
    struct arena arena;
    arena_init(&arena);
    const size_t labels = widest(bars, n, true, &arena), texts = widest(bars, n, false, &arena);
    const size_t before = labels + GAP + texts + GAP;
    const size_t room = columns > before ? columns - before : 0;
    const int64_t most = greatest(bars, n);
    for (size_t i = 0; i < n; i++) {
        const char *label = printable(&arena, bars[i].label), *text = printable(&arena, bars[i].text);
        const bool has_bar = room > 0 && bars[i].value > 0;
        fprintf(file, "%s%*s%s%s", label,
                (int)(labels - printable_width(label) + GAP + texts - printable_width(text)), "", text,
                has_bar ? "  " : "");
        if (has_bar)
            write_bar(file, &bars[i], most, room, utf8);
        fputs("\n", file);
    }
    arena_free(&arena);
}
