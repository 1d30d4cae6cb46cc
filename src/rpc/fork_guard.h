/* fork_guard.h: whether nng can be used in this process. */
#ifndef RPC_FORK_GUARD_H
#define RPC_FORK_GUARD_H

#include <stdbool.h>

/* nng's threads stay with the process that first asks this. In one that was forked from it nng would end the
 * process, and a call would have nobody to receive its answer. Any thread. */
bool fork_guard_is_forked(void);

/* The message for callers. */
extern const char fork_guard_reason[];

#endif
