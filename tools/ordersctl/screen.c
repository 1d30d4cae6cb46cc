/* screen.c: asks the environment, the locale and the terminal. */
#include "screen.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { DEFAULT_COLUMNS = 80, LEAST_COLUMNS = 20, MOST_COLUMNS = 1000, DEFAULT_ROWS = 24 };

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value != NULL ? value : "";
}

void screen_set_color(struct screen *screen, enum screen_color color)
{
    const bool is_wanted =
        screen->is_terminal && *variable("NO_COLOR") == '\0' && strcmp(variable("TERM"), "dumb") != 0;
    screen->colored = color == COLOR_ALWAYS || (color == COLOR_AUTO && is_wanted);
}

void screen_init(struct screen *screen)
{
    setlocale(LC_CTYPE, "");
    *screen = (struct screen){.is_terminal = isatty(STDOUT_FILENO) != 0,
                              .utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0};
    setlocale(LC_CTYPE, "C.UTF-8");
    screen_set_color(screen, COLOR_AUTO);
}

size_t screen_columns(int fd)
{
    struct winsize size = {0};
    size_t columns = strtoul(variable("COLUMNS"), NULL, 10);
    if (columns == 0 && ioctl(fd, TIOCGWINSZ, &size) == 0)
        columns = size.ws_col;
    if (columns == 0)
        columns = DEFAULT_COLUMNS;
    return columns < LEAST_COLUMNS ? LEAST_COLUMNS : columns > MOST_COLUMNS ? MOST_COLUMNS : columns;
}

size_t screen_rows(int fd)
{
    struct winsize size = {0};
    return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 ? size.ws_row : DEFAULT_ROWS;
}
