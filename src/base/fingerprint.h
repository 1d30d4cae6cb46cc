/* fingerprint.h: whether two requests are the same one. */
#ifndef BASE_FINGERPRINT_H
#define BASE_FINGERPRINT_H

#include <stddef.h>
#include <stdint.h>

/* XXH3 of a method and its payload. No secret: whoever wants two requests to have the same one can have it.
 */
uint64_t fingerprint_of(const char *method, const void *payload, size_t size);

#endif
