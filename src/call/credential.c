/* credential.c: one key for all. */
#include "call/credential.h"

#include "base/secret.h"

#include <stddef.h>

enum credential credential_check(const char *key, const char *right_key)
{
    if (key == NULL || *key == '\0')
        return CREDENTIAL_MISSING;
    return secret_equal(key, right_key) ? CREDENTIAL_RIGHT : CREDENTIAL_WRONG;
}
