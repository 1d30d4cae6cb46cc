/* test_arguments.c: what a program is called with that takes nothing. */
#include "config/arguments.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdint.h>
#include <stdlib.h>
#include <sysexits.h>

static void read_all(int argc, char *argv[])
{
    arguments_read(argc, argv, "program 1.2.3", "Serves.");
}

Test(arguments, none_is_right)
{
    read_all(1, (char *[]){"program", NULL});
}

Test(arguments, an_unknown_option_is_refused, .exit_code = EX_USAGE, .init = cr_redirect_stderr)
{
    read_all(2, (char *[]){"program", "--port=1", NULL});
}

Test(arguments, an_operand_is_refused, .exit_code = EX_USAGE, .init = cr_redirect_stderr)
{
    read_all(2, (char *[]){"program", "serve", NULL});
}

/* Not .exit_code, which 0 is anyhow: that it goes no further. */
static void fail_after(const char *option)
{
    read_all(2, (char *[]){"program", (char *)(uintptr_t)option, NULL});
    exit(1);
}

Test(arguments, the_version_is_told, .exit_code = 0, .init = cr_redirect_stdout)
{
    fail_after("--version");
}

Test(arguments, help_is_told, .exit_code = 0, .init = cr_redirect_stdout)
{
    fail_after("--help");
}
