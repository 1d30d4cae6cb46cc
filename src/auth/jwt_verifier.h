/* jwt_verifier.h: the principals that JSON Web Tokens prove, of the issuers that the operator trusts
 * (jwt_issuers.h).
 *
 * A token is accepted when the issuer's key that its `kid` names has signed it, by the key's own algorithm,
 * and its claims say that it is of that issuer, for this service, and valid now. Claims are read after the
 * signature was verified, so the issuer is found by the key, not by what an unverified token says. A verified
 * token is cached until it expires, or until its issuer withdraws any key. Verifying never blocks: a key that
 * is not known is refused as such, and fetched meanwhile (issuer_keys.h).
 */
#ifndef AUTH_JWT_VERIFIER_H
#define AUTH_JWT_VERIFIER_H

#include "auth/authenticator.h"
#include "auth/issuer_keys.h"
#include "base/log.h"
#include "base/metrics.h"

#include <stddef.h>

struct jwt_verifier_options {
    const char *path; /* of the issuers' file */
    struct log *log;  /* why a token is refused, at level debug; never the token */
    struct metrics *metrics;
    const struct issuer_keys_times *times; /* NULL: issuer_keys_times */
};

struct jwt_verifier;

/* Reads the file, and starts a thread for each issuer. NULL: `error` and errno say why. Before other
 * threads. */
struct jwt_verifier *jwt_verifier_start(const struct jwt_verifier_options *options, char *error,
                                        size_t error_size);

/* Ends the threads, before the process ends: OpenSSL is not there for them any longer then. Tokens can still
 * be checked. NULL does nothing. */
void jwt_verifier_stop(struct jwt_verifier *verifier);

/* Stops, and frees it when nobody checks any more. NULL does nothing. */
void jwt_verifier_free(struct jwt_verifier *verifier);

/* Takes secrets with two dots in them (jwt_has_form). */
struct auth_source jwt_verifier_source(struct jwt_verifier *verifier);

/* The issuer that comes first in the file, as `iss` has it: where people sign in. */
const char *jwt_verifier_first_issuer(const struct jwt_verifier *verifier);

#endif
