/* passfile.h: the file of passwords that libpq would read, where it would complain of it.
 *
 * libpq passes over a password file that others may read, or that is no plain file, and says so on stderr by
 * itself, before a session has a receiver of notices: on a stderr that nobody reads it would wait for ever.
 */
#ifndef STORE_PASSFILE_H
#define STORE_PASSFILE_H

#include <stdbool.h>
#include <stddef.h>

/* For libpq's `passfile`: a file that can never be there, of which it says nothing. An empty one would stand
 * for the default. */
extern const char passfile_none[];

enum { PASSFILE_PATH = 1024 };

/* Whether the password file of a URL, with its service, the environment and the user's home, is one that
 * libpq complains of. If so, which it is and why. Reads files. */
bool passfile_is_refused(const char *database_url, char path[static PASSFILE_PATH], const char **why);

#endif
