/* pace.h: how many operations a batch may have, so that nobody waits long behind one: fewer where each takes
 * long, as under a trigger or a foreign key of somebody else's; and as many as there are where a batch takes
 * long whatever is in it, as on a disk that is slow to flush.
 *
 * Which of the two it is, two slow batches of different size tell: the time that one takes more, by the
 * operations that it has more, is what each takes. Quick batches tell nothing.
 *
 * For one thread.
 */
#ifndef STORE_PACE_H
#define STORE_PACE_H

#include <stdint.h>

enum { PACE_MS = 100 }; /* a batch that takes longer is slow */

struct pace {
    unsigned most; /* operations in the next batch */
    unsigned n;    /* of the last slow batch; 0: there was none */
    uint64_t took_ns;
    unsigned same; /* slow batches of as many as that one, one after another */
};

void pace_init(struct pace *pace);

/* A batch of so many operations, at least one, took so long. */
void pace_note(struct pace *pace, unsigned n, uint64_t took_ns);

#endif
