/* rejects.c: rows are appended one by one, and on the disk before a journal says that they are done with. */
#include "rejects.h"

#include "base/arena.h"
#include "printable.h"
#include "report.h"

#include <csv.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool refuse_file(const char *path, int fd, const char *why)
{
    report("--rejects: %s: %s", path, why);
    if (fd >= 0)
        close(fd);
    return false;
}

static bool report_unwritten(const struct rejects *rejects)
{
    report("cannot write %s: %s", rejects->path, strerror(errno != 0 ? errno : EIO));
    return false;
}

/* A pipe or a device is written as it is. */
bool rejects_open(struct rejects *rejects, const char *path, bool go_on, const struct stat *imported)
{
    struct stat about;
    const bool is_file = stat(path, &about) != 0 || S_ISREG(about.st_mode);
    const int how = (is_file ? O_RDWR : O_WRONLY) | O_APPEND | O_CLOEXEC | O_NOCTTY | (is_file ? O_CREAT : 0);
    *rejects = (struct rejects){.path = path};
    const int fd = open(path, how | (is_file && !go_on ? O_EXCL : 0), 0600);
    if (fd < 0 && errno == EEXIST)
        return refuse_file(path, fd, "it is there already; move it away, or name another one");
    if (fd < 0 || fstat(fd, &about) != 0)
        return refuse_file(path, fd, strerror(errno));
    if (about.st_dev == imported->st_dev && about.st_ino == imported->st_ino)
        return refuse_file(path, fd, "it is the file to import");
    rejects->begun = is_file && about.st_size > 0;
    rejects->checked = !rejects->begun;
    rejects->is_file = is_file;
    rejects->file = fdopen(fd, "a");
    return rejects->file != NULL || refuse_file(path, fd, strerror(errno));
}

/* --- CSV --- */

/* A quote that is not closed would take the rows behind it for its cell. */
static bool is_closed(const struct reject *reject)
{
    size_t quotes = 0;
    for (size_t i = 0; i < reject->length; i++)
        quotes += reject->text[i] == '"';
    return quotes % 2 == 0;
}

static void begin_csv(FILE *file, const struct row_reader *reader)
{
    size_t length;
    char delimiter;
    const char *header = row_reader_header(reader, &length, &delimiter);
    if (delimiter != ',')
        fprintf(file, "sep=%c\n", delimiter);
    fprintf(file, REJECT_REASON "%c", delimiter);
    fwrite(header, 1, length, file);
    fputc('\n', file);
}

static void add_csv(struct rejects *rejects, const struct row_reader *reader, const struct reject *reject,
                    const char *why)
{
    size_t length;
    char delimiter;
    if (row_reader_header(reader, &length, &delimiter) == NULL)
        return; /* the header itself was refused */
    if (!rejects->begun)
        begin_csv(rejects->file, reader);
    csv_fwrite(rejects->file, why, strlen(why));
    fputc(delimiter, rejects->file);
    if (reject->text != NULL && is_closed(reject))
        fwrite(reject->text, 1, reject->length, rejects->file);
    else if (reject->text != NULL)
        csv_fwrite(rejects->file, reject->text, reject->length);
    fputc('\n', rejects->file);
    rejects->begun = true;
}

/* --- NDJSON --- */

static void add_json(struct rejects *rejects, const struct reject *reject, const char *why)
{
    struct arena arena;
    json_t *row = reject->text != NULL ? json_loadb(reject->text, reject->length,
                                                    JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL)
                                       : NULL;
    arena_init(&arena);
    if (!json_is_object(row)) {
        json_decref(row);
        row = json_object();
        if (reject->text != NULL)
            json_object_set_new(
                row, "reject_text",
                json_string(printable(&arena, arena_copy(&arena, reject->text, reject->length))));
    }
    json_object_set_new(row, REJECT_REASON, json_string(why));
    json_dumpf(row, rejects->file, JSON_COMPACT | JSON_REAL_PRECISION(17));
    fputc('\n', rejects->file);
    json_decref(row);
    arena_free(&arena);
    rejects->begun = true;
}

/* --- a file that is gone on with --- */

/* Whether the file begins as this one would; of what was cut within that, *is_cut. */
static bool begins_alike(int fd, off_t size, const struct row_reader *reader, bool *is_cut)
{
    char *head = NULL, *found = NULL;
    size_t length = 0;
    FILE *file = open_memstream(&head, &length);
    if (file == NULL)
        return false;
    if (row_reader_format(reader) == ROWS_CSV)
        begin_csv(file, reader);
    else
        fputc('{', file);
    if (fclose(file) != 0) {
        free(head);
        return false;
    }
    *is_cut = (size_t)size < length;
    length = *is_cut ? (size_t)size : length;
    found = malloc(length);
    const bool alike =
        found != NULL && pread(fd, found, length, 0) == (ssize_t)length && memcmp(found, head, length) == 0;
    free(found);
    free(head);
    return alike;
}

/* The bytes of its whole rows: up to the last line break, which in CSV is within no quotes. */
static off_t whole_rows(int fd, bool is_csv)
{
    char bytes[4096];
    off_t at = 0, whole = 0;
    bool quoted = false;
    for (ssize_t n; (n = pread(fd, bytes, sizeof bytes, at)) > 0; at += n) {
        for (ssize_t i = 0; i < n; i++) {
            quoted ^= is_csv && bytes[i] == '"';
            whole = bytes[i] == '\n' && !quoted ? at + i + 1 : whole;
        }
    }
    return whole;
}

bool rejects_begin(struct rejects *rejects, const struct row_reader *reader)
{
    const int fd = rejects->file != NULL && !rejects->checked ? fileno(rejects->file) : -1;
    const bool is_csv = row_reader_format(reader) == ROWS_CSV;
    bool is_cut = false;
    struct stat about;
    size_t length;
    char delimiter;
    if (fd < 0 || (is_csv && row_reader_header(reader, &length, &delimiter) == NULL))
        return true;
    rejects->checked = true;
    if (fstat(fd, &about) != 0 || !begins_alike(fd, about.st_size, reader, &is_cut)) {
        report("--rejects: %s: it is of another import; name another one", rejects->path);
        (void)fclose(rejects->file);
        *rejects = (struct rejects){.path = rejects->path};
        return false;
    }
    const off_t whole = is_cut ? 0 : whole_rows(fd, is_csv);
    rejects->begun = whole > 0;
    return ftruncate(fd, whole) == 0 || report_unwritten(rejects);
}

/* --- both --- */

void rejects_add(struct rejects *rejects, const struct row_reader *reader, const struct reject *reject)
{
    struct arena arena;
    if (rejects->file == NULL)
        return;
    arena_init(&arena);
    const char *why = printable(&arena, arena_printf(&arena, "line %zu: %s", reject->line, reject->why));
    if (row_reader_format(reader) == ROWS_CSV)
        add_csv(rejects, reader, reject, why);
    else
        add_json(rejects, reject, why);
    rejects->unsynced = true;
    if (fflush(rejects->file) != 0) /* whole rows, for who is killed */
        rejects->error = errno;
    arena_free(&arena);
}

/* A pipe or a device cannot be synced, and need not be. */
bool rejects_flush(struct rejects *rejects)
{
    if (rejects->file == NULL || !rejects->unsynced)
        return true;
    errno = rejects->error;
    rejects->unsynced = false;
    if (fflush(rejects->file) != 0 || ferror(rejects->file) ||
        (fdatasync(fileno(rejects->file)) != 0 && errno != EINVAL && errno != EROFS))
        return report_unwritten(rejects);
    return true;
}

bool rejects_close(struct rejects *rejects)
{
    if (rejects->file == NULL)
        return true;
    bool is_written = rejects_flush(rejects);
    if (fclose(rejects->file) != 0 && is_written)
        is_written = report_unwritten(rejects);
    rejects->file = NULL;
    if (!rejects->begun && rejects->is_file)
        unlink(rejects->path);
    return is_written;
}
