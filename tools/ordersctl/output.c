/* output.c: SIGPIPE is ignored while the program runs, as its sockets might raise it too, and obeyed here. */
#include "output.h"

#include "json_text.h"
#include "pager.h"
#include "report.h"
#include "template.h"

#include <csv.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio_ext.h>
#include <string.h>

static const char *const names[OUTPUT_FORMATS] = {
    [OUTPUT_TABLE] = "table", [OUTPUT_JSON] = "json", [OUTPUT_NDJSON] = "ndjson", [OUTPUT_CSV] = "csv"};

/* By which NDJSON is written. */
static struct {
    bool is_set;
    bool is_name;
    bool failed; /* to fit a document, which is reported once */
    struct template template;
    struct arena arena;
} by;

/* --- which format --- */

static void forget_template(void)
{
    if (by.is_set)
        arena_free(&by.arena);
    by.is_set = by.is_name = false;
}

const char *output_choose_template(const char *text, enum output_format *format, struct arena *arena)
{
    *format = OUTPUT_NDJSON;
    forget_template();
    arena_init(&by.arena);
    by.is_set = true;
    const char *error = template_read(text, &by.arena, &by.template);
    return error != NULL ? arena_printf(arena, "template: %s", error) : NULL;
}

const char *output_choose(const char *text, enum output_format *format, struct arena *arena)
{
    static const char template[] = "template=";
    unsigned named = 0;
    while (named < OUTPUT_FORMATS && strcmp(names[named], text) != 0)
        named++;
    if (named < OUTPUT_FORMATS) {
        *format = (enum output_format)named;
        forget_template();
        return NULL;
    }
    if (strcmp(text, "name") == 0) {
        const char *error = output_choose_template("{{.order_id}}", format, arena);
        by.is_name = true;
        return error;
    }
    if (strncmp(text, template, strlen(template)) == 0)
        return output_choose_template(text + strlen(template), format, arena);
    return arena_printf(arena, "\"%s\" is not table, json, ndjson, csv, name or template=TEXT", text);
}

bool output_has_template(void)
{
    return by.is_set;
}

bool output_is_name(void)
{
    return by.is_name;
}

const char *output_check(json_t *document, struct arena *arena)
{
    return by.is_set ? template_check(&by.template, document, arena) : NULL;
}

/* --- writing --- */

static void write_by_template(FILE *file, json_t *json)
{
    struct arena arena;
    arena_init(&arena);
    const char *error = by.failed ? NULL : template_write(&by.template, json, file, &arena);
    if (error != NULL)
        report("--output template: %s", error);
    by.failed |= error != NULL;
    arena_free(&arena);
    json_decref(json);
}

void output_json(FILE *file, enum output_format format, json_t *json)
{
    const size_t flags = JSON_REAL_PRECISION(15) | (format == OUTPUT_NDJSON ? JSON_COMPACT : JSON_INDENT(2));
    if (format == OUTPUT_NDJSON && by.is_set) {
        write_by_template(file, json);
    } else {
        json_text_write(file, json, flags);
        fputs("\n", file);
    }
    output_end_line(file);
}

/* Quotes only what needs it, so that plain cells stay plain. */
void output_csv_cell(FILE *file, const char *text)
{
    if (strpbrk(text, "\", \t\r\n") != NULL)
        csv_fwrite(file, text, strlen(text));
    else
        fputs(text, file);
}

void output_end_line(FILE *file)
{
    if (__fpending(file) >= PIPE_BUF / 2)
        (void)fflush(file); /* a failure stays for output_flush */
}

/* Of a pipe. Why a write failed that was more than the buffer has room for is not known any more. */
static bool is_read_by_nobody(FILE *file)
{
    struct pollfd end = {.fd = fileno(file)};
    return poll(&end, 1, 0) > 0 && (end.revents & POLLERR) != 0;
}

bool output_flush(FILE *file, const char *name)
{
    /* What a failed write left in the buffer fails again here, so that errno says why. */
    errno = 0;
    if (fflush(file) == 0 && !ferror(file))
        return !by.failed;
    if (errno == EPIPE || is_read_by_nobody(file)) {
        pager_close();
        signal(SIGPIPE, SIG_DFL);
        raise(SIGPIPE);
    }
    report("cannot write %s: %s", name, strerror(errno != 0 ? errno : EIO));
    return false;
}

enum exit_code output_end(enum exit_code code)
{
    return output_flush(stdout, "standard output") || code != EXIT_OK ? code : EXIT_OTHER;
}
