/* confirm.h: a person is asked before more than one order is changed.
 *
 * Nobody is asked about an order that is named as the one argument, nor with --yes, nor in a dry run. Where
 * nobody can be asked, as stdin or stderr is no terminal, that is wrong usage.
 */
#ifndef ORDERSCTL_CONFIRM_H
#define ORDERSCTL_CONFIRM_H

#include "selection.h"

#include <argp.h>
#include <stdbool.h>

struct confirm_options {
    bool yes;
    bool dry_run;
};

/* The options --yes and --dry-run; the input is a struct confirm_options. */
extern const struct argp confirm_argp;

/* Of a parser, once all was read: ends the program when somebody would have to be asked, and cannot be. */
void confirm_check(const struct confirm_options *given, const struct selection_arguments *arguments,
                   const struct argp_state *state);

/* "This deletes 2 orders. Go on? [y/N] " is asked, unless it need not be. `how` follows the orders;
 * "": nothing does. False: the answer is not yes, and it is reported that nothing was done. */
bool confirm(const struct confirm_options *given, const struct selection_arguments *arguments,
             const struct selection *selection, const char *verb, const char *how);

#endif
