/* issuer_keys.h: the keys of one issuer, kept up to date by a thread of their own, so that no call waits for
 * an issuer, and no issuer for another.
 *
 * They are fetched at start, and again before they are stale: after the time for which the issuer lets them
 * be cached (Cache-Control), within bounds. While the issuer is out of reach the last keys are kept. A token
 * of an unknown key has them fetched at once, but only once a minute, so that forged tokens cannot cause more
 * requests.
 */
#ifndef AUTH_ISSUER_KEYS_H
#define AUTH_ISSUER_KEYS_H

#include "auth/jwks.h"
#include "auth/jwt_issuers.h"
#include "base/log.h"
#include "base/metrics.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In milliseconds. */
struct issuer_keys_times {
    uint64_t least, most; /* between two fetches, whatever the issuer says */
    uint64_t preset;      /* when it says nothing */
    uint64_t retry;       /* after a failure, and twice that after the next, to `least` */
    uint64_t gap;         /* between two fetches for unknown keys */
};

extern const struct issuer_keys_times issuer_keys_times;

struct issuer_keys_options {
    const struct jwt_issuer *issuer; /* must outlive them */
    struct log *log;
    struct metrics *metrics;
    const struct issuer_keys_times *times;
};

struct issuer_keys;

/* Starts the thread; of keys in a file, once they were read. NULL: `error` and errno say why. After
 * curl_global_init. */
struct issuer_keys *issuer_keys_start(const struct issuer_keys_options *options, char *error,
                                      size_t error_size);

/* Ends the thread; the keys stay. */
void issuer_keys_stop(struct issuer_keys *keys);

/* Stops, and frees them when nobody asks any more. NULL does nothing. */
void issuer_keys_free(struct issuer_keys *keys);

/* The keys as they are now, to release; NULL: none were there yet. *epoch is a number of theirs: as long as
 * it is that of issuer_keys_epoch, no key was withdrawn since. */
struct jwks *issuer_keys_hold(struct issuer_keys *keys, uint64_t *epoch);
uint64_t issuer_keys_epoch(const struct issuer_keys *keys);

/* A token names a key that is not among them. Does not wait. */
void issuer_keys_want(struct issuer_keys *keys);

#endif
