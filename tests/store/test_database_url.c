/* test_database_url.c: what libpq would only say when it connects. */
#include "store/database_url.h"

#include <criterion/criterion.h>

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
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char error[256] = "";
        cr_expect_eq(database_url_check(cases[i].url, error, sizeof error), *cases[i].error == '\0');
        cr_expect_str_eq(error, cases[i].error, "%s", cases[i].url);
    }
}
