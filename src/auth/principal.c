/* principal.c: the roles by name. */
#include "auth/principal.h"

#include <string.h>

static const char *const names[ROLES] = {"none", "reader", "writer", "admin"};

uint32_t principal_hash(const struct principal *principal)
{
    uint32_t hash = UINT32_C(2166136261); /* FNV-1a */
    for (const char *at = principal->name; *at != '\0'; at++)
        hash = (hash ^ (unsigned char)*at) * UINT32_C(16777619);
    return hash;
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
