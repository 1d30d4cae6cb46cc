/* pager.h: what is longer than the screen goes through a pager, as git has it. */
#ifndef ORDERSCTL_PAGER_H
#define ORDERSCTL_PAGER_H

#include "screen.h"

/* From here on stdout, and stderr where that is a terminal, too, go to the pager: $ORDERSCTL_PAGER, else
 * $PAGER, else less where it is installed; with LESS=FRX unless that is set: less ends by itself when all
 * fits, shows colours, and leaves what it showed. Nothing happens unless stdout is a terminal that is not
 * dumb, nor when the variable is empty or "cat". A pager that cannot be started is done without.
 *
 * Once nobody reads any more, output_flush ends the process. The signals that end it wait for the pager,
 * which has the terminal: for Ctrl-C shows what came so far. */
void pager_open(const struct screen *screen);

/* Ends the output and waits until the pager has ended; stdout is the terminal again. At the process's end it
 * is done without being called. */
void pager_close(void);

#endif
