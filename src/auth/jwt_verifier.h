/* jwt_verifier.h: the principals that JSON Web Tokens prove, of the issuers that the operator trusts
 * (jwt_issuers.h).
 *
 * A token is taken when a key of an issuer's, the one that its `kid` names, has signed it by the key's own
 * algorithm, and its claims, which nobody looks at before, say that it is this issuer's, for us, and holds
 * now. So an issuer is found by its key, not by what an unsigned token says. It is then remembered until it
 * ends, or until its issuer withdraws any key. Checking waits for nobody: a key that is not known is answered
 * as such, and looked for meanwhile (issuer_keys.h).
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
