/* pace.h: adapts the size of batches, so that nobody waits long for one. Where each operation is slow, as
 * under a trigger or a foreign key of somebody else's, batches become smaller; where a batch is slow whatever
 * its size, as on a disk that is slow to flush, they do not.
 *
 * Two slow batches of different size show which it is: the difference of their times, divided by the
 * difference of their sizes, is what an operation takes. Fast batches are not considered.
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

/* Records a batch of n operations, at least one. */
void pace_note(struct pace *pace, unsigned n, uint64_t took_ns);

#endif
