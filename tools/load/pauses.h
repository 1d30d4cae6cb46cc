/* pauses.h: callers that wait a while before they ask again.
 *
 * nng goes through all that sleep whenever one of them wakes up: with a thousand that is a third of two
 * cores, which is then missing where it is measured. Here one thread wakes up for all, every few
 * milliseconds.
 */
#ifndef LOAD_PAUSES_H
#define LOAD_PAUSES_H

#include <stddef.h>

enum { PAUSE_MOST_MS = 2000 };

struct pauses;

/* Is told whose pause is over; on the thread of the pauses, and may begin another one. */
typedef void pause_done(void *caller);

/* NULL: no memory or thread. */
struct pauses *pauses_open(pause_done *done);

/* Who still waits is not told any more. NULL does nothing. */
void pauses_close(struct pauses *pauses);

/* A caller waits for up to PAUSE_MOST_MS. From any thread. */
void pauses_begin(struct pauses *pauses, unsigned ms, void *caller);

#endif
