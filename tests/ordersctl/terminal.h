/* terminal.h: a person at a terminal: a shell in tmux, keys that are typed, and what the screen shows.
 *
 * tmux is driven in its control mode, which says when something was written: so nothing here sleeps.
 */
#ifndef ORDERSCTL_TERMINAL_H
#define ORDERSCTL_TERMINAL_H

#include "support/service.h"

#include <stdbool.h>

struct terminal;

/* A bash with the prompt "$ ", in which ordersctl reaches the service. */
struct terminal *terminal_open(const struct service *service, unsigned columns, unsigned rows);
void terminal_close(struct terminal *terminal);

/* Types ASCII text, or presses a key by tmux's name for it: "Enter", "Tab", "C-c". */
void terminal_type(struct terminal *terminal, const char *text);
void terminal_press(struct terminal *terminal, const char *key);

/* What the screen shows, a line a line, without what is blank behind and below; until test_end (process.h).
 */
const char *terminal_screen(struct terminal *terminal);
/* The same with the colours, as escape sequences. */
const char *terminal_colors(struct terminal *terminal);

/* Waits until the screen shows this somewhere, or these lines and no others; the test's timeout bounds it. */
void terminal_wait_for(struct terminal *terminal, const char *text);
void terminal_wait_for_screen(struct terminal *terminal, const char *lines);

/* One of tmux's variables: "cursor_flag". */
const char *terminal_variable(struct terminal *terminal, const char *name);

#endif
