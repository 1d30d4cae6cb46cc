/* digest.h: SHA-256, by nettle. Any thread. */
#ifndef AUTH_DIGEST_H
#define AUTH_DIGEST_H

#include <stddef.h>
#include <stdint.h>

enum { DIGEST_BYTES = 32, DIGEST_TEXT = 2 * DIGEST_BYTES + 1 /* in hexadecimal, with its end */ };

struct digest {
    uint8_t bytes[DIGEST_BYTES];
};

void digest_of(const void *bytes, size_t size, struct digest *digest);

void digest_format(const struct digest *digest, char text[static DIGEST_TEXT]);

#endif
