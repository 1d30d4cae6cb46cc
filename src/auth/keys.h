/* keys.h: the keys that there are, in memory, as a source of principals.
 *
 * Whoever stores them replaces all of them, whenever they may have changed; any thread checks a secret
 * meanwhile, and waits for nothing but the exchange of a pointer. Whether a key has expired, or was revoked
 * for a time that has come since, is asked of the clock with each check.
 */
#ifndef AUTH_KEYS_H
#define AUTH_KEYS_H

#include "auth/authenticator.h"
#include "auth/key.h"
#include "base/arena.h"

#include <stddef.h>
#include <stdint.h>

enum {
    KEYS_NAME_TEXT = 64, /* with its end */
    /* How old what is known may be before a key that is not among it is told that it cannot be checked,
     * instead of that it is wrong: it may be one of those made since. */
    KEYS_FRESH_MS = 4000,
};

#define KEYS_NEVER INT64_MAX

struct keys_entry {
    struct key key;
    char name[KEYS_NAME_TEXT];
    enum role role;     /* ROLE_NONE: one that this program does not know */
    int64_t expires_us; /* these since 1970; KEYS_NEVER */
    int64_t revoked_us; /* from when it is refused: it may be to come */
    int64_t used_us;    /* at last, as is stored; 0: never */
};

struct keys;

/* None are known, and that they are out of date. NULL: out of memory. */
struct keys *keys_new(void);
void keys_free(struct keys *keys);

/* All that there are, as of a time on CLOCK_MONOTONIC. The entries are copied. False: out of memory; what is
 * known is what it was. */
bool keys_replace(struct keys *keys, const struct keys_entry entries[], size_t n, uint64_t as_of_ns);

/* What is known may be out of date from now on, until it is replaced. */
void keys_expect_changes(struct keys *keys);

/* It takes what has the form of a key. Of one that is not known: AUTH_UNKNOWN, or AUTH_UNAVAILABLE while what
 * is known may be out of date. */
struct auth_source keys_source(struct keys *keys);

struct keys_use {
    const char *id; /* in the arena */
    int64_t used_us;
};

/* What is not stored yet: when keys were used at last, to the minute. In the arena. */
const struct keys_use *keys_uses(struct keys *keys, struct arena *arena, size_t *n);

#endif
