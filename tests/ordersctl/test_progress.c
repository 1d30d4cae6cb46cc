/* test_progress.c: the bar on a terminal leaves it to whatever else is written there. */
#include "fixture.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void setup(void)
{
    fixture_set_up();
    assert_outcome(run_with(service, "create", "--order-id", "A-1", "--customer-id", "C", "--amount", "1",
                            "--currency", "ISK"),
                   0, NULL, "");
}

TestSuite(progress, .init = setup, .fini = fixture_tear_down, .timeout = 60);

/* Runs with a terminal for stderr; what was written to it. */
static const char *on_terminal(struct run *run_, int *code)
{
    static char text[65536];
    size_t length = 0;
    const int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    cr_assert(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
    run_->error = open(ptsname(terminal), O_RDWR | O_NOCTTY | O_CLOEXEC);
    cr_assert_geq(run_->error, 0);
    *code = run(run_).code;
    fcntl(terminal, F_SETFL, O_NONBLOCK);
    for (ssize_t n; (n = read(terminal, text + length, sizeof text - 1 - length)) > 0;)
        length += (size_t)n;
    text[length] = '\0';
    close(run_->error);
    close(terminal);
    return text;
}

static const char bar_of_export[] = "1 order", cleared[] = "\r\033[K";

Test(progress, is_shown_while_a_file_is_written_and_cleared_behind_it)
{
    int code;
    const char *const file = format("%s/orders.json", temporary_directory());
    struct run export = {.service = service, .arguments = {"export", file}};
    const char *shown = on_terminal(&export, &code);
    cr_assert_eq(code, 0);
    cr_assert_not_null(strstr(shown, bar_of_export), "%s", shown);
    cr_assert_str_eq(shown + strlen(shown) - strlen(cleared), cleared);
    struct run import = {.service = service, .arguments = {"import", file}};
    shown = on_terminal(&import, &code);
    cr_assert_eq(code, 8);
    cr_assert_not_null(strstr(shown, "0 orders"), "%s", shown);
    cr_assert_not_null(strstr(shown, "\r\033[Kordersctl: line 2: ALREADY_EXISTS"), "%s", shown);
}

/* A pager draws on the same terminal. */
Test(progress, is_not_shown_while_the_output_is_piped)
{
    int ends[2], code;
    cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
    struct run export = {.service = service, .output = ends[1], .arguments = {"export"}};
    cr_assert_str_eq(on_terminal(&export, &code), "");
    cr_assert_eq(code, 0);
    const char *const rows =
        temporary_file("rows.csv", "order_id,customer_id,total_amount,currency\nA-2,C,1,ISK\n");
    struct run import = {.service = service, .output = ends[1], .arguments = {"import", rows}};
    cr_assert_str_eq(on_terminal(&import, &code), "");
    cr_assert_eq(code, 0);
    close(ends[0]);
    close(ends[1]);
}

Test(progress, is_off_the_screen_before_a_failure_is_told)
{
    int code;
    struct run export = {.service = service, .arguments = {"export", "/dev/full"}};
    const char *shown = on_terminal(&export, &code);
    cr_assert_eq(code, 1);
    const char *told = strstr(shown, "ordersctl: cannot write /dev/full");
    cr_assert_not_null(told, "%s", shown);
    cr_assert_not_null(strstr(shown, bar_of_export), "%s", shown);
    cr_assert_eq(strncmp(told - strlen(cleared), cleared, strlen(cleared)), 0, "%s", shown);
}
