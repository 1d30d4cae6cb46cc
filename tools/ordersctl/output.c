/* output.c: SIGPIPE is ignored while the program runs, as its sockets might raise it too, and obeyed here. */
#include "output.h"

#include "json_text.h"
#include "report.h"

#include <csv.h>
#include <errno.h>
#include <signal.h>
#include <string.h>

static const char *const names[OUTPUT_FORMATS] = {
    [OUTPUT_TABLE] = "table", [OUTPUT_JSON] = "json", [OUTPUT_NDJSON] = "ndjson", [OUTPUT_CSV] = "csv"};

enum output_format output_format_find(const char *name)
{
    unsigned format = 0;
    while (format < OUTPUT_FORMATS && strcmp(names[format], name) != 0)
        format++;
    return (enum output_format)format;
}

void output_json(FILE *file, enum output_format format, json_t *json)
{
    json_text_write(file, json,
                    JSON_REAL_PRECISION(15) | (format == OUTPUT_NDJSON ? JSON_COMPACT : JSON_INDENT(2)));
    fputs("\n", file);
}

/* Quotes only what needs it, so that plain cells stay plain. */
void output_csv_cell(FILE *file, const char *text)
{
    if (strpbrk(text, "\", \t\r\n") != NULL)
        csv_fwrite(file, text, strlen(text));
    else
        fputs(text, file);
}

bool output_flush(FILE *file, const char *name)
{
    /* What a failed write left in the buffer fails again here, so that errno says why. */
    errno = 0;
    if (fflush(file) == 0 && !ferror(file))
        return true;
    if (errno == EPIPE) {
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
