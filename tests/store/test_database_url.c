/* test_database_url.c: what libpq would only say when it connects. */
#include "store/database_url.h"

#include <criterion/criterion.h>

static void expect_check(const char *url, const char *expected)
{
    char error[256] = "";
    cr_expect_eq(database_url_check(url, error, sizeof error), *expected == '\0', "%s", url);
    cr_expect_str_eq(error, expected, "%s: %s", url, error);
}

Test(database_url, numbers_are_numbers)
{
    static const struct {
        const char *url, *error;
    } cases[] = {
        {"postgresql:///orders", ""},
        {"postgresql://one:5432,two:5433/orders?connect_timeout=3", ""},
        {"postgresql://one,two:5433/orders", ""},
        {"host=one,two port=,5433", ""},
        {"port=' 5432 ' connect_timeout=-1", ""},
        {"", ""},
        {"postgresql:/orders", "DATABASE_URL: is neither a libpq URL nor a keyword string"},
        {"postgresql://one:secret/orders", "DATABASE_URL: its port is none"},
        {"postgresql://one:5432x/orders", "DATABASE_URL: its port is none"},
        {"postgresql://one:0/orders", "DATABASE_URL: its port is none"},
        {"host=one,two port=5432,65536", "DATABASE_URL: its port is none"},
        {"host=one port='5432 5433'", "DATABASE_URL: its port is none"},
        {"connect_timeout=5s", "DATABASE_URL: its connect_timeout is none"},
        {"connect_timeout=1,2", "DATABASE_URL: its connect_timeout is none"},
        {"keepalives_idle=99999999999", "DATABASE_URL: its keepalives_idle is none"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_check(cases[i].url, cases[i].error);
}

/* What an @ or a / in a password, as it is, cuts off it. */
Test(database_url, a_host_has_nothing_of_a_password)
{
    static const char error[] =
        "DATABASE_URL: its host has an @ or a / in it: those of a password are written %40 and %2F";
    expect_check("postgresql://u:p@secret@one/orders", error);
    expect_check("postgresql://u:p@secret@one,two/orders", error);
    expect_check("postgresql://one,u:p@two,secret@three/orders", error);
    expect_check("postgresql://u:se/cret@one/orders", "DATABASE_URL: its port is none");
    expect_check("host=one/two", error);
    expect_check("host='/run/one@here,two,@abstract/x'", "");
    expect_check("postgresql://u:p%40secret@one/orders", "");
}
