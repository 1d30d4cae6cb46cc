/* rejects.c: rows are appended, and on the disk before a journal says that they are done with. */
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

/* Who was cut short may have left a part of a line, behind which a row would be another's. */
static void end_last_line(int fd, off_t size)
{
    char last = '\n';
    if (size > 0 && pread(fd, &last, 1, size - 1) == 1 && last != '\n')
        (void)!write(fd, "\n", 1); /* what cannot be written is told of with the next row */
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
    end_last_line(fd, is_file ? about.st_size : 0);
    rejects->begun = about.st_size > 0;
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

static void begin_csv(struct rejects *rejects, const struct row_reader *reader)
{
    size_t length;
    char delimiter;
    const char *header = row_reader_header(reader, &length, &delimiter);
    if (delimiter != ',')
        fprintf(rejects->file, "sep=%c\n", delimiter);
    fprintf(rejects->file, REJECT_REASON "%c", delimiter);
    fwrite(header, 1, length, rejects->file);
    fputc('\n', rejects->file);
}

static void add_csv(struct rejects *rejects, const struct row_reader *reader, const struct reject *reject,
                    const char *why)
{
    size_t length;
    char delimiter;
    if (row_reader_header(reader, &length, &delimiter) == NULL)
        return; /* the header itself was refused */
    if (!rejects->begun)
        begin_csv(rejects, reader);
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
    arena_free(&arena);
}

static bool report_unwritten(const struct rejects *rejects)
{
    report("cannot write %s: %s", rejects->path, strerror(errno != 0 ? errno : EIO));
    return false;
}

/* A pipe or a device cannot be synced, and need not be. */
bool rejects_flush(struct rejects *rejects)
{
    if (rejects->file == NULL || !rejects->unsynced)
        return true;
    errno = 0;
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
