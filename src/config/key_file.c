/* key_file.c: no more than the first line is looked at. */
#include "config/key_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

bool key_file_read(const char *path, char line[static KEY_FILE_BYTES])
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    line[0] = '\0';
    errno = 0;
    const bool is_read = fgets(line, KEY_FILE_BYTES, file) != NULL || !ferror(file);
    const bool is_whole = strchr(line, '\n') != NULL || feof(file);
    const int error = !is_read ? errno : is_whole ? 0 : EFBIG;
    (void)fclose(file);
    line[strcspn(line, "\r\n")] = '\0';
    errno = error;
    return error == 0;
}
