/* targets.h: the services a person works with, by name, from ${XDG_CONFIG_HOME:-~/.config}/ordersctl/config.
 *
 *   default = local
 *
 *   [target local]
 *   connect = tcp://127.0.0.1:6600
 *   api-key-file = local.key
 *
 * What a target may have is the table of targets.c. A relative file is one beside the config file.
 */
#ifndef ORDERSCTL_TARGETS_H
#define ORDERSCTL_TARGETS_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

enum target_setting {
    TARGET_CONNECT,
    TARGET_API_KEY,
    TARGET_API_KEY_FILE,
    TARGET_TIMEOUT,
    TARGET_OUTPUT,
    TARGET_CA, /* these three in the order of enum session_tls_file */
    TARGET_CERT,
    TARGET_CERT_KEY,
    TARGET_SETTINGS,
};

struct target {
    const char *name;
    const char *settings[TARGET_SETTINGS]; /* NULL: not given */
};

enum { TARGETS_MAX = 64 };

/* All strings are in the arena it was read with. */
struct targets {
    const char *path;   /* NULL: there is no home to look in */
    const char *text;   /* what the file holds; NULL: it is not there */
    const char *preset; /* the target that `default` names; NULL: none */
    size_t n;
    struct target list[TARGETS_MAX];
};

/* Reads the file; that there is none is no failure. False: *error says what is wrong with it, and where. A
 * file that holds a key and that others may read is refused, as a key that is known is none. */
bool targets_read(struct targets *targets, struct arena *arena, const char **error);

/* NULL: there is none of this name. */
const struct target *targets_find(const struct targets *targets, const char *name);

/* Says that there is none of this name, and which there are, or which may be meant. */
const char *targets_unknown(const struct targets *targets, const char *name, struct arena *arena);

/* "api-key-file". */
const char *targets_setting_name(enum target_setting setting);

/* Makes a target of the file the default: `default = NAME` above all sections. Whatever else the file has
 * stays as it is, and so do its mode and a link to it; who reads it meanwhile has the old or the new one
 * whole. False: *error says why not, and nothing has changed. */
bool targets_use(const struct targets *targets, const char *name, struct arena *arena, const char **error);

#endif
