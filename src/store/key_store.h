/* key_store.h: the interface of a store of callers' keys. A key is here its id, a hash and its attributes;
 * its textual form and what its role allows are decided elsewhere.
 *
 * As in store.h, every function returns at once and calls `done` once, perhaps before it returns, perhaps
 * from another thread. What is passed in is copied. When `done` was called for a change, this process has it
 * in memory (struct key_memory). RESOURCE_EXHAUSTED: many of the same principal wait already.
 * PERMISSION_DENIED, UNAUTHENTICATED: the caller's right ended before it was begun (call_recheck).
 */
#ifndef STORE_KEY_STORE_H
#define STORE_KEY_STORE_H

#include "base/arena.h"
#include "base/call.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STORED_KEY_HASH_BYTES = 32 };

#define STORED_KEY_NEVER INT64_MAX

struct stored_key {
    const char *id; /* 16 hexadecimal digits */
    unsigned char hash[STORED_KEY_HASH_BYTES];
    const char *name, *role;
    int64_t created_us; /* since 1970, as are all of these; STORED_KEY_NEVER */
    int64_t expires_us, used_us, revoked_us;
    bool is_revoked; /* by the database's clock */
};

/* The keys that were asked for, or changed, which live until it returns; NULL: the call's status says why. */
typedef void key_store_done(const struct stored_key *keys, size_t n, void *closure_data);

struct key_store {
    /* Adds one: its id, hash, name, role and when it expires. ALREADY_EXISTS. */
    void (*create)(struct key_store *store, struct call *call, const struct stored_key *key,
                   key_store_done *done, void *closure_data);

    /* All that are not long revoked, by name, and the newest first. */
    void (*list)(struct key_store *store, struct call *call, key_store_done *done, void *closure_data);

    /* Revokes all of a name that are not, the newest first. NOT_FOUND. */
    void (*revoke)(struct key_store *store, struct call *call, const char *name, key_store_done *done,
                   void *closure_data);

    /* Adds one of the name and role of one that holds, which is revoked in so many seconds: its id, hash and
     * name, and when it expires (STORED_KEY_NEVER: when the old one would). Answers the new and the old one.
     * NOT_FOUND. */
    void (*rotate)(struct key_store *store, struct call *call, const struct stored_key *key, uint32_t grace_s,
                   key_store_done *done, void *closure_data);
};

struct stored_key_use {
    const char *id;
    int64_t used_us;
};

/* The memory that a store keeps up to date with what is stored. All are called on one thread, the first
 * before a store is open, if the database is within reach. */
struct key_memory {
    /* All keys that are not long revoked, as they were at a time on CLOCK_MONOTONIC. False: there is no
     * memory for them. */
    bool (*load)(void *arg, const struct stored_key *keys, size_t n, uint64_t as_of_ns);
    /* The database is out of reach. */
    void (*lose)(void *arg);
    /* Uses that are to be stored, in the arena; they are told again until they were loaded. */
    const struct stored_key_use *(*uses)(void *arg, struct arena *arena, size_t *n);
    void *arg;
};

#endif
