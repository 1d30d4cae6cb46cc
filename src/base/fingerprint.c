/* fingerprint.c: the method's hash is the seed of the payload's. */
#include "base/fingerprint.h"

#include <string.h>
#include <xxhash.h>

uint64_t fingerprint_of(const char *method, const void *payload, size_t size)
{
    return XXH3_64bits_withSeed(payload, size, XXH3_64bits(method, strlen(method)));
}
