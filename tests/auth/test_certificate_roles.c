/* test_certificate_roles.c: who is who by a certificate's subject, and what a file may say of it. */
#include "auth/certificate_roles.h"
#include "base/time.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[] = "/tmp/test-roles-XXXXXX";
static char error[512];

static void set_up(void)
{
    const int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    close(fd);
}

static void tear_down(void)
{
    unlink(path);
}

TestSuite(certificate_roles, .init = set_up, .fini = tear_down);

static void write_file(const char *text)
{
    FILE *file = fopen(path, "w");
    fputs(text, file);
    fclose(file);
}

static struct certificate_roles *open_with(const char *text)
{
    write_file(text);
    return certificate_roles_open(path, error, sizeof error);
}

static bool find(struct certificate_roles *roles, const char *subject, struct principal *principal)
{
    const struct auth_subject_source source = certificate_roles_source(roles);
    return source.check(source.arg, subject, INT64_MAX, principal) == AUTH_KNOWN;
}

static void expect(struct certificate_roles *roles, const char *subject, enum role role)
{
    struct principal principal;
    char name[PRINCIPAL_NAME_BYTES];
    snprintf(name, sizeof name, "tls:%s", subject);
    cr_assert(find(roles, subject, &principal), "%s", subject);
    cr_expect_str_eq(principal.name, name);
    cr_expect_eq(principal.role, role, "%s is %s", subject, role_name(principal.role));
    cr_expect_eq(principal.is_listed, role != ROLE_NONE);
}

Test(certificate_roles, the_whole_subject_has_the_role)
{
    struct certificate_roles *roles = open_with("# comment\n\n"
                                                "writer CN=billing,O=Example\n"
                                                "  reader\tCN=reports, x,O=Example  \r\n"
                                                "reader CN=trail\\  \n"
                                                "reader CN=slash\\\\ \n"
                                                "admin CN=operator");
    cr_assert_not_null(roles, "%s", error);
    expect(roles, "CN=trail\\ ", ROLE_READER);
    expect(roles, "CN=slash\\\\", ROLE_READER);
    expect(roles, "CN=billing,O=Example", ROLE_WRITER);
    expect(roles, "CN=reports, x,O=Example", ROLE_READER);
    expect(roles, "CN=operator", ROLE_ADMIN);
    static const char *const others[] = {
        "CN=billing",
        "O=Example",
        "CN=billing,O=Example,C=IS",
        "CN=BILLING,O=Example",
        "CN=billing,O=Exampl",
        "CN=operator,O=X",
        "# comment",
        "writer CN=billing,O=Example",
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        expect(roles, others[i], ROLE_NONE);
    certificate_roles_free(roles);
}

Test(certificate_roles, without_a_file_nobody_has_one)
{
    struct certificate_roles *roles = certificate_roles_open(NULL, error, sizeof error);
    cr_assert_not_null(roles);
    expect(roles, "CN=billing,O=Example", ROLE_NONE);
    cr_assert(certificate_roles_load(roles, error, sizeof error));
    certificate_roles_free(roles);
}

Test(certificate_roles, no_subject_and_one_too_long_is_nobody)
{
    struct certificate_roles *roles = certificate_roles_open(NULL, error, sizeof error);
    struct principal principal;
    char subject[PRINCIPAL_NAME_BYTES];
    memset(subject, 'x', sizeof subject - 1);
    subject[sizeof subject - 1] = '\0';
    cr_assert_not(find(roles, "", &principal));
    cr_assert_not(find(roles, subject, &principal));
    cr_assert_eq(principal.role, ROLE_NONE);
    subject[sizeof subject - sizeof "tls:"] = '\0';
    expect(roles, subject, ROLE_NONE);
    certificate_roles_free(roles);
}

/* Its connection may be open for long. */
Test(certificate_roles, the_clock_ends_them)
{
    struct certificate_roles *roles = open_with("admin CN=a\n");
    const struct auth_subject_source source = certificate_roles_source(roles);
    const int64_t now = time_now().seconds;
    struct principal principal;
    cr_expect_eq(source.check(source.arg, "CN=a", now + 3600, &principal), AUTH_KNOWN);
    cr_expect_eq(source.check(source.arg, "CN=a", now, &principal), AUTH_CERTIFICATE_EXPIRED);
    cr_expect_eq(principal.role, ROLE_NONE);
    cr_expect_eq(source.check(source.arg, "", now, &principal), AUTH_MISSING);
    certificate_roles_free(roles);
}

Test(certificate_roles, what_is_wrong_is_named_with_its_line)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"reader CN=a\nowner CN=b\n", "line 2 does not begin with reader, writer or admin"},
        {"none CN=b\n", "line 1 does not begin with reader"},
        {"READER CN=b\n", "line 1 does not begin with reader"},
        {"reader\n", "line 1 has no subject"},
        {"reader   \n", "line 1 has no subject"},
        {"\n\nreader CN=a\nwriter CN=a\n", "has \"CN=a\" twice"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_expect_null(open_with(cases[i].text));
        cr_expect_eq(errno, EINVAL);
        cr_expect_not_null(strstr(error, cases[i].why), "%s", error);
        cr_expect_not_null(strstr(error, path), "%s", error);
    }
    char line[2000] = "reader CN=";
    memset(line + strlen(line), 'x', 200);
    cr_expect_null(open_with(line));
    cr_expect_not_null(strstr(error, "too long"), "%s", error);
    memset(line + strlen("reader CN="), 'x', sizeof line - strlen("reader CN=") - 1);
    cr_expect_null(open_with(line));
    cr_expect_not_null(strstr(error, "line 1 is too long"), "%s", error);
    cr_expect_null(certificate_roles_open("/nonexistent", error, sizeof error));
}

Test(certificate_roles, a_new_file_holds_and_a_broken_one_does_not)
{
    struct certificate_roles *roles = open_with("reader CN=a\n");
    cr_assert_not_null(roles, "%s", error);
    write_file("writer CN=b\n");
    cr_assert(certificate_roles_load(roles, error, sizeof error));
    expect(roles, "CN=a", ROLE_NONE);
    expect(roles, "CN=b", ROLE_WRITER);
    write_file("admin CN=b\nbroken\n");
    cr_assert_not(certificate_roles_load(roles, error, sizeof error));
    expect(roles, "CN=b", ROLE_WRITER);
    certificate_roles_free(roles);
}

Test(certificate_roles, a_fifo_holds_up_nobody)
{
    struct certificate_roles *roles = open_with("reader CN=web\n");
    cr_assert_not_null(roles);
    cr_assert_eq(unlink(path), 0);
    cr_assert_eq(mkfifo(path, 0600), 0);
    cr_expect_not(certificate_roles_load(roles, error, sizeof error));
    cr_expect_not_null(strstr(error, ": is no regular file"), "%s", error);
    expect(roles, "CN=web", ROLE_READER);
    certificate_roles_free(roles);
}
