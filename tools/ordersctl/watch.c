/* watch.c: each drawing is made in memory first, so that the terminal gets it in one piece and its cursor can
 * go back as many lines as there were. */
#include "watch.h"

#include "printable.h"
#include "report.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KEY_WATCH = 0x600, DEFAULT_MS = 2000, LEAST_MS = 100, MOST_S = 24 * 60 * 60 };

#define CURSOR_HIDE "\033[?25l"
#define CURSOR_SHOW "\033[?25h"
#define WRAP_OFF    "\033[?7l" /* a line that is too long stays one line */
#define WRAP_ON     "\033[?7h"
#define CLEAR_LINE  "\033[K"
#define CLEAR_BELOW "\033[J"

static const struct argp_option options[] = {
    {"watch", KEY_WATCH, "SECONDS", OPTION_ARG_OPTIONAL,
     "Show it again every SECONDS (default 2) until Ctrl-C"},
    {0},
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct watch *watch = state->input;
    if (key != KEY_WATCH)
        return ARGP_ERR_UNKNOWN;
    watch->interval_ms = DEFAULT_MS;
    if (argument == NULL)
        return 0;
    char *end;
    const double seconds = strtod(argument, &end);
    if (end == argument || *end != '\0' || !(seconds * 1000 >= LEAST_MS && seconds <= MOST_S))
        argp_error(state, "--watch: \"%s\" is not a number of seconds from 0.1 to %d", argument, MOST_S);
    watch->interval_ms = (int)lround(seconds * 1000);
    return 0;
}

const struct argp watch_argp = {.options = options, .parser = parse};

/* A watching under way. */
struct watching {
    struct session *session;
    watch_draw *draw;
    void *arg;
    bool in_place;
    char *drawing; /* owned; the last one that went well; NULL: there was none */
    size_t lines;  /* on the screen, above the cursor */
};

/* Clears the line before it writes it: behind the last column a terminal's cursor still stands on that, and
 * clearing from there would take its character. */
static void write_line(struct watching *watching, const char *text, size_t length)
{
    const size_t columns = screen_columns(STDOUT_FILENO);
    const struct printable_part part = printable_part(text, length, columns);
    fputs(CLEAR_LINE, stdout);
    fwrite(text, 1, part.length, stdout);
    if (part.length < length) /* of a line that is wider it says so, and ends the colour that was cut */
        printf("%s%s", watching->session->screen.utf8 ? "…" : ">",
               watching->session->screen.colored ? STYLE_END : "");
    fputs("\n", stdout);
    watching->lines++;
}

/* Writes the lines of the drawing that the terminal has room for, over those that are there, and below them
 * why there is no newer one, or what is missing. */
static void overwrite(struct watching *watching)
{
    const char *text = watching->drawing, *failure = watching->session->passing;
    struct arena arena;
    assert(text != NULL); /* a first failure is no passing one */
    const size_t room = screen_rows(STDOUT_FILENO) - 1 - (*failure != '\0');
    if (watching->lines > 0)
        printf("\033[%zuA", watching->lines);
    fputs("\r", stdout);
    watching->lines = 0;
    while (*text != '\0' && watching->lines < room) {
        const size_t length = strcspn(text, "\n");
        write_line(watching, text, length);
        text += length + (text[length] == '\n');
    }
    arena_init(&arena);
    if (*failure != '\0')
        write_line(watching, printable(&arena, failure), strlen(printable(&arena, failure)));
    arena_free(&arena);
    fputs(CLEAR_BELOW, stdout);
}

/* Below the one before, if there is a newer one; a failure is told on stderr, where it does not stand among
 * what is drawn. */
static void write_below(const struct watching *watching, bool first, bool drawn)
{
    if (*watching->session->passing != '\0')
        report("%s", watching->session->passing);
    if (!drawn)
        return;
    if (!first && watching->session->output == OUTPUT_TABLE)
        puts("");
    fputs(watching->drawing, stdout);
}

static enum exit_code draw_to(struct watching *watching, FILE *file)
{
    const enum exit_code code = watching->draw(watching->session, file, watching->arg);
    return code == EXIT_OK && !output_flush(file, "standard output") ? EXIT_OTHER : code;
}

/* Draws in memory, then on the screen. What may pass is no failure once something was drawn. */
static enum exit_code draw_again(struct watching *watching)
{
    struct session *session = watching->session;
    const bool first = watching->drawing == NULL;
    char *text = NULL;
    size_t length;
    FILE *memory = open_memstream(&text, &length);
    if (memory == NULL)
        return EXIT_OTHER;
    session->lasts = !first;
    session->passing[0] = '\0';
    enum exit_code code = draw_to(watching, memory);
    if (fclose(memory) != 0)
        code = code == EXIT_OK ? EXIT_OTHER : code;
    if (code == EXIT_OK) {
        free(watching->drawing);
        watching->drawing = text;
    } else {
        free(text);
        if (*session->passing == '\0')
            return code;
    }
    if (watching->in_place)
        overwrite(watching);
    else
        write_below(watching, first, code == EXIT_OK);
    return output_flush(stdout, "standard output") ? EXIT_OK : EXIT_OTHER;
}

static enum exit_code draw_until_interrupt(struct watching *watching, int interval_ms)
{
    struct interrupt *interrupt = watching->session->interrupt;
    enum exit_code code;
    do
        code = draw_again(watching);
    while (code == EXIT_OK && interrupt_pause(interrupt, interval_ms));
    return interrupt->signal_number != 0 ? EXIT_OK : code;
}

/* The cursor is hidden while drawings go over one another. */
static void take_screen(struct watching *watching)
{
    fputs(CURSOR_HIDE WRAP_OFF, stdout);
    watching->lines = 0;
}

/* Clears the ^C that the terminal showed, too. */
static void give_screen_back(void)
{
    fputs("\r" CLEAR_LINE WRAP_ON CURSOR_SHOW, stdout);
    fflush(stdout);
}

/* Meanwhile the shell has written below: what is drawn next goes below that. */
static void on_stop(bool stops, void *arg)
{
    if (stops)
        give_screen_back();
    else
        take_screen(arg);
}

enum exit_code watch_run(struct session *session, const struct watch *watch, watch_draw *draw, void *arg)
{
    struct watching watching = {
        .session = session,
        .draw = draw,
        .arg = arg,
        .in_place = session->screen.is_terminal && session->output == OUTPUT_TABLE,
    };
    struct interrupt interrupt;
    if (watch->interval_ms == 0)
        return draw_to(&watching, stdout);
    if (!interrupt_open(&interrupt, watching.in_place ? on_stop : NULL, &watching)) {
        report("cannot wait for signals: %s", strerror(errno));
        return EXIT_OTHER;
    }
    session->interrupt = &interrupt;
    if (watching.in_place)
        take_screen(&watching);
    const enum exit_code code = draw_until_interrupt(&watching, watch->interval_ms);
    if (watching.in_place)
        give_screen_back();
    session->interrupt = NULL;
    session->lasts = false;
    interrupt_close(&interrupt);
    free(watching.drawing);
    return code;
}
