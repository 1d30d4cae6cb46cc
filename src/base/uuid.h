/* uuid.h: names for calls that came without one (RFC 9562). */
#ifndef BASE_UUID_H
#define BASE_UUID_H

enum { UUID_TEXT = 37 }; /* 36 characters and a NUL */

/* Writes a new random UUID (version 4) in lower case. */
void uuid_make(char out[static UUID_TEXT]);

#endif
