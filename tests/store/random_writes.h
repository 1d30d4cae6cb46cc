/* random_writes.h: writes of all kinds through a store, which meet each other's orders. */
#ifndef STORE_RANDOM_WRITES_H
#define STORE_RANDOM_WRITES_H

#include "store/postgres.h"

/* Creates, updates or removes one of sixty orders, of any of so many days and three currencies, and waits
 * until that is done. Fails the test unless it is, or the order is there already or is not there. */
void write_at_random(struct store *store, unsigned *seed, unsigned days);

#endif
