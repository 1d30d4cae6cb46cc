/* key_file.h: a file whose first line is a key, or several separated by commas. */
#ifndef CONFIG_KEY_FILE_H
#define CONFIG_KEY_FILE_H

#include <stdbool.h>

enum { KEY_FILE_BYTES = 8192 }; /* bytes of that line with its NUL: room for 64 keys */

/* Reads the line, without its line break; it may be empty, as that of a FIFO to which nobody writes is.
 * False: errno says why; EFBIG: it is longer than is read, so that its last key would be cut. */
bool key_file_read(const char *path, char line[static KEY_FILE_BYTES]);

#endif
