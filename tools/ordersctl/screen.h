/* screen.h: what stdout can show: colours, block characters, so many columns. */
#ifndef ORDERSCTL_SCREEN_H
#define ORDERSCTL_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

struct screen {
    bool is_terminal;
    bool colored; /* styles are written */
    bool utf8;    /* the user's locale has block characters */
};

enum screen_color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/* ECMA-48's Select Graphic Rendition; each is ended by STYLE_END. */
#define STYLE_BOLD   "\033[1m"
#define STYLE_RED    "\033[31m"
#define STYLE_GREEN  "\033[32m"
#define STYLE_YELLOW "\033[33m"
#define STYLE_CYAN   "\033[36m"
#define STYLE_END    "\033[0m"

/* Looks at stdout and the environment. COLOR_AUTO: colours on a terminal, unless NO_COLOR (no-color.org) is
 * set and not empty or TERM is "dumb". Changes the program's LC_CTYPE to C.UTF-8, after a look at the user's:
 * what the service says is UTF-8 whatever language that is. */
void screen_init(struct screen *screen);
void screen_set_color(struct screen *screen, enum screen_color color);

/* The size of the terminal that this file is: COLUMNS where it is set, else as the terminal says, else 80 and
 * 24. Columns are 20 to 1,000, so that there is room and an end. */
size_t screen_columns(int fd);
size_t screen_rows(int fd);

#endif
