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

/* Everything else: AUTH_KNOWN, when they are those of an access token, for us, now; the principal is then
 * whom it names, with the highest role that it has, and ROLE_NONE for none; *end_s is when it ends (Unix
 * time), with leeway. `says_access` is that its header's type says so. */
enum auth_outcome jwt_claims_check(const struct jwt_issuer *issuer, const json_t *claims, bool says_access,
                                   int64_t now_s, struct principal *principal, int64_t *end_s);

#endif
