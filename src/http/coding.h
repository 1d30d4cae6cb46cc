/* coding.h: content codings (RFC 9110, sections 8.4 and 12.5.3): gzip, and none. No sockets. */
#ifndef HTTP_CODING_H
#define HTTP_CODING_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

/* What is behind the entity tag of a representation in gzip, which is another one than that without: bytes
 * differ. Whose tag has it names the same state of a resource as whose has not. */
#define CODING_GZIP_TAG "-gzip"

/* How much time is taken: for what is made once, and for what is made for each request. */
enum coding_effort { CODING_ONCE, CODING_EACH };

/* Whether a request's Accept-Encoding, NULL for one without, has gzip welcome. */
bool coding_takes_gzip(const char *accept_encoding);

/* Bytes as gzip, in the arena; seldom no shorter. NULL: there is no memory for it. */
const char *coding_gzip(const char *bytes, size_t length, enum coding_effort effort, struct arena *arena,
                        size_t *compressed);

#endif
