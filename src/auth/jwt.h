/* jwt.h: a JSON Web Token in its compact form (RFC 7515, 7.1; RFC 7519), read strictly: three parts of
 * base64url without padding, of which the first is a JSON object, no member of it twice. It says nothing of
 * whether the token is true: its claims are read once its signature was found to hold (jwks.h).
 */
#ifndef AUTH_JWT_H
#define AUTH_JWT_H

#include "auth/authenticator.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    JWT_MAX_BYTES = 8192,
    /* Objects and lists in one part, and so its nesting: its sender is not authenticated yet. */
    JWT_MAX_NESTED = 128,
};

/* What tokens may be signed by (RFC 7518, 3.1): what a holder of the public key cannot make. */
enum jwt_algorithm { JWT_RS256, JWT_PS256, JWT_ES256, JWT_ALGORITHMS };

/* "RS256". Static. */
const char *jwt_algorithm_name(enum jwt_algorithm algorithm);

/* False: there is none of that name, or its tokens are not taken. */
bool jwt_algorithm_read(const char *name, enum jwt_algorithm *algorithm);

struct jwt {
    const char *text; /* that it was read from */
    size_t length;
    size_t payload; /* where that part begins */
    size_t signature;
    enum jwt_algorithm algorithm; /* that it claims: the key's must be the same */
    bool is_access_token;         /* its `typ` says so: at+jwt (RFC 9068, 2.1) */
    json_t *header;               /* owned */
    const char *kid;              /* in the header; NULL: it names no key */
};

/* Whether a secret is to be read as a token: there are two dots in it. */
bool jwt_has_form(const char *text);

/* Reads it but for its claims. AUTH_KNOWN: it was read; free it then with jwt_free. */
enum auth_outcome jwt_read(struct jwt *jwt, const char *text, size_t length);

void jwt_free(struct jwt *jwt);

/* The claims of a token whose signature holds: a new reference; NULL: they are no JSON object. */
json_t *jwt_read_claims(const struct jwt *jwt);

/* How many bytes the signature has. */
size_t jwt_signature_bytes(const struct jwt *jwt);

/* Decodes base64url without padding (RFC 4648, 5) of one spelling only. `out` has room for length bytes.
 * False: it is none. */
bool base64url_decode(const char *text, size_t length, uint8_t *out, size_t *out_length);

#endif
