/* passfile.h: whether libpq would complain about the password file.
 *
 * libpq ignores a password file that others may read, or that is no regular file, and writes a warning to
 * stderr itself, before a notice receiver can be set. On a stderr that is a full pipe it would block for
 * ever.
 */
#ifndef STORE_PASSFILE_H
#define STORE_PASSFILE_H

#include <stdbool.h>
#include <stddef.h>

/* A value for libpq's `passfile`: a path that can never exist, for which it gives no warning. An empty value
 * would stand for the default. */
extern const char passfile_none[];

enum { PASSFILE_PATH = 1024 };

/* Whether the password file of a URL, with its service, the environment and the user's home, is one that
 * libpq complains of. If so, which it is and why. Reads files. */
bool passfile_is_refused(const char *database_url, char path[static PASSFILE_PATH], const char **why);

#endif
