/* failing.h: a process in which allocations, threads and the source of random bytes fail when a test says so:
 * its malloc, calloc, realloc, pthread_create and getrandom stand before those of libc. Not for a program
 * with a sanitizer, which has its own. */
#ifndef CLIENT_FAILING_H
#define CLIENT_FAILING_H

#include <stdbool.h>

/* Of the allocations from now on, on any thread, fails the nth, or that and all after it. */
void failing_begin(unsigned nth, bool and_all_after);

/* No more. Returns how many allocations there were meanwhile. */
unsigned failing_end(void);

/* How many threads more can be made. */
void failing_threads(unsigned left);

/* Whether there are no random bytes. */
void failing_random(bool fails);

#endif
