/* jwks.h: an issuer's public keys: a JWK Set (RFC 7517), of which those are kept that can prove a token of
 * ours, and what they prove.
 *
 * The library is cjose 0.6, which Debian 12 and 13 have; libjwt 1.10 refuses RFC 9068's `at+jwt`, reads no
 * JWK, and takes the algorithm from the token. Of cjose we take the import of a key and the check of a
 * signature, and leave it nothing to decide: it keeps neither `use` nor `alg`, takes any algorithm that fits
 * the type of a key, padded base64url, members twice, and bytes behind an ES256 signature, and a "=" within
 * base64url ends the process (an assertion of its, which Debian leaves in). So the members that say what a
 * key is for and all of base64url are read here before it sees them, the key fixes the algorithm and the
 * length of the signature, and jwt.h has read the token. (cjose's reference counts are not atomic: a set has
 * each key to itself.)
 *
 * A set does not change; it is held by any number of threads.
 */
#ifndef AUTH_JWKS_H
#define AUTH_JWKS_H

#include "auth/jwt.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    JWKS_MAX_BYTES = 256 << 10,
    JWKS_MAX_KEYS = 64,
    JWKS_RSA_LEAST_BITS = 2048,
    JWKS_RSA_MOST_BITS = 8192,
};

struct jwks;
struct jwk;

/* Reads a set, which the caller holds. Members that can prove nothing here are passed over: of another type
 * (RFC 7517, 5), for another use, weak, or with the private half. So are those that share a `kid`, or the
 * lack of one: it then says not which it is. NULL: the text is no set, or memory was short; *why, static,
 * says which. */
struct jwks *jwks_read(const char *text, size_t length, const char **why);

/* One more holder, and one less; the last one's frees it. NULL does nothing. */
struct jwks *jwks_hold(struct jwks *jwks);
void jwks_release(struct jwks *jwks);

size_t jwks_count(const struct jwks *jwks);

/* Whether all keys of the older set, which may be NULL, are in the newer. */
bool jwks_has_all(const struct jwks *newer, const struct jwks *older);

/* The key of that name; of NULL, the one that has none. NULL: there is none. */
const struct jwk *jwks_find(const struct jwks *jwks, const char *kid);

enum jwt_algorithm jwk_algorithm(const struct jwk *jwk);

/* Whether the key has signed the token, whose algorithm is the key's. */
bool jwk_verify(const struct jwk *jwk, const struct jwt *jwt);

#endif
