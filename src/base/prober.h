/* prober.h: asks each of a process's own addresses, again and again and as a client would, whether it serves,
 * and knows at any time what came of it: for readiness, and for the watchdog of a service manager.
 *
 * On threads of its own, one for each address, so that nothing that is asked whether it is ready waits, nor
 * one address for another. All but start and stop are safe from any thread.
 */
#ifndef BASE_PROBER_H
#define BASE_PROBER_H

#include <stdbool.h>
#include <stddef.h>

/* Whether something lives there: whether it is answered within the time, for all of its steps. What is
 * written to `why`, which is empty before, says what is wrong, always if it does not, and makes it not ready.
 */
typedef bool prober_ask(void *arg, unsigned timeout_ms, char *why, size_t why_size);

/* Has the ask of the same argument return at once, now and from then on. */
typedef void prober_abort(void *arg);

enum {
    /* Each is asked so often, and has so long to answer: together it is less than two seconds until it is
     * known that one does not. */
    PROBER_EVERY_MS = 500,
    PROBER_WAITS_MS = 1250,
};

struct prober_target {
    const char *address; /* as reasons name it */
    prober_ask *ask;
    prober_abort *abort; /* called on prober_stop's thread, perhaps while it is not asked */
    void *arg;
};

struct prober;

/* All are taken to serve until one is asked in vain. The targets are copied, what they point to is not. NULL:
 * no memory or thread. */
struct prober *prober_start(const struct prober_target *targets, size_t n, unsigned interval_ms,
                            unsigned timeout_ms);

/* Asks no more, and aborts what is being asked. What came of the rounds before is still known. */
void prober_stop(struct prober *prober);

/* Of one that was stopped. NULL does nothing. */
void prober_free(struct prober *prober);

/* Whether nothing was wrong with any when it was asked last; if not, `why` names those, and what was. */
bool prober_ready(void *prober, char *why, size_t why_size);

/* Whether each has answered within so much time. */
bool prober_answered(struct prober *prober, unsigned within_ms);

#endif
