/* bootstrap_keys.c: all are compared, whichever it is. */
#include "auth/bootstrap_keys.h"

#include "base/secret.h"

#include <stdint.h>

static enum auth_outcome bootstrap_keys_check(void *arg, const char *secret, struct principal *principal)
{
    const char *const *keys = arg;
    bool is_one = false;
    for (size_t i = 0; keys[i] != NULL; i++)
        is_one |= secret_equal(secret, keys[i]);
    if (!is_one)
        return AUTH_MISSING;
    *principal = (struct principal){.name = BOOTSTRAP_NAME, .role = ROLE_ADMIN, .is_listed = true};
    return AUTH_KNOWN;
}

struct auth_source bootstrap_keys_source(const char *const *keys)
{
    return (struct auth_source){bootstrap_keys_check, (void *)(uintptr_t)keys};
}
