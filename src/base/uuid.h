/* uuid.h: names for calls that came without one (RFC 9562). */
#ifndef BASE_UUID_H
#define BASE_UUID_H

#include <stdbool.h>

enum { UUID_TEXT = 37 }; /* 36 characters and a NUL */

/* Writes a new UUID of version 7 in lower case: it begins with the time in milliseconds, so that those made
 * one after another sort and are kept next to each other, and ends in 74 random bits. From any thread, and on
 * either side of a fork. */
void uuid_make(char out[static UUID_TEXT]);

/* The same. False, and errno says why: the system has no random bytes. uuid_make ends the process then. */
bool uuid_try(char out[static UUID_TEXT]);

#endif
