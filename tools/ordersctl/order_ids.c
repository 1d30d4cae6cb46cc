/* order_ids.c: the first line says what kind of file it is; rows are read as an import reads them. */
#include "order_ids.h"

#include "base/arena.h"
#include "order_writer.h"
#include "orders/v1/orders.pb-c.h"
#include "printable.h"
#include "report.h"
#include "row_reader.h"
#include "text_decoder.h"
#include "json/member_name.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CHUNK_BYTES = 64 * 1024, LINE_BYTES = 64 * 1024 };

struct reading {
    const char *name; /* of the file, for people */
    order_ids_take_fn *take;
    void *arg;
    struct row_subject subject;
    struct row_reader *reader; /* of CSV and JSON; NULL before the first line was seen, and of plain lines */
    bool plain;                /* an id a line */
    char line[LINE_BYTES];     /* what came of the one being read */
    size_t length;
    size_t number; /* of the line, from 1 */
    bool failed;   /* and reported, or no more is wanted */
};

static void fail(struct reading *reading, size_t line, const char *why)
{
    if (!reading->failed)
        report("%s: line %zu: %s", reading->name, line, why);
    reading->failed = true;
}

static void give(struct reading *reading, const char *order_id, size_t line)
{
    reading->failed = reading->failed || !reading->take(order_id, line, reading->arg);
}

/* --- rows --- */

static void take_row(const struct row *row, void *arg)
{
    struct reading *reading = arg;
    const json_t *id = json_object_get(row->json, "order_id"), *camel = json_object_get(row->json, "orderId");
    const bool is_twice = id != NULL && camel != NULL;
    id = id != NULL ? id : camel;
    if (row->json == NULL)
        fail(reading, row->line, row->error);
    else if (is_twice)
        fail(reading, row->line, "order_id is given twice, also as orderId");
    else if (json_string_length(id) == 0)
        fail(reading, row->line, "there is no order_id");
    else
        give(reading, json_string_value(id), row->line);
}

/* Whether a first line is the header of CSV, or begins JSON. *why, unless it stays NULL, says why it is
 * neither that nor an id: orders that were written without their ids must not pass for ids. */
static bool begins_rows(const struct reading *reading, const char *line, size_t length, const char **why)
{
    struct csv_table *table = csv_table_new(&reading->subject);
    if (table == NULL)
        return false;
    bool begins =
        (length > 0 && (*line == '{' || *line == '[')) || csv_table_read_separator(table, line, length);
    if (!begins && csv_table_read_header(table, line, length) == NULL) {
        begins = csv_table_has_column(table, member_name_find(reading->subject.type, "order_id"));
        if (!begins)
            *why = "its columns are those of orders, but there is no order_id";
    }
    if (!begins && order_writer_are_titles(line, length))
        *why = "it is a table for people; write the orders with --output csv or name";
    csv_table_free(table);
    return begins;
}

/* --- plain lines --- */

static const char blanks[] = " \t\r\n";
static const char mark[] =
    "\xef\xbb\xbf"; /* of UTF-8's byte order, also of a file that was put behind another */

/* An id alone needs no line break; the last of several might have been cut off. */
static void take_line(struct reading *reading, bool has_break)
{
    char *from = reading->line, *to = reading->line + reading->length;
    if (reading->length >= strlen(mark) && memcmp(from, mark, strlen(mark)) == 0)
        from += strlen(mark);
    while (from < to && strchr(blanks, *from) != NULL)
        from++;
    while (to > from && strchr(blanks, to[-1]) != NULL)
        to--;
    *to = '\0';
    if (memchr(from, '\0', (size_t)(to - from)) != NULL)
        fail(reading, reading->number, "there is a NUL in it");
    else if (to > from && !has_break && reading->number > 1)
        fail(reading, reading->number, ROW_CUT);
    else if (to > from)
        give(reading, from, reading->number);
    reading->length = 0;
    reading->number++;
}

static bool take_lines(struct reading *reading, const char *text, size_t length)
{
    for (size_t i = 0; i < length && !reading->failed; i++) {
        if (text[i] == '\n')
            take_line(reading, true);
        else if (reading->length < LINE_BYTES - 1)
            reading->line[reading->length++] = text[i];
        else
            fail(reading, reading->number, "too long for an id");
    }
    return !reading->failed;
}

/* --- either --- */

/* What came in before its kind was known. */
static bool start(struct reading *reading, bool is_rows)
{
    char before[LINE_BYTES];
    const size_t length = reading->length;
    memcpy(before, reading->line, length);
    reading->length = 0;
    reading->plain = !is_rows;
    if (reading->plain)
        return take_lines(reading, before, length);
    reading->reader = row_reader_new(ROWS_BY_CONTENT, &reading->subject, take_row, reading);
    if (reading->reader == NULL) {
        fail(reading, 1, "out of memory");
        return false;
    }
    return row_reader_feed(reading->reader, before, length);
}

/* Gathers text up to the end of the first line. */
static bool take_first(struct reading *reading, const char *text, size_t length, bool is_all)
{
    const size_t room = LINE_BYTES - 1 - reading->length, taken = length < room ? length : room;
    memcpy(reading->line + reading->length, text, taken);
    reading->length += taken;
    if (reading->length >= strlen(mark) && memcmp(reading->line, mark, strlen(mark)) == 0) {
        reading->length -= strlen(mark);
        memmove(reading->line, reading->line + strlen(mark), reading->length);
    }
    const char *end = memchr(reading->line, '\n', reading->length);
    if (end == NULL && !is_all && taken == length)
        return true;
    size_t first = end != NULL ? (size_t)(end - reading->line) : reading->length;
    first -= first > 0 && reading->line[first - 1] == '\r';
    const char *why = NULL;
    const bool is_rows = begins_rows(reading, reading->line, first, &why);
    if (why != NULL)
        fail(reading, 1, why);
    if (why != NULL || !start(reading, is_rows))
        return false;
    text += taken;
    length -= taken;
    return reading->plain ? take_lines(reading, text, length)
                          : length == 0 || row_reader_feed(reading->reader, text, length);
}

static bool take_text(const char *text, size_t length, void *arg)
{
    struct reading *reading = arg;
    if (reading->reader != NULL)
        return row_reader_feed(reading->reader, text, length);
    return reading->plain ? take_lines(reading, text, length) : take_first(reading, text, length, false);
}

static void finish(struct reading *reading)
{
    if (!reading->failed && reading->reader == NULL && !reading->plain)
        take_first(reading, "", 0, true);
    if (!reading->failed && reading->plain && reading->length > 0)
        take_line(reading, false);
    if (!reading->failed && reading->reader != NULL && !row_reader_finish(reading->reader))
        reading->failed = true;
}

static bool read_through(struct reading *reading, int fd)
{
    char chunk[CHUNK_BYTES];
    ssize_t n;
    struct text_decoder *decoder = text_decoder_new(take_text, reading);
    bool decoded = decoder != NULL;
    while (decoded && (n = read(fd, chunk, sizeof chunk)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            report("cannot read %s: %s", reading->name, strerror(errno));
            reading->failed = true;
        }
        decoded = n > 0 && text_decoder_feed(decoder, chunk, (size_t)n);
    }
    decoded = decoded && text_decoder_finish(decoder);
    const char *error = decoder != NULL ? text_decoder_error(decoder) : "out of memory";
    if (error != NULL)
        fail(reading, reading->number, error);
    text_decoder_free(decoder);
    if (decoded)
        finish(reading);
    return decoded && !reading->failed;
}

bool order_ids_read(const char *path, order_ids_take_fn *take, void *arg)
{
    const bool is_stdin = strcmp(path, "-") == 0;
    const int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        report("cannot read %s: %s", path, strerror(errno));
        return false;
    }
    struct reading *reading = calloc(1, sizeof *reading);
    if (reading == NULL)
        abort();
    *reading =
        (struct reading){.name = is_stdin ? "standard input" : path,
                         .take = take,
                         .arg = arg,
                         .subject = {.type = &orders__v1__order__descriptor, .unknown = JSON_UNKNOWN_IGNORED},
                         .number = 1};
    const bool read = read_through(reading, fd);
    row_reader_free(reading->reader);
    free(reading);
    if (!is_stdin)
        close(fd);
    return read;
}
