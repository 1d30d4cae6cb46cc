/* secret.c: every byte of the presented key is compared, whatever was found before it. */
#include "base/secret.h"

#include <stddef.h>
#include <string.h>

/* One of another length is compared with itself. Nothing ends the loop early: a token of a kilobyte, which is
 * compared with each key, costs little. */
bool secret_equal(const char *presented, const char *secret)
{
    const size_t length = strlen(presented);
    const bool has_length = length == strlen(secret);
    const char *other = has_length ? secret : presented;
    unsigned differs = has_length ? 0 : 1;
    for (size_t i = 0; i < length; i++) {
        differs |= (unsigned char)(presented[i] ^ other[i]);
        __asm__("" : "+r"(differs)); /* the compiler is not to know when it is enough */
    }
    return differs == 0;
}
