/* test_shells.c: what Tab makes of a line in real shells, by the scripts that `ordersctl completion' prints.
 */
#include "fixture.h"
#include "terminal.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct terminal *terminal;

static void create(const char *order_id)
{
    assert_outcome(run_with(service, "create", "--order-id", order_id, "--customer-id", "C", "--order-date",
                            "2025-01-15", "--amount", "1", "--currency", "ISK"),
                   0, NULL, "");
}

static void setup(void)
{
    fixture_set_up();
    create("ORD-2025-00001");
    create("shop:7/8");
    create("two words");
    create("`touch harmed`$(touch harmed)");
    temporary_file("orders-to-import.csv", "");
}

static void teardown(void)
{
    if (terminal != NULL)
        terminal_close(terminal);
    fixture_tear_down();
}

TestSuite(shells, .init = setup, .fini = teardown, .timeout = 60);

/* Runs a command on a screen that was cleared. */
static void enter(const char *line)
{
    if (terminal == NULL)
        terminal = terminal_open(service, 80, 24);
    terminal_type(terminal, format("clear; %s", line));
    terminal_press(terminal, "Enter");
}

/* Types the begin of a line, presses Tab, and expects the line to become so. */
static void assert_completes(const char *typed, const char *completed)
{
    terminal_press(terminal, "C-u");
    terminal_press(terminal, "C-l");
    terminal_wait_for_screen(terminal, "$\n");
    terminal_type(terminal, typed);
    terminal_press(terminal, "Tab");
    terminal_wait_for_screen(terminal, format("$ %s\n", completed));
}

/* What of an id a shell might run is quoted its way. */
static void assert_tab_completes(const char *typed, const char *quoted)
{
    assert_completes(typed, quoted);
    assert_completes("ordersctl summ", "ordersctl summary");
    assert_completes("ordersctl --output nd", "ordersctl --output ndjson");
    assert_completes("ordersctl list --sta", "ordersctl list --status");
    assert_completes("ordersctl list --status sh", "ordersctl list --status shipped");
    assert_completes("ordersctl list --status=sh", "ordersctl list --status=shipped");
    assert_completes("ordersctl create --currency=U", "ordersctl create --currency=USD");
    assert_completes("ordersctl list --columns order_id,cust",
                     "ordersctl list --columns order_id,customer_id");
    assert_completes("ordersctl call GetOrderSu", "ordersctl call GetOrderSummary");
    assert_completes("ordersctl get ORD", "ordersctl get ORD-2025-00001");
    assert_completes("ordersctl get shop:", "ordersctl get shop:7/8");
    assert_completes("ordersctl list -o nd", "ordersctl list -o ndjson");
    assert_completes("ordersctl completion f", "ordersctl completion fish");
    assert_completes("ordersctl get tw", "ordersctl get two\\ words");
    assert_completes("ordersctl import orders-to", "ordersctl import orders-to-import.csv");
    assert_completes("ordersctl get nothing-like-it", "ordersctl get nothing-like-it");
    terminal_press(terminal, "C-u");
    enter("ls harmed");
    terminal_wait_for(terminal, "No such file");
}

static const char quoted[] = "ordersctl get \\`touch\\ harmed\\`\\$\\(touch\\ harmed\\)";

Test(shells, tab_completes_in_bash)
{
    enter("source <(ordersctl completion bash)");
    assert_tab_completes("ordersctl get \\`", quoted);
}

static void enter_zsh(const char *line)
{
    enter("PS1='$ ' exec zsh -f");
    terminal_wait_for_screen(terminal, "$\n");
    enter(format("%s; echo ready", line));
    terminal_wait_for(terminal, "ready\n$");
}

Test(shells, tab_completes_in_zsh)
{
    enter_zsh("autoload -U compinit; compinit -u -D; source <(ordersctl completion zsh)");
    assert_tab_completes("ordersctl get \\`", quoted);
}

/* As an installed file, which compinit finds. */
Test(shells, tab_completes_in_zsh_from_fpath)
{
    enter_zsh(format("fpath+=(%s); autoload -U compinit; compinit -u -D", getenv("ORDERSCTL_COMPLETION")));
    assert_completes("ordersctl summ", "ordersctl summary");
    assert_completes("ordersctl get ORD", "ordersctl get ORD-2025-00001");
}

/* Its suggestions of what to type would be on the screen, too. */
Test(shells, tab_completes_in_fish)
{
    enter("exec fish --no-config --init-command "
          "'function fish_prompt; echo -n \\$\\ ; end; set -g fish_autosuggestion_enabled 0; set -g "
          "fish_greeting; "
          "ordersctl completion fish | source'");
    terminal_wait_for_screen(terminal, "$\n");
    assert_tab_completes("ordersctl get `", "ordersctl get `touch\\ harmed`\\$\\(touch\\ harmed\\)");
    assert_completes("ordersctl --api-key-file=orders-to", "ordersctl --api-key-file=orders-to-import.csv");
}
