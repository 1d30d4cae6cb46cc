/* with_database.c: with-database COMMAND [ARGUMENT...]: runs it with libpq's own environment (PGHOST,
 * PGPASSWORD, ...) set to what DATABASE_URL says, as libpq itself reads that: URLs, keyword strings, service
 * files and defaults.
 *
 * For programs that take no URL, and for all that would show it on a command line, where everybody can read
 * it. An environment is its user's alone. It connects once, so that what is wrong is said once and in libpq's
 * words, and so that libpq does the reading. Exit code 78: DATABASE_URL is no setting; 69: the database is
 * out of reach.
 */
#include "config/config.h"
#include "store/database_url.h"

#include <errno.h>
#include <libpq-fe.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sysexits.h>
#include <unistd.h>

/* libpq reads a service file by lines of at most 1,023 bytes. */
enum { SERVICE_LINE_MOST = 1023 };

static _Noreturn void die(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

static _Noreturn void die(int code, const char *format, ...)
{
    va_list args;
    fputs("DATABASE_URL: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(code);
}

/* Of several hosts, and in its words of one, it wants one that can be written to. */
static PGconn *connect_to(const char *url)
{
    const char *const names[] = {"target_session_attrs", "dbname", NULL};
    const char *const values[] = {"read-write", url, NULL};
    char error[256];
    if (!database_url_check(url, error, sizeof error)) { /* libpq's words may show a password */
        fprintf(stderr, "%s\n", error);
        exit(EX_CONFIG);
    }
    PGconn *connection = PQconnectdbParams(names, values, 1);
    if (connection == NULL)
        die(EX_UNAVAILABLE, "out of memory");
    if (PQstatus(connection) != CONNECTION_OK) {
        const char *words = PQerrorMessage(connection);
        die(EX_UNAVAILABLE, "%.*s", (int)strcspn(words, "\n"), words);
    }
    return connection;
}

static bool is_set(const PQconninfoOption *option)
{
    return option->val != NULL && *option->val != '\0';
}

/* Libpq has no variable for a few options (keepalives, sslpassword): those go to a service file, which no
 * other process can open and which is gone with the last of COMMAND's. */
static void add_to_service(int *service, const PQconninfoOption *option)
{
    if (strchr(option->val, '\n') != NULL ||
        strlen(option->keyword) + strlen("=") + strlen(option->val) > SERVICE_LINE_MOST)
        die(EX_CONFIG, "its %s is too long, or has a line break", option->keyword);
    const char *heading = "";
    if (*service < 0) {
        char path[sizeof "/proc/self/fd/" + 3 * sizeof *service];
        *service = memfd_create("service", 0);
        snprintf(path, sizeof path, "/proc/self/fd/%d", *service);
        setenv("PGSERVICEFILE", path, 1);
        setenv("PGSERVICE", "orders", 1);
        heading = "[orders]\n";
    }
    if (dprintf(*service, "%s%s=%s\n", heading, option->keyword, option->val) < 0)
        die(EX_OSERR, "%s", strerror(errno));
}

static void set_environment(PGconn *connection)
{
    int service = -1;
    PQconninfoOption *options = PQconninfo(connection);
    if (options == NULL)
        die(EX_UNAVAILABLE, "out of memory");
    unsetenv("PGSERVICE"); /* what it named is among the options */
    for (const PQconninfoOption *each = options; each->keyword != NULL; each++) {
        if (strcmp(each->keyword, "service") == 0)
            continue;
        if (each->envvar != NULL && is_set(each))
            setenv(each->envvar, each->val, 1);
        else if (each->envvar != NULL)
            unsetenv(each->envvar);
        else if (is_set(each))
            add_to_service(&service, each);
    }
    PQconninfoFree(options);
}

int main(int argc, char *argv[])
{
    char *url = getenv("DATABASE_URL");
    if (argc < 2) {
        fputs("usage: with-database COMMAND [ARGUMENT...]\n", stderr);
        return EX_USAGE;
    }
    if (url == NULL || *url == '\0')
        die(EX_CONFIG, "is not set");
    config_strip_driver(url);
    PGconn *connection = connect_to(url);
    set_environment(connection);
    PQfinish(connection);
    execvp(argv[1], argv + 1);
    fprintf(stderr, "with-database: %s: %s\n", argv[1], strerror(errno));
    return errno == ENOENT ? 127 : 126;
}
