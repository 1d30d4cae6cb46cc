/* reach.h: why a server cannot be reached, for whoever mistyped its address or did not start it. */
#ifndef ORDERSCTL_REACH_H
#define ORDERSCTL_REACH_H

#include "base/arena.h"

/* Connects to an address that config.h takes, ("tcp://127.0.0.1:6600"), for so long at most once its name is
 * resolved, and says in the arena what comes of it: "tcp://127.0.0.1:6600: Connection refused". */
const char *reach_describe(const char *url, int timeout_ms, struct arena *arena);

#endif
