/* process.h: what a server does with its process: signals and open files. */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include <stdbool.h>

enum {
    /* M_MMAP_THRESHOLD: from this size on an allocation gets pages of its own, which return to the system
     * when it is freed. A list of a few hundred orders is smaller: to map and clear pages for each costs more
     * than to write it. */
    PROCESS_MAPS_FROM = 128 * 1024,
    PROCESS_KEEPS =
        1 << 20, /* M_TRIM_THRESHOLD: so much stays free at the end of the heap, for the next such list */
};

/* Before the first thread: holds SIGTERM, SIGINT and SIGHUP back for process_await_signal, ignores SIGPIPE,
 * allows as many open files as the system lets, so that connections are bounded by the program's own limits,
 * and has malloc map from PROCESS_MAPS_FROM on, and keep PROCESS_KEEPS. */
void process_prepare(void);

/* Waits for SIGTERM, SIGINT or SIGHUP: which of them. 0: none came within timeout_ms, unless that is 0. */
int process_await_signal(unsigned timeout_ms);

/* How many of the wanted connections fit into the limit of open files, which `kinds` of connections share
 * with the files of the process itself: without a free descriptor no connection could be accepted, not even
 * to close another one for it. */
unsigned process_connections(unsigned wanted, unsigned kinds);

/* Closes a socket whose descriptor a library still holds: the descriptor stays open, and refers to nothing
 * that can be used. False: no further file may be opened. */
bool process_close_held(int fd);

#endif
