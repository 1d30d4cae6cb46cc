/* signer.h: an issuer for tests: keys of its own, made when they are asked for, JWK Sets of them, and tokens,
 * also such as no issuer signs. Fails the test when it cannot. Strings are to be freed. */
#ifndef AUTH_SIGNER_H
#define AUTH_SIGNER_H

#include <openssl/evp.h>
#include <stddef.h>

EVP_PKEY *signer_rsa(unsigned bits);
EVP_PKEY *signer_ec(const char *curve);

/* The public half as a JWK, with further members: "\"kid\":\"a\",\"use\":\"sig\"", or "". */
char *signer_jwk(EVP_PKEY *key, const char *members);

/* A JWK Set of so many members, which are freed. */
char *signer_set(size_t n, char *jwks[]);

/* Signs by RS256, PS256, ES256, or HS256 with `key` as bytes of its public half in PEM; "none": not at all.
 * Header and claims are JSON, or not. */
char *signer_sign(EVP_PKEY *key, const char *algorithm, const char *header, const char *claims);

#endif
