/* log.h: log lines, one JSON object each.
 *
 *     {"time":"2025-01-16T14:20:00.123456Z","level":"info","message":"listening","url":"tcp://127.0.0.1:6600"}
 *
 * Any thread may write. A line is put into a buffer and written out by the log's own thread, so that a caller
 * never waits for a disk, a terminal or the reader of a pipe; when the buffer is full lines are dropped and
 * the number of them is logged.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR, LOG_LEVELS };

struct log;

/* One member of the line's object. */
struct log_field {
    const char *name;   /* a plain word: it is not escaped; NULL: the field is left out */
    const char *string; /* any bytes; NULL for a number */
    int64_t number;
};

/* "info" */
const char *log_level_name(enum log_level level);

/* Starts a log that writes to a file descriptor, which stays the caller's. NULL: errno says why. */
struct log *log_open(int fd, enum log_level level);

/* Waits until what was written so far is out, for at most a second. False: not all is. NULL does nothing. */
bool log_flush(struct log *log);

/* Flushes and ends the log. What nobody takes within that second is left where it is, with the log's thread
 * and memory, to the end of the process. NULL does nothing. */
void log_close(struct log *log);

/* Whether a line of this level would be written: to spare the work of making one. */
bool log_enabled(const struct log *log, enum log_level level);

/* Writes a line; use log_line. Of the n fields the first is not written: it is there so that log_line can be
 * given none. A NULL log writes nothing. */
void log_write(struct log *log, enum log_level level, const char *message, size_t n,
               const struct log_field fields[]);

/* A field. The value is evaluated twice. */
#define LOG_STR(key, value) ((struct log_field){.name = (key), .string = (value) != NULL ? (value) : ""})
#define LOG_INT(key, value) ((struct log_field){.name = (key), .number = (int64_t)(value)})

/* A field only where there is something to say: a string that is empty is left out. Evaluated twice. */
#define LOG_OPT(key, value) ((struct log_field){.name = *(value) != '\0' ? (key) : NULL, .string = (value)})

/* log_line(log, LOG_LEVEL_INFO, "listening", LOG_STR("url", url), LOG_INT("port", port)) */
#define log_line(log, level, message, ...)                                                 \
    log_write((log), (level), (message),                                                   \
              sizeof((struct log_field[]){{0}, ##__VA_ARGS__}) / sizeof(struct log_field), \
              (struct log_field[]){{0}, ##__VA_ARGS__})

#endif
