/* test_line.c: what a command line is for, and what is wrong with it. That the program says so is tested in
 * test_cli.c. */
#include "line.h"
#include "words.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

TestSuite(line, .timeout = 60);

#define EMPTY "(empty)" /* stands for an empty word */

struct typed {
    char words[6][32]; /* up to the first that is empty */
    char command[16];  /* that it is for; "": none */
    int ends;
    char problem[200]; /* "": none */
};

ParameterizedTestParameters(line, what_it_is)
{
    static struct typed lines[] = {
        /* help and version, wherever they stand */
        {{"-h"}, "", WORDS_HELP, "which command? `ordersctl help' lists them"},
        {{"--help", "list"}, "list", WORDS_HELP, ""},
        {{"list", "-h"}, "list", WORDS_HELP, ""},
        {{"get", "A-1", "--help"}, "get", WORDS_HELP, ""},
        {{"get", "A-1", "--hel"}, "get", WORDS_HELP, ""},
        {{"list", "--nonsense", "-h"}, "list", WORDS_HELP, "there is no option --nonsense"},
        {{"-o", "json", "-h", "list"}, "list", WORDS_HELP, ""},
        {{"list", "-?"}, "list", WORDS_HELP_OLD, ""},
        {{"-V"}, "", WORDS_VERSION, "which command? `ordersctl help' lists them"},
        {{"list", "--version"}, "list", WORDS_VERSION, ""},
        {{"list", "--usage"}, "list", WORDS_USAGE, ""},
        /* but not as what is no option */
        {{"create", "--order-id=-h"}, "create", 0, ""},
        {{"list", "--customer-id=--help"}, "list", 0, ""},
        {{"get", "--", "-h"}, "get", 0, ""},
        {{"complete", "--", "lst", EMPTY}, "complete", 0, ""},
        /* commands */
        {{EMPTY, "list"}, "list", 0, "an argument is empty"},
        {{"lst"}, "", 0, "there is no command \"lst\"; did you mean \"list\"?"},
        {{"lst", "--help"}, "", 0, "there is no command \"lst\"; did you mean \"list\"?"},
        {{"frobnicate"}, "", 0, "there is no command \"frobnicate\""},
        {{"A-1", "get"},
         "",
         0,
         "there is no command \"A-1\"; the command, get perhaps, stands in front of its arguments"},
        /* options */
        {{"list", "--stauts", "x"}, "list", 0, "there is no option --stauts; did you mean --status?"},
        {{"list", "--ouput=x"}, "list", 0, "there is no option --ouput; did you mean --output?"},
        {{"list", "-z"}, "list", 0, "there is no option \"-z\""},
        {{"list", "--o", "x"}, "list", 0, ""}, /* ambiguous, which getopt says */
        {{"--status", "shipped", "list"},
         "",
         0,
         "--status is an option of list, and stands behind it: ordersctl list --status"},
        {{"get", "--etag=1", "A-1"}, "get", 0, "--etag is no option of get, but of update and delete"},
        {{"--verify"}, "", 0, "--verify is an option of summary, and stands behind the command"},
        /* values */
        {{"list", "-ojsn"},
         "list",
         0,
         "--output: \"jsn\" is not table, json, ndjson, csv, name or template=TEXT; did you mean \"json\"?"},
        {{"list", "--color", "blue"}, "list", 0, "--color: \"blue\" is not auto, always or never"},
        {{"list", "-o", "template={{.id}}"}, "list", 0, ""},
        {{"-o", "json", "list"}, "list", 0, ""},
        {{"list", "-ojson"}, "list", 0, ""},
        {{"keys", "creat", "billing"},
         "keys",
         0,
         "\"creat\" is not create, list, revoke or rotate; did you mean \"create\"?"},
        {{"keys", "create", "creat"}, "keys", 0, ""},
        {{"list", "--customer-id", EMPTY}, "list", 0, "what stands behind --customer-id is empty"},
        {{"list", "--customer-id="}, "list", 0, "--customer-id: its value is empty"},
        {{"get", "--", EMPTY}, "get", 0, "an argument is empty"},
        /* of an option without one the next would be taken */
        {{"create", "--customer-id", "--dry-run"},
         "create",
         0,
         "what stands behind --customer-id looks like an option: --dry-run; --customer-id=--dry-run means "
         "that "
         "text"},
        {{"update", "A-1", "--cust", "--status", "shipped"},
         "update",
         0,
         "what stands behind --cust looks like an option: --status; --customer-id=--status means that text"},
        {{"list", "--customer-id", "--statsu=x"},
         "list",
         0,
         "what stands behind --customer-id looks like an option: --statsu=x; --customer-id=--statsu=x means "
         "that text"},
        {{"create", "--order-id", "-h"},
         "create",
         0,
         "what stands behind --order-id looks like an option: -h; --order-id=-h means that text"},
        {{"list", "-o", "-v"},
         "list",
         0,
         "what stands behind -o looks like an option: -v; --output=-v means that text"},
        {{"delete", "--file", "--", "A-1"},
         "delete",
         0,
         "what stands behind --file looks like an option: --; --file=-- means that text"},
        {{"delete", "--file", "-"}, "delete", 0, ""},
        {{"list", "--customer-id", "-C"}, "list", 0, ""},
        {{"list", "--min-amount", "-5"}, "list", 0, ""},
        /* of two values the last would win */
        {{"create", "--amount", "100", "--amount", "99900"}, "create", 0, "--amount is given twice"},
        {{"create", "--amount=1", "--amou", "1"}, "create", 0, "--amount is given twice"},
        {{"import", "--default-date=now", "--default-date=now", "x"},
         "import",
         0,
         "--default-date is given twice"},
        {{"-ojson", "list", "--output", "csv"}, "list", 0, ""}, /* as by an alias */
        {{"list", "--watch=1", "--watch=2"}, "list", 0, "--watch is given twice"},
        {{"list", "--all", "--all"}, "list", 0, ""},
        {{"list", "--status=shipped", "--status=pending"}, "list", 0, ""},
        {{"update", "--where-status=shipped", "--where-status=lost"}, "update", 0, ""},
    };
    return cr_make_param_array(struct typed, lines, sizeof lines / sizeof lines[0]);
}

ParameterizedTest(struct typed *typed, line, what_it_is)
{
    char *argv[8] = {"ordersctl"};
    struct arena arena;
    struct line line;
    int argc = 1;
    for (size_t i = 0; i < 6 && typed->words[i][0] != '\0'; i++)
        argv[argc++] = strcmp(typed->words[i], EMPTY) == 0 ? "" : typed->words[i];
    arena_init(&arena);
    line_read(&line, argc, argv, &arena);
    cr_expect_str_eq(line.command != NULL ? line.command->name : "", typed->command);
    cr_expect_eq(line.ends, typed->ends, "%d", line.ends);
    cr_expect_str_eq(line.problem != NULL ? line.problem : "", typed->problem);
    arena_free(&arena);
}

Test(line, argp_gets_it_without_the_command)
{
    char *argv[] = {"ordersctl", "-o", "json", "get", "--columns", "id", "A-1", NULL};
    static const char *const expected[] = {"ordersctl get", "-o", "json", "--columns", "id", "A-1"};
    enum { WORDS = sizeof expected / sizeof expected[0] };
    struct arena arena;
    struct line line;
    arena_init(&arena);
    line_read(&line, sizeof argv / sizeof argv[0] - 1, argv, &arena);
    cr_assert_eq(line.argc, WORDS);
    for (size_t i = 0; i < WORDS; i++)
        cr_expect_str_eq(line.argv[i], expected[i]);
    cr_expect_null(line.argv[WORDS]);
    arena_free(&arena);
}
