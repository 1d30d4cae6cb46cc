/* pace.h: how many operations a batch may have, so that nobody waits long behind one: fewer where each takes
 * long, as under a trigger or a foreign key of somebody else's, and as many as there are where a batch takes
 * long whatever is in it, as on a disk that is slow to flush.
 *
 * What any batch takes is what the quickest one of the last second or two took; the rest is the operations'.
 *
 * For one thread.
 */
#ifndef STORE_PACE_H
#define STORE_PACE_H

#include <stdint.h>

enum { PACE_MS = 100 }; /* that operations may take together */

struct pace {
    unsigned most;
    uint64_t
        least_ns[2]; /* the quickest batch since began_ns, and in the second before that; UINT64_MAX: none */
    uint64_t began_ns;
};

void pace_init(struct pace *pace);

/* A batch of so many operations, at least one, took so long, and has just ended. */
void pace_note(struct pace *pace, unsigned n, uint64_t took_ns, uint64_t now_ns);

#endif
