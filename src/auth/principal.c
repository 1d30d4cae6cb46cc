/* principal.c: the roles by name. */
#include "auth/principal.h"

#include "base/hash.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static const char *const names[ROLES] = {"none", "reader", "writer", "admin"};

/* Of this process: nobody is to choose a name that has the hash of another's. */
static uint32_t basis;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void choose_basis(void)
{
    if (getrandom(&basis, sizeof basis, 0) != (ssize_t)sizeof basis)
        abort(); /* of so few bytes there are always some */
}

uint32_t principal_hash_text(const char *text)
{
    pthread_once(&once, choose_basis);
    return hash_text_from(basis, text);
}

uint32_t principal_hash(const struct principal *principal)
{
    return principal_hash_text(principal->name);
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
