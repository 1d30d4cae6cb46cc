/* principal.c: the roles by name. */
#include "auth/principal.h"

#include "base/hash.h"

#include <string.h>

static const char *const names[ROLES] = {"none", "reader", "writer", "admin"};

uint32_t principal_hash(const struct principal *principal)
{
    return hash_text(principal->name);
}

const char *role_name(enum role role)
{
    return names[role];
}

bool role_read(const char *name, enum role *role)
{
    for (enum role each = ROLE_READER; each < ROLES; each++) {
        if (strcmp(names[each], name) == 0) {
            *role = each;
            return true;
        }
    }
    return false;
}
