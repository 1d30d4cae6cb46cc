/* digest.c: the algorithm is looked up once: that takes longer than to hash a short text. */
#include "auth/digest.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static EVP_MD *sha256;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void look_up(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
}

void digest_of(const void *bytes, size_t size, struct digest *digest)
{
    pthread_once(&once, look_up);
    if (sha256 == NULL || EVP_Digest(bytes, size, digest->bytes, NULL, sha256, NULL) != 1)
        abort();
}

void digest_format(const struct digest *digest, char text[static DIGEST_TEXT])
{
    for (size_t i = 0; i < DIGEST_BYTES; i++)
        snprintf(text + 2 * i, 3, "%02x", digest->bytes[i]);
}
