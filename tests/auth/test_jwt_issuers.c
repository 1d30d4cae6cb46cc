/* test_jwt_issuers.c: the file of issuers. */
#include "auth/jwt_issuers.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TIMEOUT 60

static char folder[] = "/tmp/issuers-XXXXXX";
static char path[64];
static struct arena arena;
static struct jwt_issuers issuers;
static char error[1024];

static void set_up(void)
{
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/issuers", folder);
    arena_init(&arena);
}

static void tear_down(void)
{
    unlink(path);
    rmdir(folder);
    arena_free(&arena);
}

TestSuite(jwt_issuers, .init = set_up, .fini = tear_down, .timeout = TIMEOUT);

static bool read_text(const char *text)
{
    FILE *file = fopen(path, "we");
    fputs(text, file);
    fclose(file);
    error[0] = '\0';
    return jwt_issuers_read(&issuers, path, &arena, error, sizeof error);
}

Test(jwt_issuers, all_that_one_may_have)
{
    cr_assert(read_text("# ours\n"
                        "[issuer example]\n"
                        "issuer = https://id.example.com/\n"
                        "audience = orders, orders api ,\n"
                        "jwks = keys.json\n"
                        "role-claim = /realm_access/roles\n"
                        "reader = r, everyone ; both\n"
                        "writer = w\n"
                        "admin = a\n"
                        "ca-file = /etc/ca.pem\n"
                        "token-type = at+jwt\n"
                        "[issuer second]\n"
                        "issuer = https://second.example\n"
                        "audience = orders\n"
                        "role-claim = https://second.example/roles\n"
                        "admin = a\n"),
              "%s", error);
    cr_assert_eq(issuers.n, 2);
    const struct jwt_issuer *first = &issuers.list[0], *second = &issuers.list[1];
    char jwks[80];
    snprintf(jwks, sizeof jwks, "%s/keys.json", folder);
    cr_expect_str_eq(first->name, "example");
    cr_expect_str_eq(first->issuer, "https://id.example.com/");
    cr_expect_str_eq(first->audiences[0], "orders");
    cr_expect_str_eq(first->audiences[1], "orders api");
    cr_expect_null(first->audiences[2]);
    cr_expect_str_eq(first->jwks, jwks);
    cr_expect_str_eq(first->role_claim, "/realm_access/roles");
    cr_expect_str_eq(first->roles[ROLE_READER][1], "everyone");
    cr_expect_null(first->roles[ROLE_READER][2]);
    cr_expect_str_eq(first->roles[ROLE_ADMIN][0], "a");
    cr_expect_str_eq(first->ca_file, "/etc/ca.pem");
    cr_expect(first->wants_access_token_type);
    cr_expect_null(second->jwks);
    cr_expect_null(second->roles[ROLE_READER]);
    cr_expect_not(second->wants_access_token_type);
}

#define GOOD "[issuer a]\nissuer = https://a.example\naudience = o\nrole-claim = scope\nreader = r\n"

Test(jwt_issuers, what_is_wrong_is_named_by_line_and_member)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"", "line 0: there is no [issuer NAME] with members"},
        {"[issuer a]\n", "line 1: there is no [issuer NAME] with members"},
        {"{}\n", "line 1: neither [issuer NAME] nor MEMBER = VALUE"},
        {GOOD "junk\n", "line 6: neither [issuer NAME] nor MEMBER = VALUE"},
        {GOOD "colour = red\n", "line 6: colour: an issuer has none"},
        {GOOD "reader = x\n", "line 6: reader: is there twice"},
        {GOOD "writer =\n", "line 6: writer: is empty"},
        {GOOD "jwks = http://a.example/jwks\n", "line 6: jwks: is neither"},
        {GOOD "jwks = ftp://a.example/jwks\n", "line 6: jwks: "},
        {GOOD "jwks = https://user:word@a.example/jwks\n", "line 6: jwks: is neither"},
        {GOOD "jwks = https://\n", "line 6: jwks: "},
        {GOOD "token-type = jwt2\n", "line 6: token-type: \"jwt2\" is neither at+jwt nor JWT"},
        {"issuer = x\n", "line 1: []: a member stands below [issuer NAME]"},
        {"[a]\nissuer = x\n", "line 2: [a]: a member stands below [issuer NAME]"},
        {"[issuer a b]\nissuer = x\n", "line 2: [issuer a b]: a member stands below [issuer NAME]"},
        {"[issuer tls]\nissuer = x\n", "line 2: [issuer tls]: "}, /* certificates have that name */
        {"[issuer a:b]\nissuer = x\n", "line 2: [issuer a:b]: "},
        {"[issuer a]\naudience = o\nrole-claim = s\nreader = r\n", "line 2: [issuer a]: issuer: is missing"},
        {"[issuer a]\nissuer = https://a\nrole-claim = s\nreader = r\n",
         "line 2: [issuer a]: audience: is missing"},
        {"[issuer a]\nissuer = https://a\naudience = o\nreader = r\n",
         "line 2: [issuer a]: role-claim: is missing"},
        {"[issuer a]\nissuer = https://a\naudience = o\nrole-claim = s\n",
         "line 2: [issuer a]: reader, writer, admin: one of them says what the claim holds"},
        {"[issuer a]\nissuer = a\naudience = o\nrole-claim = s\nreader = r\n",
         "line 2: [issuer a]: jwks: is missing, and its issuer, \"a\", is no https URL to find it at"},
        {"[issuer a]\nissuer = a\naudience = ,\njwks = k\nrole-claim = s\nreader = r\n",
         "line 2: [issuer a]: audience: is missing"},
        {"[issuer a]\nrole-claim = /a~b\n", "line 2: role-claim: \"/a~b\" is no JSON Pointer"},
        {GOOD "[issuer b]\nissuer = https://a.example\naudience = o\nrole-claim = scope\nreader = r\n",
         "line 7: [issuer b]: issuer: is that of [issuer a] too"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_expect_not(read_text(cases[i].text), "%s", cases[i].text);
        cr_expect_not_null(strstr(error, cases[i].why), "%s\n%s\n%s", cases[i].text, error, cases[i].why);
        cr_expect_eq(strncmp(error, path, strlen(path)), 0, "%s", error);
    }
}

/* inih would cut it in two, and read the second half as something else. */
Test(jwt_issuers, a_line_that_is_too_long)
{
    char text[1024];
    snprintf(text, sizeof text, "%sadmin = %0190d\nwriter = w\n", GOOD, 0);
    cr_assert(read_text(text), "%s", error);
    snprintf(text, sizeof text, "%sadmin = %0191d\nwriter = w\n", GOOD, 0);
    cr_assert_not(read_text(text));
    cr_assert_not_null(strstr(error, "line 6: longer than 198 characters"), "%s", error);
}

Test(jwt_issuers, bounds)
{
    char text[4096] = "";
    for (int i = 0; i <= JWT_ISSUERS_MOST; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text),
                 "[issuer a%d]\nissuer = https://a%d\naudience = o\nrole-claim = s\nreader = r\n", i, i);
    cr_assert_not(read_text(text));
    cr_assert_not_null(strstr(error, "[issuer a8]: more than 8 issuers"), "%s", error);
}

Test(jwt_issuers, a_file_that_is_not_there)
{
    cr_assert_not(jwt_issuers_read(&issuers, "/nowhere", &arena, error, sizeof error));
    cr_assert_str_eq(error, "/nowhere: No such file or directory");
}

Test(jwt_issuers, a_fifo_holds_up_nobody)
{
    char expected[sizeof path + 32];
    cr_assert_eq(mkfifo(path, 0600), 0);
    cr_assert_not(jwt_issuers_read(&issuers, path, &arena, error, sizeof error));
    snprintf(expected, sizeof expected, "%s: is no regular file", path);
    cr_assert_str_eq(error, expected);
}

Test(jwt_issuers, where_keys_may_come_from)
{
    cr_expect(jwt_issuers_is_fit_url("https://id.example.com/jwks"));
    cr_expect(jwt_issuers_is_fit_url("http://127.0.0.1:8080/jwks"));
    cr_expect(jwt_issuers_is_fit_url("http://localhost/jwks"));
    cr_expect(jwt_issuers_is_fit_url("http://[::1]:80/jwks"));
    cr_expect_not(jwt_issuers_is_fit_url("http://localhost.example.com/jwks"));
    cr_expect_not(jwt_issuers_is_fit_url("http://127.0.0.1@example.com/jwks"));
    cr_expect_not(jwt_issuers_is_fit_url("file:///etc/passwd"));
    cr_expect_not(jwt_issuers_is_fit_url("gopher://127.0.0.1/"));
    cr_expect_not(jwt_issuers_is_fit_url("id.example.com"));
    cr_expect_not(jwt_issuers_is_fit_url(""));
}
