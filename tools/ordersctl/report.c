/* report.c: one line for the failure, one for each field. */
#include "report.h"

#include "printable.h"

#include <stdio.h>

void report(const char *format, ...)
{
    struct arena arena;
    va_list args;
    arena_init(&arena);
    va_start(args, format);
    fprintf(stderr, "ordersctl: %s\n", printable(&arena, arena_vprintf(&arena, format, args)));
    va_end(args);
    arena_free(&arena);
}

enum exit_code report_status(const struct status *status)
{
    struct arena arena;
    arena_init(&arena);
    report("%s: %s", status_code_name(status->code), status->message);
    for (size_t i = 0; i < status->n_violations; i++) {
        const struct violation *violation = &status->violations[i];
        const char *colon = *violation->field != '\0' ? ": " : "";
        fprintf(
            stderr, "  %s\n",
            printable(&arena, arena_printf(&arena, "%s%s%s", violation->field, colon, violation->message)));
    }
    arena_free(&arena);
    return exit_code_of(status->code);
}
