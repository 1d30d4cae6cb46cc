/* exit_code.c: one table of the exit codes, and one from the status of a call to them. */
#include "exit_code.h"

#include "config/config.h"

_Static_assert(EXIT_BAD_CONFIG == (enum exit_code)EXIT_CONFIG,
               "every program here ends alike on a bad setting");

static const struct {
    enum exit_code code;
    const char *meaning;
} meanings[] = {
    {EXIT_OK, "all went well"},
    {EXIT_OTHER, "any other failure, also of reading or writing a file"},
    {EXIT_USAGE, "wrong usage"},
    {EXIT_NOT_FOUND, "NOT_FOUND"},
    {EXIT_ALREADY_EXISTS, "ALREADY_EXISTS"},
    {EXIT_INVALID_ARGUMENT, "INVALID_ARGUMENT"},
    {EXIT_DENIED, "UNAUTHENTICATED or PERMISSION_DENIED"},
    {EXIT_UNAVAILABLE, "UNAVAILABLE or DEADLINE_EXCEEDED; health: not serving"},
    {EXIT_ROWS_REFUSED, "import finished, but rows were refused; call: a result is not OK"},
    {EXIT_ORDERS_UNREADABLE, "list or export finished, but orders could not be read"},
    {EXIT_ABORTED, "ABORTED: the order was changed meanwhile"},
    {EXIT_EXHAUSTED, "RESOURCE_EXHAUSTED: no room, or too many calls of this key; try later"},
    {EXIT_BAD_CONFIG, "bad configuration"},
    {EXIT_SIGNAL + 2, "interrupted: import, export or work on several orders (128 + signal)"},
};

static const enum exit_code codes[STATUS_CODES] = {
    [STATUS_OK] = EXIT_OK,
    [STATUS_NOT_FOUND] = EXIT_NOT_FOUND,
    [STATUS_ALREADY_EXISTS] = EXIT_ALREADY_EXISTS,
    [STATUS_INVALID_ARGUMENT] = EXIT_INVALID_ARGUMENT,
    [STATUS_UNAUTHENTICATED] = EXIT_DENIED,
    [STATUS_PERMISSION_DENIED] = EXIT_DENIED,
    [STATUS_ABORTED] = EXIT_ABORTED,
    [STATUS_RESOURCE_EXHAUSTED] = EXIT_EXHAUSTED,
    [STATUS_UNAVAILABLE] = EXIT_UNAVAILABLE,
    [STATUS_DEADLINE_EXCEEDED] = EXIT_UNAVAILABLE,
};

enum exit_code exit_code_of(enum status_code code)
{
    if (code == STATUS_OK)
        return EXIT_OK;
    return code < STATUS_CODES && codes[code] != EXIT_OK ? codes[code] : EXIT_OTHER;
}

const char *exit_code_help(struct arena *arena)
{
    const char *text = "";
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++)
        text = arena_printf(arena, "%s  %3d  %s\n", text, meanings[i].code, meanings[i].meaning);
    return text;
}
