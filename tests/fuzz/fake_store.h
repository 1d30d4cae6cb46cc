/* fake_store.h: a store that keeps nothing and answers at once, and checks that what the service hands down
 * keeps the rules: nothing but the service stands between a caller and the database. */
#ifndef FUZZ_FAKE_STORE_H
#define FUZZ_FAKE_STORE_H

#include "store/store.h"

#include <stdbool.h>

struct fake_store {
    struct store base;
    enum status_code outcome; /* of whatever is asked; STATUS_OK: an answer */
    unsigned asked;           /* how often */
};

void fake_store_init(struct fake_store *store);

#endif
