/* jwt_claims.h: what the claims of a token say, whose signature holds (RFC 7519, 4.1; RFC 9068, 2.2). */
#ifndef AUTH_JWT_CLAIMS_H
#define AUTH_JWT_CLAIMS_H

#include "auth/authenticator.h"
#include "auth/jwt_issuers.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum { JWT_LEEWAY_S = 60 }; /* that clocks may differ by */

/* Whether the token is of this issuer. AUTH_TOKEN_ISSUER: of another; AUTH_TOKEN_CLAIMS: it does not say. */
enum auth_outcome jwt_claims_check_issuer(const struct jwt_issuer *issuer, const json_t *claims);

/* Checks everything else. AUTH_KNOWN: they are those of an access token for this service that is valid now;
 * the principal is then its subject, with the highest of its roles, or ROLE_NONE, and *end_s its expiry with
 * leeway (Unix time). `says_access`: its header's type is that of access tokens. */
enum auth_outcome jwt_claims_check(const struct jwt_issuer *issuer, const json_t *claims, bool says_access,
                                   int64_t now_s, struct principal *principal, int64_t *end_s);

#endif
