/* test_manual.c: ordersctl(1) has every command and option of the program, and no other. */
#include "process.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

TestSuite(manual, .fini = test_end, .timeout = 60);

/* The part of the manual from a heading to the next one of its kind. */
static const char *part(const char *manual, const char *kind, const char *title)
{
    const char *heading = format("\n%s %s\n", kind, title);
    const char *from = strstr(manual, heading);
    cr_assert_not_null(from, "no %s", title);
    from += strlen(heading);
    const char *ss = strstr(from, "\n.Ss "), *sh = strstr(from, "\n.Sh ");
    const char *to = strcmp(kind, ".Ss") == 0 && ss != NULL && (sh == NULL || ss < sh) ? ss : sh;
    return format("%.*s", (int)(to - from), from);
}

/* The options that a part has items of, some of them with a letter in front, ".It Fl o , Fl -output":
 * "--status --all ". */
static const char *options_of(const char *text)
{
    static const char item[] = "\n.It Fl ";
    const char *options = "";
    for (const char *at = strstr(text, item); at != NULL; at = strstr(at + 1, item)) {
        const char *name = at + strlen(item);
        name += strncmp(name + 1, " , Fl ", strlen(" , Fl ")) == 0 ? strlen("o , Fl -") : strlen("-");
        options = format("%s--%s ", options, up_to(" \n", name));
    }
    return options;
}

/* What ordersctl completes, less the first line and descriptions. */
static const char *offered(const char *before, const char *typed)
{
    const struct outcome o = before != NULL ? run_with(NULL, "complete", "--", before, typed)
                                            : run_with(NULL, "complete", "--", typed);
    const char *names = "";
    cr_assert_eq(o.code, 0);
    for (const char *at = o.out + strlen("words\n"); *at != '\0'; at += strcspn(at, "\n") + 1)
        names = format("%s%s ", names, up_to("\t\n", at));
    return names;
}

/* Both ways: every word of one list is in the other. */
static void assert_holds(const char *whole, const char *words, const char *what)
{
    for (const char *at = words; *at != '\0'; at += strcspn(at, " ") + 1) {
        const char *word = format(" %s ", up_to(" ", at));
        cr_assert_not_null(strstr(format(" %s", whole), word), "%s: no%sin \"%s\"", what, word, whole);
    }
}

static void assert_same_words(const char *a, const char *b, const char *what)
{
    assert_holds(a, b, what);
    assert_holds(b, a, what);
}

static const char *manual(void)
{
    cr_assert_not_null(getenv("ORDERSCTL_MANUAL"));
    return read_file(getenv("ORDERSCTL_MANUAL"));
}

Test(manual, has_every_command_and_no_other)
{
    const char *text = part(manual(), ".Sh", "COMMANDS"), *names = "";
    for (const char *at = text; (at = strstr(at, ".Ss ")) != NULL; at++)
        names = format("%s%s ", names, up_to("\n", at + 4));
    assert_same_words(names, offered(NULL, ""), "commands");
}

Test(manual, has_every_option_of_every_command_and_no_other)
{
    const char *text = manual();
    const char *globals = options_of(part(text, ".Sh", "GLOBAL OPTIONS"));
    const char *commands = offered(NULL, "");
    assert_same_words(globals, offered(NULL, "--"), "global options");
    for (const char *at = commands; *at != '\0'; at += strcspn(at, " ") + 1) {
        const char *command = up_to(" ", at);
        const char *own = options_of(part(text, ".Ss", command));
        assert_same_words(format("%s%s", own, globals), offered(command, "--"), command);
    }
}

Test(manual, has_every_exit_code_and_setting_of_the_help)
{
    const char *help = run_with(NULL, "--help").out, *text = manual();
    for (const char *at = strstr(help, "Exit codes:\n"); at != NULL && *at != '\0';
         at += strcspn(at, "\n") + 1) {
        int code;
        if (sscanf(at, " %d ", &code) == 1)
            cr_assert_not_null(strstr(part(text, ".Sh", "EXIT STATUS"), format(".It %d\n", code)), "%d",
                               code);
    }
    static const char *const settings[] = {"ORDERS_CONNECT", "API_KEY", "NO_COLOR"};
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        cr_assert_not_null(strstr(help, settings[i]));
        cr_assert_not_null(strstr(part(text, ".Sh", "ENVIRONMENT"), format(".It Ev %s\n", settings[i])));
    }
}
