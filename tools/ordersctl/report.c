/* report.c: every report is an object in JSON; as text, a line for it and one for each thing below it. */
#include "report.h"

#include "json_text.h"
#include "printable.h"
#include "progress.h"

#include <jansson.h>
#include <stdio.h>

static bool in_json;

void report_in_json(bool wanted)
{
    in_json = wanted;
}

/* --- as it is said --- */

static void write_line(const char *before, const char *text)
{
    struct arena arena;
    arena_init(&arena);
    fprintf(stderr, "%s%s\n", before, printable(&arena, text));
    arena_free(&arena);
}

/* What comes from outside may be no UTF-8, which JSON cannot hold. */
static json_t *text_to_json(const char *text)
{
    struct arena arena;
    json_t *json = json_string(text);
    if (json != NULL)
        return json;
    arena_init(&arena);
    json = json_string(printable(&arena, text));
    arena_free(&arena);
    return json;
}

static json_t *violation_to_json(const struct violation *violation)
{
    return json_pack("{so so so}", "field", text_to_json(violation->field), "type",
                     text_to_json(violation->type), "message", text_to_json(violation->message));
}

static void write_text(const struct status *status, const char *message, const char *const details[])
{
    struct arena arena;
    arena_init(&arena);
    if (status != NULL)
        message = arena_printf(&arena, "%s: %s", status_code_name(status->code), message);
    write_line("ordersctl: ", message);
    for (size_t i = 0; status != NULL && i < status->n_violations; i++) {
        const struct violation *violation = &status->violations[i];
        const char *colon = *violation->field != '\0' ? ": " : "";
        write_line("  ", arena_printf(&arena, "%s%s%s", violation->field, colon, violation->message));
    }
    for (size_t i = 0; details != NULL && details[i] != NULL; i++)
        write_line("  ", details[i]);
    arena_free(&arena);
}

static void write_json(const char *kind, const struct status *status, const char *message,
                       const char *const details[])
{
    json_t *report = json_object(), *violations = json_array(), *texts = json_array();
    if (status != NULL)
        json_object_set_new(report, "code", json_string(status_code_name(status->code)));
    json_object_set_new(report, "message", text_to_json(message));
    for (size_t i = 0; status != NULL && i < status->n_violations; i++)
        json_array_append_new(violations, violation_to_json(&status->violations[i]));
    for (size_t i = 0; details != NULL && details[i] != NULL; i++)
        json_array_append_new(texts, text_to_json(details[i]));
    if (json_array_size(violations) > 0)
        json_object_set(report, "violations", violations);
    if (json_array_size(texts) > 0)
        json_object_set(report, "details", texts);
    json_decref(violations);
    json_decref(texts);
    json_text_write(stderr, json_pack("{so}", kind, report), JSON_COMPACT);
    fputs("\n", stderr);
}

/* Of no call, when status is NULL. */
static void write_report(const char *kind, const struct status *status, const char *message,
                         const char *const details[])
{
    progress_hide();
    if (in_json)
        write_json(kind, status, message, details);
    else
        write_text(status, message, details);
}

/* --- what there is to say --- */

void report_details(const char *message, const char *const details[])
{
    write_report("error", NULL, message, details);
}

static void write_formatted(const char *kind, const char *format, va_list args)
{
    struct arena arena;
    arena_init(&arena);
    write_report(kind, NULL, arena_vprintf(&arena, format, args), NULL);
    arena_free(&arena);
}

void report(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_formatted("error", format, args);
    va_end(args);
}

void report_warning(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_formatted("warning", format, args);
    va_end(args);
}

enum exit_code report_status(const struct status *status)
{
    return report_status_details(status, NULL);
}

enum exit_code report_status_details(const struct status *status, const char *const details[])
{
    write_report("error", status, status->message, details);
    return exit_code_of(status->code);
}
