/* exit_code.h: what a script learns from how ordersctl ended. `ordersctl --help` lists the same. */
#ifndef ORDERSCTL_EXIT_CODE_H
#define ORDERSCTL_EXIT_CODE_H

#include "base/arena.h"
#include "base/status.h"

enum exit_code {
    EXIT_OK = 0,
    EXIT_OTHER = 1,
    EXIT_USAGE = 2,
    EXIT_NOT_FOUND = 3,
    EXIT_ALREADY_EXISTS = 4,
    EXIT_INVALID_ARGUMENT = 5,
    EXIT_DENIED = 6,
    EXIT_UNAVAILABLE = 7,
    EXIT_ROWS_REFUSED = 8,
    EXIT_ORDERS_UNREADABLE = 9,
    EXIT_ABORTED = 10,
    EXIT_EXHAUSTED = 11,
    EXIT_BAD_CONFIG = 78, /* EXIT_CONFIG of config/config.h */
    EXIT_SIGNAL = 128,    /* and the signal's number, as a shell has it */
};

enum exit_code exit_code_of(enum status_code code);

/* The table for --help, one line each. */
const char *exit_code_help(struct arena *arena);

#endif
