/* fingerprint.h: whether two requests are the same one. */
#ifndef BASE_FINGERPRINT_H
#define BASE_FINGERPRINT_H

#include <stddef.h>
#include <stdint.h>

/* XXH3 of a method and its payload. Not collision-resistant against a caller that wants two requests to have
 * the same one. */
uint64_t fingerprint_of(const char *method, const void *payload, size_t size);

#endif
