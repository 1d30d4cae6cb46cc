/* log.c: lines are formatted on the caller's stack, gathered in one buffer under a lock and written by a
 * thread that swaps that buffer for an empty one. */
#include "base/log.h"

#include "base/time.h"
#include "base/utf8.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    LINE_MAX_BYTES = 4096,
    VALUE_MAX_BYTES = 1000, /* a longer one is cut, so that it leaves room for what comes behind it */
    BUFFER_BYTES = 64 * 1024,
    FLUSH_MS = 1000,
};

struct buffer {
    size_t length;
    char bytes[BUFFER_BYTES];
};

struct log {
    int fd;
    enum log_level level;
    pthread_t writer;
    pthread_mutex_t lock;    /* guards all below */
    pthread_cond_t filled;   /* the writer has work, or is to end */
    pthread_cond_t written;  /* the writer has written out what it took */
    struct buffer *filling;  /* owned; callers append here */
    struct buffer *emptying; /* owned; the writer's alone while `busy` */
    bool busy;
    bool closing;
    uint64_t dropped; /* lines since the last one that said so */
};

static const char *const level_names[LOG_LEVELS] = {"debug", "info", "warn", "error"};

const char *log_level_name(enum log_level level)
{
    return level_names[level];
}

static void write_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t n = write(fd, bytes, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return; /* nobody reads the log; there is nowhere to say so */
        bytes += n;
        length -= (size_t)n;
    }
}

static void *write_out(void *arg)
{
    struct log *log = arg;
    pthread_mutex_lock(&log->lock);
    for (;;) {
        while (log->filling->length == 0 && !log->closing)
            pthread_cond_wait(&log->filled, &log->lock);
        if (log->filling->length == 0)
            break;
        struct buffer *full = log->filling;
        log->filling = log->emptying;
        log->emptying = full;
        log->busy = true;
        pthread_mutex_unlock(&log->lock);
        write_all(log->fd, full->bytes, full->length);
        full->length = 0;
        pthread_mutex_lock(&log->lock);
        log->busy = false;
        pthread_cond_broadcast(&log->written);
    }
    pthread_mutex_unlock(&log->lock);
    return NULL;
}

struct log *log_open(int fd, enum log_level level)
{
    struct log *log = calloc(1, sizeof *log);
    if (log == NULL)
        return NULL;
    log->fd = fd;
    log->level = level;
    log->filling = calloc(1, sizeof *log->filling);
    log->emptying = calloc(1, sizeof *log->emptying);
    pthread_mutex_init(&log->lock, NULL);
    pthread_cond_init(&log->filled, NULL);
    time_cond_init(&log->written);
    int error = log->filling == NULL || log->emptying == NULL ? ENOMEM : 0;
    if (error == 0)
        error = pthread_create(&log->writer, NULL, write_out, log);
    if (error != 0) {
        free(log->filling);
        free(log->emptying);
        free(log);
        errno = error;
        return NULL;
    }
    return log;
}

bool log_flush(struct log *log)
{
    if (log == NULL)
        return true;
    const uint64_t limit_ns = time_monotonic_ns() + (uint64_t)FLUSH_MS * NS_PER_MS;
    bool in_time = true;
    pthread_mutex_lock(&log->lock);
    while ((log->filling->length > 0 || log->busy) && in_time)
        in_time = time_wait_until(&log->written, &log->lock, limit_ns);
    pthread_mutex_unlock(&log->lock);
    return in_time;
}

void log_close(struct log *log)
{
    if (log == NULL)
        return;
    const bool flushed = log_flush(log);
    pthread_mutex_lock(&log->lock);
    log->closing = true;
    pthread_cond_signal(&log->filled);
    pthread_mutex_unlock(&log->lock);
    if (!flushed) {
        pthread_detach(log->writer);
        return;
    }
    pthread_join(log->writer, NULL);
    pthread_cond_destroy(&log->filled);
    pthread_cond_destroy(&log->written);
    pthread_mutex_destroy(&log->lock);
    free(log->filling);
    free(log->emptying);
    free(log);
}

bool log_enabled(const struct log *log, enum log_level level)
{
    return log != NULL && level >= log->level;
}

/* A line being made. Appending stops short of room for what must close it. */
struct line {
    size_t length;
    char bytes[LINE_MAX_BYTES];
};

enum { CLOSING_BYTES = 4 }; /* quote, brace, newline and a spare */

static void line_append(struct line *line, const char *bytes, size_t length)
{
    if (length <= LINE_MAX_BYTES - CLOSING_BYTES - line->length) {
        memcpy(line->bytes + line->length, bytes, length);
        line->length += length;
    }
}

/* The length of what stands in a JSON string, and on a terminal, as it is. */
static size_t plain_length(const char *string)
{
    size_t n = 0;
    while (string[n] >= ' ' && string[n] <= '~' && string[n] != '"' && string[n] != '\\')
        n++;
    return n;
}

/* Writes a character as it is fit for a terminal; a byte that is no UTF-8 as U+FFFD. *taken: how many bytes
 * it has. Returns the length of what was written. */
static size_t write_character(const char *string, char out[static UTF8_ESCAPE], size_t *taken)
{
    enum { REPLACEMENT = 0xfffd, LONGEST = 4 };
    uint32_t c = REPLACEMENT;
    *taken = utf8_decode(string, strnlen(string, LONGEST), &c);
    if (*taken == 0 || *taken == 1 || utf8_is_harmful(c)) {
        *taken += *taken == 0;
        return utf8_escape(c, out);
    }
    memcpy(out, string, *taken);
    return *taken;
}

/* Appends a JSON string; what does not fit is cut. It may hold what a caller without a key sent. */
static void append_string(struct line *line, const char *string)
{
    const size_t most = line->length + VALUE_MAX_BYTES, whole = LINE_MAX_BYTES - CLOSING_BYTES;
    const size_t end = most < whole ? most : whole;
    line_append(line, "\"", 1);
    for (;;) {
        const size_t plain = plain_length(string), room = line->length < end ? end - line->length : 0;
        line_append(line, string, plain <= room ? plain : room);
        string += plain;
        if (*string == '\0' || plain > room)
            break;
        char character[UTF8_ESCAPE];
        size_t taken;
        const size_t n = write_character(string, character, &taken);
        if (line->length + n > end)
            break;
        line_append(line, character, n);
        string += taken;
    }
    line->bytes[line->length++] = '"'; /* there is always room for this one */
}

static void append_field(struct line *line, const struct log_field *field)
{
    char number[32];
    if (field->name == NULL)
        return;
    size_t room_for_name = strlen(field->name) + 40;
    if (line->length + room_for_name > LINE_MAX_BYTES - CLOSING_BYTES)
        return;
    line_append(line, ",\"", 2);
    line_append(line, field->name, strlen(field->name));
    line_append(line, "\":", 2);
    if (field->string != NULL) {
        append_string(line, field->string);
    } else {
        int n = snprintf(number, sizeof number, "%lld", (long long)field->number);
        line_append(line, number, (size_t)n);
    }
}

static void format_line(struct line *line, enum log_level level, const char *message, size_t n,
                        const struct log_field fields[])
{
    char time[TIMESTAMP_TEXT];
    timestamp_format(time_now(), time);
    int head = snprintf(line->bytes, sizeof line->bytes,
                        "{\"time\":\"%s\",\"level\":\"%s\",\"message\":", time, level_names[level]);
    line->length = (size_t)head;
    append_string(line, message);
    for (size_t i = 1; i < n; i++)
        append_field(line, &fields[i]);
    line->bytes[line->length++] = '}';
    line->bytes[line->length++] = '\n';
}

/* With the lock held. */
static void add_line(struct log *log, const struct line *line)
{
    struct buffer *buffer = log->filling;
    if (line->length > BUFFER_BYTES - buffer->length) {
        log->dropped++;
        return;
    }
    if (buffer->length == 0)
        pthread_cond_signal(&log->filled);
    memcpy(buffer->bytes + buffer->length, line->bytes, line->length);
    buffer->length += line->length;
}

void log_write(struct log *log, enum log_level level, const char *message, size_t n,
               const struct log_field fields[])
{
    if (!log_enabled(log, level))
        return;
    struct line line;
    format_line(&line, level, message, n, fields);

    pthread_mutex_lock(&log->lock);
    if (log->dropped > 0 && log->filling->length == 0) {
        struct line note;
        const struct log_field lines[] = {{0}, LOG_INT("lines", log->dropped)};
        format_line(&note, LOG_LEVEL_WARN, "log lines dropped", 2, lines);
        add_line(log, &note);
        log->dropped = 0;
    }
    add_line(log, &line);
    pthread_mutex_unlock(&log->lock);
}
