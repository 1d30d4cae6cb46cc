/* unreachable.h: the orders that a list could not answer (AIP-217), as a header: its body is an array of the
 * others. No sockets.
 */
#ifndef HTTP_UNREACHABLE_H
#define HTTP_UNREACHABLE_H

#include "base/arena.h"
#include "http/answer.h"

#include <stddef.h>

/* Of the header's value. */
enum { UNREACHABLE_MOST_BYTES = 1024 };

#define UNREACHABLE_HEADER "X-Unreachable-Orders"

/* Adds their names, percent-encoded and separated by commas; a "*" stands for one that has no name, and for
 * those that there is no room for, which no name can be. Without any, there is no header. */
void unreachable_add(char *const names[], size_t n, struct arena *arena, struct answer *answer);

#endif
