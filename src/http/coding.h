/* coding.h: content codings (RFC 9110, sections 8.4 and 12.5.3): gzip, and none. No sockets. */
#ifndef HTTP_CODING_H
#define HTTP_CODING_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

/* Suffix of the entity tag of a gzip representation, since its bytes differ from the plain one's. Tags with
 * and without it name the same state of a resource. */
#define CODING_GZIP_TAG "-gzip"

/* Compression effort: for what is made once, and for what is made for each request. */
enum coding_effort { CODING_ONCE, CODING_EACH };

/* Whether a request's Accept-Encoding, NULL for one without, has gzip welcome. */
bool coding_takes_gzip(const char *accept_encoding);

/* Compresses bytes, into the arena; the result is rarely not shorter. NULL: out of memory. */
const char *coding_gzip(const char *bytes, size_t length, enum coding_effort effort, struct arena *arena,
                        size_t *compressed);

#endif
