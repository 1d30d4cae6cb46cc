/* test_secret_files.c: which files of secrets are warned of. */
#include "config/secret_files.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/orders-secret-files-XXXXXX";

static void set_up(void)
{
    cr_assert_not_null(mkdtemp(directory));
    cr_assert_eq(chdir(directory), 0);
    unsetenv("API_KEY");
}

static void tear_down(void)
{
    static const char *const names[] = {".env", "key", "tls.key", "log"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unlink(names[i]);
    rmdir(directory);
}

TestSuite(secret_files, .init = set_up, .fini = tear_down, .timeout = 60);

static void write_file(const char *name, const char *text, mode_t mode)
{
    FILE *file = fopen(name, "we");
    cr_assert_not_null(file);
    fputs(text, file);
    fclose(file);
    cr_assert_eq(chmod(name, mode), 0);
}

/* What the log says of such settings. */
static const char *check(const struct config *config)
{
    static char said[4096];
    const int fd = open("log", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    cr_assert_geq(fd, 0);
    struct log *log = log_open(fd, LOG_LEVEL_WARN);
    secret_files_check(config, log);
    log_close(log);
    const ssize_t n = pread(fd, said, sizeof said - 1, 0);
    cr_assert_geq(n, 0);
    close(fd);
    said[n] = '\0';
    return said;
}

Test(secret_files, one_that_anybody_may_read_is_told)
{
    static const struct config config = {.api_key_file = "key", .tls_key = "tls.key"};
    write_file("key", "one\n", 0644);
    write_file("tls.key", "", 0604);
    write_file(".env", "API_KEY=two\n", 0644);
    const char *said = check(&config);
    cr_expect_not_null(strstr(said, "\"setting\":\"API_KEY\",\"path\":\".env\""), "%s", said);
    cr_expect_not_null(strstr(said, "\"setting\":\"API_KEY_FILE\",\"path\":\"key\""), "%s", said);
    cr_expect_not_null(strstr(said, "\"setting\":\"ORDERS_TLS_KEY\",\"path\":\"tls.key\""), "%s", said);
}

/* A group may be given one: so do the units. */
Test(secret_files, others_are_not)
{
    static const struct config config = {.api_key_file = "key", .tls_key = "tls.key"};
    write_file("key", "one\n", 0600);
    write_file("tls.key", "", 0640);
    write_file(".env", "ORDERS_LOG=warn\n", 0644);
    cr_expect_str_eq(check(&config), "");
    write_file(".env", "API_KEY=two\n", 0640);
    cr_expect_str_eq(check(&config), "");
    unlink("key");
    cr_expect_str_eq(check(&config), "");
    cr_expect_str_eq(check(&(struct config){0}), "");
}
