/* passfile.c: the rules of libpq's passwordFromFile (fe-connect.c). */
#include "store/passfile.h"

#include <libpq-fe.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char passfile_none[] = "/dev/null/none";

/* What libpq makes of a URL, a service file and the environment. Only libpq knows, and only of a connection:
 * so one is made of hosts that do not fit together, which it refuses before it reads a password file or
 * connects to anybody: seen with libpq 15.18, 16.14, 17.10 and 18.4. tests/store/test_passfile.c tells where
 * another one does otherwise. NULL: out of memory. */
static PGconn *resolve(const char *database_url)
{
    const char *const names[] = {"dbname", "host", "hostaddr", NULL};
    const char *const values[] = {database_url, "a", "127.0.0.1,127.0.0.1", NULL};
    return PQconnectStartParams(names, values, 1);
}

static const char *value_of(const PQconninfoOption *options, const char *keyword)
{
    for (; options != NULL && options->keyword != NULL; options++) {
        if (strcmp(options->keyword, keyword) == 0 && options->val != NULL)
            return options->val;
    }
    return "";
}

/* The user's home, as libpq finds it. False: he has none. */
static bool find_home(char home[static PASSFILE_PATH])
{
    struct passwd user, *found = NULL;
    char buffer[4096];
    /* Nobody changes the environment. NOLINTNEXTLINE(concurrency-mt-unsafe) */
    const char *given = getenv("HOME");
    if ((given == NULL || *given == '\0') &&
        getpwuid_r(geteuid(), &user, buffer, sizeof buffer, &found) == 0 && found != NULL)
        given = user.pw_dir;
    if (given == NULL || *given == '\0')
        return false;
    snprintf(home, PASSFILE_PATH, "%s", given);
    return true;
}

static const char *fault_of(const char *path)
{
    struct stat about;
    if (stat(path, &about) != 0)
        return NULL; /* libpq takes it for none */
    if (!S_ISREG(about.st_mode))
        return "it is not a plain file";
    if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return "group or others may access it; its mode is to be 0600 or less";
    return NULL;
}

bool passfile_is_refused(const char *database_url, char path[static PASSFILE_PATH], const char **why)
{
    char home[PASSFILE_PATH];
    PGconn *pg = resolve(database_url);
    PQconninfoOption *options = PQconninfo(pg);
    const char *given = value_of(options, "passfile");
    const bool has_password = *value_of(options, "password") != '\0';
    *why = NULL;
    path[0] = '\0';
    if (*given != '\0')
        snprintf(path, PASSFILE_PATH, "%s", given);
    else if (find_home(home) && strlen(home) + sizeof "/.pgpass" <= PASSFILE_PATH)
        snprintf(path, PASSFILE_PATH, "%.*s/.pgpass", (int)(PASSFILE_PATH - sizeof "/.pgpass"), home);
    if (path[0] != '\0' && !has_password) /* with one it looks for no file */
        *why = fault_of(path);
    PQconninfoFree(options);
    PQfinish(pg);
    return *why != NULL;
}
