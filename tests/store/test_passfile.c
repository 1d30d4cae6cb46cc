/* test_passfile.c: what is known of a password file beforehand is what libpq says of it on stderr. */
#include "store/passfile.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/test-passfile-XXXXXX";

static void set_up(void)
{
    cr_assert_not_null(mkdtemp(directory));
    cr_assert_eq(chdir(directory), 0);
    setenv("HOME", directory, 1);
    unsetenv("PGPASSFILE");
    unsetenv("PGPASSWORD");
    unsetenv("PGSERVICE");
}

static void tear_down(void)
{
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", directory);
    cr_assert_eq(system(command), 0);
}

TestSuite(passfile, .init = set_up, .fini = tear_down);

static void make_file(const char *name, mode_t mode, const char *content)
{
    FILE *file = fopen(name, "we");
    (void)fputs(content, file);
    (void)fclose(file);
    cr_assert_eq(chmod(name, mode), 0);
}

/* Whether libpq writes to stderr while it connects to nobody. */
static bool is_complained_of(const char *url, const char *passfile)
{
    const char *const names[] = {"dbname", "passfile", NULL}, *const values[] = {url, passfile, NULL};
    struct stat about;
    const int saved = dup(STDERR_FILENO), file = open("stderr", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    dup2(file, STDERR_FILENO);
    PQfinish(PQconnectStartParams(names, values, 1));
    dup2(saved, STDERR_FILENO);
    cr_assert_eq(fstat(file, &about), 0);
    close(file);
    close(saved);
    return about.st_size > 0;
}

/* In a database that is nowhere. */
static void expect(bool refused, const char *path, const char *more)
{
    char url[256], found[PASSFILE_PATH];
    const char *why;
    snprintf(url, sizeof url, "host=%s/none user=u dbname=d %s", directory, more);
    cr_expect_eq(is_complained_of(url, ""), refused, "libpq: %s", more);
    cr_expect_eq(passfile_is_refused(url, found, &why), refused, "%s: %s", more, found);
    if (refused)
        cr_expect_str_eq(found, path);
    cr_expect_not(is_complained_of(url, passfile_none), "%s", more);
}

Test(passfile, what_libpq_complains_of_is_known)
{
    make_file("good", 0600, "*:*:*:*:secret\n");
    make_file("shared", 0640, "*:*:*:*:secret\n");
    make_file("public", 0604, "*:*:*:*:secret\n");
    expect(false, NULL, "");
    expect(false, NULL, "passfile=good");
    expect(false, NULL, "passfile=absent");
    expect(true, "shared", "passfile=shared");
    expect(true, "public", "passfile=public");
    expect(true, "/dev/null", "passfile=/dev/null");
    expect(false, NULL, "passfile=shared password=p");
}

Test(passfile, it_may_be_named_in_many_places)
{
    char home[64], services[64];
    make_file("shared", 0640, "");
    make_file("good", 0600, "");
    make_file("services", 0600, "[orders]\npassfile=shared\n");
    snprintf(services, sizeof services, "%s/services", directory);
    setenv("PGSERVICEFILE", services, 1);
    expect(true, "shared", "service=orders");
    expect(false, NULL, "service=orders passfile=good");

    setenv("PGPASSFILE", "shared", 1);
    expect(true, "shared", "");
    expect(false, NULL, "passfile=good");
    setenv("PGPASSWORD", "p", 1);
    expect(false, NULL, "");
    unsetenv("PGPASSWORD");
    unsetenv("PGPASSFILE");

    make_file(".pgpass", 0644, "");
    snprintf(home, sizeof home, "%s/.pgpass", directory);
    expect(true, home, "");
}

Test(passfile, a_url_that_is_none_has_none)
{
    char found[PASSFILE_PATH];
    const char *why;
    cr_expect_not(passfile_is_refused("postgresql://u:secret@[bad", found, &why));
}
