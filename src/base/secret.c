/* secret.c: every byte of the presented key is compared, whatever was found before it. */
#include "base/secret.h"

#include <stddef.h>
#include <string.h>

bool secret_equal(const char *presented, const char *secret)
{
    size_t presented_length = strlen(presented), secret_length = strlen(secret);
    volatile unsigned char differs = presented_length != secret_length;
    for (size_t i = 0; i < presented_length; i++)
        differs |= (unsigned char)(presented[i] ^ secret[secret_length == 0 ? 0 : i % secret_length]);
    return !differs;
}
