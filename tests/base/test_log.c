/* test_log.c: every line is one JSON object, whatever is put into it. */
#include "base/log.h"
#include "base/process.h"
#include "base/utf8.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Runs `fill` on a log at a level and returns what was written. */
static char *written(enum log_level level, void (*fill)(struct log *log))
{
    FILE *file = tmpfile();
    struct log *log = log_open(fileno(file), level);
    cr_assert_not_null(log);
    fill(log);
    log_close(log);
    long size = lseek(fileno(file), 0, SEEK_END);
    char *text = calloc(1, (size_t)size + 1);
    cr_assert_eq(pread(fileno(file), text, (size_t)size, 0), size);
    fclose(file);
    return text;
}

static void fill_escapes(struct log *log)
{
    log_line(log, LOG_LEVEL_INFO, "he said \"no\"\n", LOG_STR("path", "a\\b\x01"), LOG_INT("n", -5),
             LOG_STR("nothing", NULL), LOG_STR("word", "þæö"));
}

Test(log, escapes)
{
    char *text = written(LOG_LEVEL_INFO, fill_escapes);
    cr_assert_not_null(strstr(text,
                              "\"level\":\"info\",\"message\":\"he said \\u0022no\\u0022\\u000a\","
                              "\"path\":\"a\\u005cb\\u0001\",\"n\":-5,\"nothing\":\"\",\"word\":\"þæö\"}\n"),
                       "%s", text);
    free(text);
}

static void fill_harmful(struct log *log)
{
    log_line(log, LOG_LEVEL_INFO, "call",
             LOG_STR("method", "x/\u202e"
                               "evil\xc2\x9b"
                               "31mRED\u2028\u200b\U000e0001!"),
             LOG_STR("bytes", "a\xff\xe2\x82"), LOG_STR("plain", "注 \U0001f600"));
}

/* A terminal that shows the log stays as it was; what is no UTF-8 makes no line that is no JSON. */
Test(log, escapes_what_steers_a_terminal_or_is_not_seen)
{
    char *text = written(LOG_LEVEL_INFO, fill_harmful);
    cr_assert_not_null(strstr(text, "\"method\":\"x/\\u202eevil\\u009b31mRED\\u2028\\u200b\\udb40\\udc01!\","
                                    "\"bytes\":\"a\\ufffd\\ufffd\\ufffd\",\"plain\":\"注 \U0001f600\"}\n"),
                       "%s", text);
    free(text);
}

static void fill_optional(struct log *log)
{
    log_line(log, LOG_LEVEL_INFO, "m", LOG_OPT("absent", ""), LOG_OPT("there", "x"), LOG_INT("n", 0));
}

Test(log, leaves_out_what_has_nothing_to_say)
{
    char *text = written(LOG_LEVEL_INFO, fill_optional);
    cr_assert_not_null(strstr(text, "\"message\":\"m\",\"there\":\"x\",\"n\":0}\n"), "%s", text);
    free(text);
}

static void fill_levels(struct log *log)
{
    log_line(log, LOG_LEVEL_DEBUG, "d");
    log_line(log, LOG_LEVEL_INFO, "i");
    log_line(log, LOG_LEVEL_WARN, "w");
    log_line(log, LOG_LEVEL_ERROR, "e");
}

Test(log, leaves_out_lower_levels)
{
    char *text = written(LOG_LEVEL_WARN, fill_levels);
    cr_assert_null(strstr(text, "\"i\""));
    cr_assert_not_null(strstr(text, "\"w\""));
    cr_assert_not_null(strstr(text, "\"e\""));
    free(text);
}

static void fill_long(struct log *log)
{
    char long_value[10000];
    memset(long_value, 'x', sizeof long_value - 1);
    long_value[sizeof long_value - 1] = '\0';
    log_line(log, LOG_LEVEL_INFO, long_value, LOG_STR("a", long_value), LOG_INT("b", 1));
}

/* What is behind a long value is there: who called, say. */
Test(log, cuts_what_is_too_long_and_has_all_the_rest)
{
    char *text = written(LOG_LEVEL_INFO, fill_long);
    size_t length = strlen(text);
    cr_assert_lt(length, 2200);
    cr_assert_not_null(strstr(text, ",\"a\":\"xxx"), "%s", text);
    cr_assert_str_eq(text + length - strlen("x\",\"b\":1}\n"), "x\",\"b\":1}\n");
    free(text);
}

static void fill_long_utf8(struct log *log)
{
    char accents[2001] = {0}, marks[2001];
    for (size_t i = 0; i < 1000; i++)
        memcpy(accents + 2 * i, "ö", 2);
    memset(marks, '"', sizeof marks - 1);
    marks[sizeof marks - 1] = '\0';
    log_line(log, LOG_LEVEL_INFO, "", LOG_STR("a", accents), LOG_STR("b", accents + 2), LOG_STR("c", marks),
             LOG_STR("d", "end"));
}

Test(log, cuts_between_characters)
{
    char *text = written(LOG_LEVEL_INFO, fill_long_utf8);
    cr_assert(utf8_valid(text, strlen(text)));
    cr_assert_not_null(strstr(text, "\\u0022\",\"d\":\"end\"}"), "%s", text);
    free(text);
}

/* A file that may grow no further is a log that is lost, and no more. */
Test(log, a_full_file_ends_no_process)
{
    char path[] = "/tmp/test-log-XXXXXX";
    const struct rlimit least = {.rlim_cur = 100, .rlim_max = 100};
    process_prepare();
    const int fd = mkstemp(path);
    unlink(path);
    struct log *log = log_open(fd, LOG_LEVEL_INFO);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &least), 0);
    fill_long(log);
    cr_assert(log_flush(log));
    log_close(log);
    close(fd);
}

static void *write_lines(void *log)
{
    for (int i = 0; i < 200; i++)
        log_line(log, LOG_LEVEL_INFO, "line", LOG_INT("i", i));
    return NULL;
}

static void fill_from_threads(struct log *log)
{
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, write_lines, log);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
}

Test(log, lines_from_many_threads_stay_whole)
{
    char *text = written(LOG_LEVEL_INFO, fill_from_threads), *rest;
    size_t lines = 0, dropped = 0;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        cr_assert_eq(strncmp(line, "{\"time\":\"", 9), 0);
        cr_assert_eq(line[strlen(line) - 1], '}');
        const char *said = strstr(line, "\"lines\":");
        if (said != NULL)
            dropped += (size_t)atoi(said + strlen("\"lines\":"));
        else
            lines++;
    }
    cr_assert_leq(lines + dropped, 800);
    cr_assert_gt(lines, 0);
    free(text);
}

/* Writes into a pipe until it takes no more, and leaves it as it was: who writes into it now waits. */
static void fill_pipe(int end)
{
    static const char bytes[PIPE_BUF];
    const int flags = fcntl(end, F_GETFL);
    cr_assert_eq(fcntl(end, F_SETFL, flags | O_NONBLOCK), 0);
    while (write(end, bytes, sizeof bytes) > 0)
        ;
    cr_assert_eq(errno, EAGAIN);
    cr_assert_eq(fcntl(end, F_SETFL, flags), 0);
}

/* A pipe that is full: whoever writes a line goes on, and the log can be closed. */
Test(log, nobody_waits_for_a_reader_that_does_not_read, .timeout = 60)
{
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    fill_pipe(ends[1]);
    struct log *log = log_open(ends[1], LOG_LEVEL_INFO);
    for (int i = 0; i < 10000; i++)
        log_line(log, LOG_LEVEL_ERROR, "nobody reads this", LOG_INT("i", i));
    cr_assert_not(log_flush(log));
    log_close(log);
}
