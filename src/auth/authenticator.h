/* authenticator.h: authentication: which principal a caller is, by what it presents.
 *
 * A caller presents secrets: the value of X-API-Key, and that of "Authorization: Bearer". Each is offered to
 * the sources of principals (keys, issuers of tokens) one by one; the first that recognizes its form decides.
 * All secrets of a call must prove the same principal. Without any, the connection's certificate says who
 * calls.
 *
 * Filled once by main and then only read, from any thread.
 */
#ifndef AUTH_AUTHENTICATOR_H
#define AUTH_AUTHENTICATOR_H

#include "auth/principal.h"
#include "base/arena.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum auth_outcome {
    AUTH_MISSING, /* nothing was presented */
    AUTH_UNKNOWN,
    AUTH_DAMAGED, /* its checksum is wrong: it was mistyped or cut */
    AUTH_EXPIRED,
    AUTH_REVOKED,
    AUTH_UNAVAILABLE, /* it cannot be checked at present */
    AUTH_UNCHECKED,   /* it is left to the service, in another process */
    AUTH_CERTIFICATE_EXPIRED,
    AUTH_CERTIFICATE_UNTRUSTED, /* its authority was withdrawn */

    /* What is wrong with a token (jwt.h). None of it tells the sender more than it can read in the token. */
    AUTH_TOKEN_MALFORMED,
    AUTH_TOKEN_TYPE,     /* it is signed for another use, such as to tell a client who signed in */
    AUTH_TOKEN_KEY,      /* its `kid` is not known */
    AUTH_TOKEN_KEYS_DUE, /* its `kid` is not known, and an issuer's keys were not fetched yet */
    AUTH_TOKEN_ALGORITHM,
    AUTH_TOKEN_SIGNATURE,
    AUTH_TOKEN_ISSUER,
    AUTH_TOKEN_AUDIENCE,
    AUTH_TOKEN_EXPIRED,
    AUTH_TOKEN_EARLY,
    AUTH_TOKEN_CLAIMS, /* one is missing, or of another type */
    AUTH_TOKEN_BOUND,  /* to a key of its holder's, which is not proven here */

    AUTH_KNOWN, /* the principal is set; it may have no role */
    AUTH_OUTCOMES
};

/* What a caller presents. Each may be NULL. */
struct auth_presented {
    const char *api_key;       /* X-API-Key; an empty one is none */
    const char *authorization; /* Authorization; one of another scheme than Bearer is none */
    const char *subject; /* of the certificate that the connection has proven to have; "": it has none */
    int64_t not_after;   /* when that certificate ends, in seconds since 1970 */
    uint32_t authority;  /* who vouched for it, as the source of subjects knows them */
};

struct auth_result {
    enum auth_outcome outcome;
    struct principal principal; /* of AUTH_KNOWN; else its name is empty */
};

struct auth_source {
    /* AUTH_MISSING: a secret of this form is not for this source. Any thread; it must not wait. */
    enum auth_outcome (*check)(void *arg, const char *secret, struct principal *principal);
    void *arg;
};

/* As above, for certificates. The source checks whether the certificate has expired since its connection was
 * opened, and whether its authority is still trusted. */
struct auth_subject_source {
    enum auth_outcome (*check)(void *arg, const char *subject, int64_t not_after,
                               struct principal *principal);
    void *arg;
    bool (*trusts)(void *authorities, uint32_t authority); /* NULL: all */
    void *authorities;
};

enum { AUTHENTICATOR_MAX_SOURCES = 4 };

struct authenticator {
    struct auth_source sources[AUTHENTICATOR_MAX_SOURCES];
    size_t n;
    struct auth_subject_source subjects; /* without `check`: certificates prove nobody */
};

void authenticator_add(struct authenticator *authenticator, struct auth_source source);

void authenticator_check(const struct authenticator *authenticator, const struct auth_presented *presented,
                         struct auth_result *result);

/* The secret of an Authorization of the scheme Bearer (RFC 6750, 2.1; the scheme's name in any case, RFC
 * 9110, 11.1), in it; NULL: it is of another. */
const char *auth_bearer(const char *authorization);

/* The message of a refused caller: "The token has expired". NULL: it is not refused. Static. */
const char *auth_reason(enum auth_outcome outcome);

/* The code with which a call that needs a caller is refused: UNAUTHENTICATED for nothing and for a token that
 * is not valid (RFC 6750, 3.1), upon which its client gets another one; PERMISSION_DENIED for a key that is
 * not valid, as in the service before this one; UNAVAILABLE when it cannot be checked. STATUS_OK: the caller
 * is known, or another process checks it. */
enum status_code auth_code(enum auth_outcome outcome);

/* Both, as a status; it is left as it is when the code is STATUS_OK. */
void auth_refuse(enum auth_outcome outcome, struct arena *arena, struct status *status);

#endif
