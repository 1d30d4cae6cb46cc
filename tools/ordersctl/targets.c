/* targets.c: inih reads the file's lines; a table says which of them mean something. */
#include "targets.h"

#include "guess.h"
#include "whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FILE_MAX_BYTES = 64 * 1024,
    LINE_MAX_BYTES = 199, /* what inih, as Debian builds it, takes at a time */
};

static const char *const setting_names[TARGET_SETTINGS] = {
    [TARGET_CONNECT] = "connect", [TARGET_API_KEY] = "api-key",   [TARGET_API_KEY_FILE] = "api-key-file",
    [TARGET_TIMEOUT] = "timeout", [TARGET_OUTPUT] = "output",     [TARGET_CA] = "ca",
    [TARGET_CERT] = "cert",       [TARGET_CERT_KEY] = "cert-key",
};

/* A reading under way. */
struct targets_reading {
    struct targets *targets;
    struct arena *arena;
    const char *error; /* what is wrong in the first line that is */
};

/* --- where it is --- */

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value != NULL ? value : "";
}

/* NULL: there is no home to look in. The specification has a relative XDG_CONFIG_HOME ignored. */
static const char *path_of_file(struct arena *arena)
{
    if (*variable("XDG_CONFIG_HOME") == '/')
        return arena_printf(arena, "%s/ordersctl/config", variable("XDG_CONFIG_HOME"));
    if (*variable("HOME") != '\0')
        return arena_printf(arena, "%s/.config/ordersctl/config", variable("HOME"));
    return NULL;
}

static const char *path_beside(const struct targets_reading *reading, const char *path)
{
    const char *slash = strrchr(reading->targets->path, '/');
    if (strncmp(path, "~/", 2) == 0)
        return arena_printf(reading->arena, "%s/%s", variable("HOME"), path + 2);
    if (*path == '/')
        return arena_strdup(reading->arena, path);
    return arena_printf(reading->arena, "%.*s/%s", (int)(slash - reading->targets->path),
                        reading->targets->path, path);
}

/* --- what its lines say --- */

static int refuse(struct targets_reading *reading, const char *error)
{
    if (reading->error == NULL)
        reading->error = error;
    return 0; /* inih's word for a failure */
}

static struct target *target_of(struct targets_reading *reading, const char *section)
{
    static const char prefix[] = "target ";
    struct targets *targets = reading->targets;
    const char *name = section + strlen(prefix);
    if (strncmp(section, prefix, strlen(prefix)) != 0 || *name == '\0')
        return NULL;
    for (size_t i = 0; i < targets->n; i++) {
        if (strcmp(targets->list[i].name, name) == 0)
            return &targets->list[i];
    }
    if (targets->n == TARGETS_MAX)
        return NULL;
    targets->list[targets->n].name = arena_strdup(reading->arena, name);
    return &targets->list[targets->n++];
}

static int take_setting(struct targets_reading *reading, struct target *target, const char *name,
                        const char *value)
{
    for (size_t i = 0; i < TARGET_SETTINGS; i++) {
        if (strcmp(setting_names[i], name) == 0) {
            if (target->settings[i] != NULL)
                return refuse(reading, arena_printf(reading->arena, "a second \"%s\" of one target", name));
            target->settings[i] = i == TARGET_API_KEY_FILE || i >= TARGET_CA
                                      ? path_beside(reading, value)
                                      : arena_strdup(reading->arena, value);
            return 1;
        }
    }
    return refuse(reading, arena_printf(reading->arena,
                                        "a target has no \"%s\"; it may have connect, api-key-file, api-key, "
                                        "timeout, output, ca, cert and cert-key",
                                        name));
}

static int take_line(void *user, const char *section, const char *name, const char *value)
{
    struct targets_reading *reading = user;
    if (*section == '\0' && strcmp(name, "default") == 0) {
        if (reading->targets->preset != NULL)
            return refuse(reading, "a second default");
        reading->targets->preset = arena_strdup(reading->arena, value);
        return 1;
    }
    struct target *target = target_of(reading, section);
    if (target == NULL)
        return refuse(reading, "a setting is to stand below [target NAME], of which there are at most 64; "
                               "above them only default = NAME");
    return take_setting(reading, target, name, value);
}

/* --- reading --- */

/* The number of the first line that inih would cut in two; 0: there is none. */
static int long_line(const char *text)
{
    int line = 1;
    while (*text != '\0') {
        const size_t length = strcspn(text, "\n");
        if (length > LINE_MAX_BYTES)
            return line;
        text += length + (text[length] == '\n');
        line++;
    }
    return 0;
}

/* The number of the first line that begins a section a second time; 0: there is none. inih goes on with the
 * first, so that a copy that was never renamed would change it. */
static int second_section(const char *text)
{
    int number = 1;
    for (const char *line = text, *end; *line != '\0'; line = end + (*end == '\n'), number++) {
        end = line + strcspn(line, "\n");
        line += strspn(line, " \t");
        const size_t length = strcspn(line, "]\n") + 1;
        for (const char *before = text; *line == '[' && before < line; before++) {
            before += strspn(before, " \t");
            if (before < line && strncmp(before, line, length) == 0)
                return number;
            before += strcspn(before, "\n");
        }
    }
    return 0;
}

static bool holds_key(const struct targets *targets)
{
    for (size_t i = 0; i < targets->n; i++) {
        if (targets->list[i].settings[TARGET_API_KEY] != NULL)
            return true;
    }
    return false;
}

/* What inih would not tell comes first. */
static bool check(struct targets_reading *reading, const char *text, const struct stat *about,
                  const char **error)
{
    static const struct {
        int (*line_of)(const char *text); /* the first one; 0: there is none */
        const char *error;
    } unseen[] = {
        {long_line, "longer than 199 characters"},
        {second_section, "a second section of this name"},
    };
    const char *path = reading->targets->path;
    int line = 0;
    for (size_t i = 0; i < sizeof unseen / sizeof unseen[0] && line == 0; i++) {
        line = unseen[i].line_of(text);
        reading->error = line != 0 ? unseen[i].error : NULL;
    }
    if (line == 0)
        line = ini_parse_string(text, take_line, reading);
    if (line != 0)
        *error = arena_printf(reading->arena, "%s: line %d: %s", path, line,
                              reading->error != NULL ? reading->error : "neither [SECTION] nor NAME = VALUE");
    else if (holds_key(reading->targets) && (about->st_mode & (S_IRWXG | S_IRWXO)) != 0)
        *error = arena_printf(reading->arena, "%s: holds an api-key, and others may read it: chmod 600 %s",
                              path, path);
    return *error == NULL;
}

/* The file, when it is one: opening what is none could wait for ever. */
static char *read_text(int fd, struct arena *arena, struct stat *about)
{
    if (fd < 0 || fstat(fd, about) != 0)
        return NULL;
    if (!S_ISREG(about->st_mode) || about->st_size > FILE_MAX_BYTES) {
        errno = S_ISREG(about->st_mode) ? EFBIG : EINVAL;
        return NULL;
    }
    char *text = arena_calloc(arena, FILE_MAX_BYTES + 1, 1);
    return read(fd, text, FILE_MAX_BYTES) >= 0 ? text : NULL;
}

bool targets_read(struct targets *targets, struct arena *arena, const char **error)
{
    struct targets_reading reading = {.targets = targets, .arena = arena};
    struct stat about;
    *targets = (struct targets){.path = path_of_file(arena)};
    *error = NULL;
    if (targets->path == NULL)
        return true;
    const int fd = open(targets->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return true;
    const char *text = read_text(fd, arena, &about);
    if (text == NULL)
        *error = arena_printf(arena, "cannot read %s: %s", targets->path, strerror(errno));
    if (fd >= 0)
        close(fd);
    targets->text = text;
    return text != NULL && check(&reading, text, &about, error);
}

const char *targets_setting_name(enum target_setting setting)
{
    return setting_names[setting];
}

const struct target *targets_find(const struct targets *targets, const char *name)
{
    for (size_t i = 0; i < targets->n; i++) {
        if (strcmp(targets->list[i].name, name) == 0)
            return &targets->list[i];
    }
    return NULL;
}

const char *targets_unknown(const struct targets *targets, const char *name, struct arena *arena)
{
    struct guess guess = guess_begin(name);
    const char *names = targets->n == 0 ? "none" : "";
    for (size_t i = 0; i < targets->n; i++) {
        guess_try(&guess, targets->list[i].name);
        names = arena_printf(arena, "%s%s%s", names, i == 0 ? "" : ", ", targets->list[i].name);
    }
    return arena_printf(arena, "there is no target \"%s\" in %s; there are: %s%s", name,
                        targets->path != NULL ? targets->path : "a config file", names,
                        guess_text(&guess, arena));
}

/* --- changing the default --- */

/* What stands behind the value of `default = NAME`, a comment perhaps; NULL: the line is no such one. */
static const char *behind_preset(const char *line, const char *end)
{
    static const char name[] = "default";
    if ((size_t)(end - line) < strlen(name) || strncmp(line, name, strlen(name)) != 0)
        return NULL;
    line += strlen(name);
    line += strspn(line, " \t");
    if (*line != '=' && *line != ':')
        return NULL;
    while (line < end && !(strchr(" \t", *line) != NULL && line[1] == ';') && *line != '\r')
        line++;
    return line;
}

/* The text with another default, in the place of the one that is there, else in front of all. */
static const char *with_preset(const char *text, const char *name, struct arena *arena)
{
    static const char mark[] = "\xef\xbb\xbf"; /* of UTF-8, as some editors write it */
    const size_t skipped = strncmp(text, mark, strlen(mark)) == 0 ? strlen(mark) : 0;
    for (const char *line = text + skipped, *end; *line != '\0' && *line != '[';
         line = end + (*end == '\n')) {
        end = line + strcspn(line, "\n");
        const char *behind = behind_preset(line, end);
        if (behind != NULL)
            return arena_printf(arena, "%.*sdefault = %s%s", (int)(line - text), text, name, behind);
    }
    return arena_printf(arena, "%.*sdefault = %s\n%s", (int)skipped, text, name, text + skipped);
}

/* As inih reads it, the name and the lines around it might mean something else. */
static bool says(const char *text, const struct targets *before, const char *name, struct arena *arena)
{
    struct targets after = {.path = before->path};
    struct targets_reading reading = {.targets = &after, .arena = arena};
    return long_line(text) == 0 && ini_parse_string(text, take_line, &reading) == 0 && after.n == before->n &&
           after.preset != NULL && strcmp(after.preset, name) == 0;
}

bool targets_use(const struct targets *targets, const char *name, struct arena *arena, const char **error)
{
    struct whole_file file;
    *error = NULL;
    if (targets_find(targets, name) == NULL) {
        *error = targets_unknown(targets, name, arena);
        return false;
    }
    const char *text = with_preset(targets->text, name, arena);
    if (!says(text, targets, name, arena)) {
        *error = arena_printf(arena, "%s cannot be changed for this name: write its default yourself",
                              targets->path);
        return false;
    }
    bool written = whole_file_open(&file, targets->path);
    if (written) {
        fputs(text, file.file);
        written = whole_file_close(&file, true);
    }
    if (!written)
        *error = arena_printf(arena, "cannot write %s: %s", targets->path, strerror(errno));
    return written;
}
