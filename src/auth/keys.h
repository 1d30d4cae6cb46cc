/* keys.h: all keys, in memory, as a source of principals.
 *
 * Their store replaces all of them whenever they may have changed. Any thread checks secrets meanwhile, and
 * waits for nothing but the exchange of a pointer. Each check compares expiry and revocation with the clock.
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
    /* When the keys in memory are older than this, an unknown key is AUTH_UNAVAILABLE and not AUTH_UNKNOWN,
     * as it may have been made since. */
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

/* Empty, and out of date. NULL: out of memory. */
struct keys *keys_new(void);
void keys_free(struct keys *keys);

/* All that there are, as of a time on CLOCK_MONOTONIC. The entries are copied. False: out of memory; what is
 * known is what it was. */
bool keys_replace(struct keys *keys, const struct keys_entry entries[], size_t n, uint64_t as_of_ns);

/* Marks the keys as out of date, until they are replaced. */
void keys_expect_changes(struct keys *keys);

/* Takes secrets of the form of a key. One that is not known is AUTH_UNKNOWN, or AUTH_UNAVAILABLE while the
 * keys may be out of date. */
struct auth_source keys_source(struct keys *keys);

struct keys_use {
    const char *id; /* in the arena */
    int64_t used_us;
};

/* The times of last use, to the minute, that are not stored yet. In the arena. */
const struct keys_use *keys_uses(struct keys *keys, struct arena *arena, size_t *n);

#endif
