/* prober.h: probes each of a process's own addresses periodically, as a client would, and keeps the last
 * result of each: for readiness, and for the watchdog of a service manager.
 *
 * Each address has a thread of its own, so that no address waits for another, and reading the results never
 * waits. All but start and stop are safe from any thread.
 */
#ifndef BASE_PROBER_H
#define BASE_PROBER_H

#include <stdbool.h>
#include <stddef.h>

/* Probes an address; the timeout covers all steps. False: it does not respond, and `why` says what is wrong.
 * True: it does; a `why` that is not empty then says why it is not ready all the same. `why` is empty before.
 */
typedef bool prober_ask(void *arg, unsigned timeout_ms, char *why, size_t why_size);

/* Makes the prober_ask of the same argument return at once, now and from then on. */
typedef void prober_abort(void *arg);

enum {
    /* Interval and timeout of a probe: together less than two seconds pass until an address that does not
     * respond is known. */
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

/* All count as ready until a probe fails. The targets are copied, what they point to is not. NULL: no memory
 * or thread. */
struct prober *prober_start(const struct prober_target *targets, size_t n, unsigned interval_ms,
                            unsigned timeout_ms);

/* Ends all probes; their last results are kept. */
void prober_stop(struct prober *prober);

/* After prober_stop. NULL does nothing. */
void prober_free(struct prober *prober);

/* Whether the last probe of each address found nothing wrong; if not, `why` names the addresses, and what
 * was. */
bool prober_ready(void *prober, char *why, size_t why_size);

/* Whether each has answered within so much time. */
bool prober_answered(struct prober *prober, unsigned within_ms);

#endif
