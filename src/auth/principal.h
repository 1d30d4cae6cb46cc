/* principal.h: a principal: who calls, and with which role.
 *
 * A principal is a name and a role, whatever proved them. Names are unique: a key's has letters, digits and
 * "-" only; any other begins with its proof and a ":" ("example:alice", of the issuer that the operator calls
 * "example"), so that no two proofs can give the same name.
 */
#ifndef AUTH_PRINCIPAL_H
#define AUTH_PRINCIPAL_H

#include <stdbool.h>
#include <stdint.h>

/* Each includes the ones before it. */
enum role {
    ROLE_NONE,   /* needs no proof: health checks */
    ROLE_READER, /* what changes nothing */
    ROLE_WRITER, /* and changes orders */
    ROLE_ADMIN,  /* and everything else */
    ROLES
};

/* "reader". Static. */
const char *role_name(enum role role);

/* The role of that name, which a principal can have. False: there is none. */
bool role_read(const char *name, enum role *role);

enum { PRINCIPAL_NAME_BYTES = 160 }; /* with its end */

struct principal {
    char name[PRINCIPAL_NAME_BYTES];
    enum role role;
    bool is_listed; /* by the operator: a key, or a certificate's subject with a role. There are few of them,
                       so that they have accounts of their own (call/accounts.h) */
};

/* Of its name, for tables and for queueing fairly. */
uint32_t principal_hash(const struct principal *principal);

/* The same of a text, where it is not known who it is. */
uint32_t principal_hash_text(const char *text);

#endif
