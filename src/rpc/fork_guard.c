/* fork_guard.c: whoever is first is at home. */
#include "rpc/fork_guard.h"

#include <stdatomic.h>
#include <sys/types.h>
#include <unistd.h>

static _Atomic(pid_t) home; /* 0: nobody has asked */

const char fork_guard_reason[] = "This process was forked from one that has opened a client";

bool fork_guard_is_forked(void)
{
    const pid_t process = getpid();
    pid_t first = 0;
    return !atomic_compare_exchange_strong(&home, &first, process) && first != process;
}
