/* secret_files.c: a table of the files, and the bit of their mode. */
#include "config/secret_files.h"

#include <sys/stat.h>

static bool is_in_dotenv(const char *name)
{
    const char *value;
    struct arena arena;
    arena_init(&arena);
    const enum config_origin origin = config_find(name, &arena, &value);
    arena_free(&arena);
    return origin == CONFIG_FROM_DOTENV;
}

static bool can_anybody_read(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISREG(about.st_mode) && (about.st_mode & S_IROTH) != 0;
}

void secret_files_check(const struct config *config, struct log *log)
{
    const struct {
        const char *setting;
        const char *path; /* NULL: there is none */
    } files[] = {
        {"API_KEY", is_in_dotenv("API_KEY") ? ".env" : NULL},
        {"API_KEY_FILE", config->api_key_file},
        {"ORDERS_TLS_KEY", config->tls_key},
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (files[i].path != NULL && can_anybody_read(files[i].path))
            log_line(log, LOG_LEVEL_WARN, "any user of this machine may read a secret: chmod o-r its file",
                     LOG_STR("setting", files[i].setting), LOG_STR("path", files[i].path));
    }
}
