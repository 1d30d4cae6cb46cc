/* secret.h: comparison in constant time. */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdbool.h>

/* Whether a caller's key is the right one, in a time that depends on the caller's key alone. */
bool secret_equal(const char *presented, const char *secret);

#endif
