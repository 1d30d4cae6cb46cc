/* id_set.h: which ids came before. Found by their fingerprints, of which whoever names orders can make two
 * alike, they are compared themselves. */
#ifndef ORDERSCTL_ID_SET_H
#define ORDERSCTL_ID_SET_H

#include "base/arena.h"

#include <stddef.h>
#include <stdint.h>

struct id_set_entry {
    uint64_t fingerprint;
    const char *id;
    size_t place; /* 0: there is none here */
};

/* All zero when it is empty; it must not move once it is not. */
struct id_set {
    struct id_set_entry *entries; /* owned; a power of two, at most half of them in use */
    size_t capacity;
    size_t n;
    struct arena ids; /* the entries' */
};

/* Adds an id that came at this place, a line say, from 1. 0: it is a new one; else the place where it came
 * first. A process that is out of memory is ended, as by an arena. */
size_t id_set_add(struct id_set *set, const char *id, size_t place);

void id_set_free(struct id_set *set);

#endif
