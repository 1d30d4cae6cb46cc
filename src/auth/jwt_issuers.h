/* jwt_issuers.h: whose tokens are taken, as the file says that ORDERS_JWT_ISSUERS names:
 *
 *     [issuer example]                        ; its name here: a subject of it is "example:SUBJECT"
 *     issuer     = https://id.example.com     ; what `iss` is, to the letter
 *     audience   = orders, orders-api         ; of which `aud` has one
 *     jwks       = https://id.example.com/jwks, or a file, by its path from here
 *     role-claim = /realm_access/roles        ; a claim's name, or where it is, as a JSON Pointer (RFC 6901)
 *     reader     = orders-reader, everyone    ; what it holds for each role, of which the highest counts
 *     writer     = orders-writer
 *     admin      = orders-admin
 *     token-type = at+jwt                     ; only tokens that say so (RFC 9068); else JWT, or nothing, too
 *     ca-file    = /etc/ssl/id.pem            ; of its certificate; else those that the system trusts
 *
 * Without `jwks` it is found by OpenID Connect Discovery, where the issuer says. At least one of the roles is
 * given; who has none of them is known, and may nothing.
 */
#ifndef AUTH_JWT_ISSUERS_H
#define AUTH_JWT_ISSUERS_H

#include "auth/principal.h"
#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    JWT_ISSUERS_MOST = 8,
    JWT_ISSUER_NAME_MOST = 32, /* bytes */
};

struct jwt_issuer {
    const char *name;
    const char *issuer;
    const char *const *audiences;    /* NULL behind the last, as with all lists here */
    const char *jwks;                /* an URL or a path; NULL: it is to be discovered */
    const char *role_claim;          /* a name, or a JSON Pointer, which begins with "/" */
    const char *const *roles[ROLES]; /* what stands for each; NULL: nothing does */
    const char *ca_file;             /* NULL: the system's */
    bool wants_access_token_type;
};

struct jwt_issuers {
    struct jwt_issuer list[JWT_ISSUERS_MOST];
    size_t n;
};

/* Whether keys may be fetched there: by https, or on this machine, without a name or a key in it. */
bool jwt_issuers_is_fit_url(const char *url);

/* Reads the file; the strings are in the arena. False: `error`, one line, says which file, line and member,
 * and what is wrong with it. */
bool jwt_issuers_read(struct jwt_issuers *issuers, const char *path, struct arena *arena, char *error,
                      size_t error_size);

#endif
