/* secret_files.h: whether others may read the files that hold secrets of the settings. */
#ifndef CONFIG_SECRET_FILES_H
#define CONFIG_SECRET_FILES_H

#include "base/log.h"
#include "config/config.h"

/* A warning for each of them that any user of the machine may read by its mode. Not an error: who mounts a
 * file into a container often cannot choose it. */
void secret_files_check(const struct config *config, struct log *log);

#endif
