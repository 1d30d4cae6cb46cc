/* journal.c: a line is appended for each batch that was answered. */
#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include <uuid/uuid.h>

enum { LINE_BYTES = 256 };

#define HEAD        "ordersctl-import 3 "
#define HEAD_BEFORE "ordersctl-import 2 "

/* --- the file itself --- */

/* Opens and locks it. -1: errno says why; EWOULDBLOCK: it is in use. */
static int open_locked(const char *path, bool create)
{
    for (;;) {
        struct stat about;
        const int fd = open(
            path, O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | (create ? O_CREAT : 0), 0600);
        if (fd < 0)
            return -1;
        if (flock(fd, LOCK_EX | LOCK_NB) != 0 || fstat(fd, &about) != 0) {
            const int error = errno;
            close(fd);
            errno = error;
            return -1;
        }
        if (about.st_nlink > 0 && S_ISREG(about.st_mode))
            return fd;
        close(fd); /* whoever had the lock removed it meanwhile */
        if (!S_ISREG(about.st_mode)) {
            errno = EINVAL;
            return -1;
        }
    }
}

/* A file is on the disk by name only when its directory is. */
static bool sync_with_directory(int fd, const char *path, struct arena *arena)
{
    const char *slash = strrchr(path, '/');
    const char *directory = slash != NULL ? arena_copy(arena, path, (size_t)(slash - path) + 1) : ".";
    const int directory_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool synced = fsync(fd) == 0 && directory_fd >= 0 && fsync(directory_fd) == 0;
    if (directory_fd >= 0)
        close(directory_fd);
    return synced;
}

/* --- what is in it --- */

static const char *state_of(const struct stat *about, struct arena *arena)
{
    return arena_printf(arena, "%lld %lld.%09ld ", (long long)about->st_size,
                        (long long)about->st_mtim.tv_sec, about->st_mtim.tv_nsec);
}

/* Takes the run out of the head. What follows it, without the line break; NULL: it is no head. */
static const char *read_run(struct journal *journal, char *line)
{
    const size_t length = strlen(line);
    char *name = line + strlen(HEAD);
    uuid_t run;
    if (strncmp(line, HEAD, strlen(HEAD)) != 0 || line[length - 1] != '\n' || strlen(name) < UUID_TEXT)
        return NULL;
    line[length - 1] = '\0';
    memcpy(journal->run, name, UUID_TEXT - 1);
    journal->run[UUID_TEXT - 1] = '\0';
    return uuid_parse(journal->run, run) == 0 ? name + UUID_TEXT : NULL;
}

/* Reads whom the orders were sent to, and how rows were taken. NULL, or what is otherwise now. */
static const char *read_terms(const char *text, const struct journal_subject *subject, struct arena *arena)
{
    const size_t length = strcspn(text, "\t");
    const char *service = arena_copy(arena, text, length);
    const char *options = text[length] != '\0' ? text + length + 1 : "";
    if (strcmp(service, subject->service) != 0)
        return arena_printf(arena,
                            "is of an import into %s, not into %s; to go on with it, add --connect %s; to "
                            "begin anew, remove it",
                            service, subject->service, service);
    if (strcmp(options, subject->options) != 0)
        return arena_printf(
            arena,
            "is of an import with other options (%s, not %s); go on with those; to begin anew, "
            "remove it",
            options, subject->options);
    return NULL;
}

/* Reads the first line. NULL: it is whole, and of this import; else what is wrong, and what to do. */
static const char *read_head(struct journal *journal, FILE *file, const struct journal_subject *subject,
                             struct arena *arena)
{
    const char *state = state_of(subject->about, arena), *error = NULL;
    char *line = NULL;
    size_t capacity = 0;
    const char *of = getline(&line, &capacity, file) > 0 ? read_run(journal, line) : NULL;
    if (line != NULL && strncmp(line, HEAD_BEFORE, strlen(HEAD_BEFORE)) == 0)
        error = "is of an older ordersctl, which took rows otherwise; go on with that one; to begin anew, "
                "remove it";
    else if (of == NULL)
        error = "is no journal of an import; to begin anew, remove it";
    else if (strncmp(of, state, strlen(state)) != 0)
        error = "is of the file as it was before it was changed; to begin anew, remove it";
    else
        error = read_terms(of + strlen(state), subject, arena);
    free(line);
    return error;
}

enum {
    NUMBERS = 6,
    NUMBERS_WITHOUT_SUM = 5, /* of an ordersctl that knew no sum, */
    NUMBERS_ONCE = 3         /* and no updates */
};

/* Numbers and a line break, and nothing else. */
static bool read_counts(const char *line, size_t counts[static NUMBERS])
{
    char *end = (char *)(uintptr_t)line;
    for (size_t i = 0; i < NUMBERS; i++) {
        const char *from = end;
        errno = 0;
        counts[i] = strtoull(from, &end, 10);
        if (end == from || errno != 0)
            return false;
        if (*end == '\n')
            return i + 1 == NUMBERS || i + 1 == NUMBERS_WITHOUT_SUM || i + 1 == NUMBERS_ONCE;
        if (*end != ' ')
            return false;
    }
    return false;
}

/* Reads the last whole line, and cuts off what a crash may have left behind it. */
static bool read_progress(struct journal *journal, FILE *file)
{
    char line[LINE_BYTES];
    size_t counts[NUMBERS] = {0};
    long end = ftell(file);
    while (fgets(line, sizeof line, file) != NULL && read_counts(line, counts)) {
        journal->counts =
            (struct journal_counts){counts[0], counts[1], counts[2], counts[3], counts[4], counts[5]};
        end = ftell(file);
    }
    return end >= 0 && ftruncate(journal->fd, end) == 0;
}

static const char *read_on(struct journal *journal, const struct journal_subject *subject,
                           struct arena *arena)
{
    const int copy = fcntl(journal->fd, F_DUPFD_CLOEXEC, 0);
    FILE *file = copy >= 0 ? fdopen(copy, "r") : NULL;
    if (file == NULL)
        return strerror(errno);
    const char *error = read_head(journal, file, subject, arena);
    if (error == NULL && !read_progress(journal, file))
        error = strerror(errno);
    (void)fclose(file);
    return error;
}

static bool write_head(struct journal *journal, const struct journal_subject *subject, struct arena *arena)
{
    uuid_make(journal->run);
    const char *head = arena_printf(arena, HEAD "%s %s%s\t%s\n", journal->run,
                                    state_of(subject->about, arena), subject->service, subject->options);
    return write(journal->fd, head, strlen(head)) == (ssize_t)strlen(head) &&
           sync_with_directory(journal->fd, journal->path, arena);
}

/* --- its life --- */

static enum journal_opening give_up(struct journal *journal, enum journal_opening why)
{
    if (journal->fd >= 0)
        close(journal->fd);
    journal->fd = -1;
    return why;
}

static enum journal_opening journal_begin(struct journal *journal, const struct journal_subject *subject,
                                          struct arena *arena, const char **error)
{
    struct stat about;
    if (fstat(journal->fd, &about) == 0 && about.st_size > 0) {
        *error = arena_printf(
            arena,
            "%s is there: the file was imported in part. --resume goes on; to begin anew, remove "
            "it",
            journal->path);
        return give_up(journal, JOURNAL_REFUSED);
    }
    if (write_head(journal, subject, arena))
        return JOURNAL_OPEN;
    *error = arena_printf(arena, "cannot write %s: %s", journal->path, strerror(errno));
    unlink(journal->path);
    return give_up(journal, JOURNAL_UNWRITABLE);
}

static enum journal_opening go_on(struct journal *journal, const struct journal_subject *subject,
                                  struct arena *arena, const char **error)
{
    const char *why = read_on(journal, subject, arena);
    if (why == NULL)
        return JOURNAL_OPEN;
    *error = arena_printf(arena, "cannot resume: %s %s", journal->path, why);
    return give_up(journal, JOURNAL_REFUSED);
}

enum journal_opening journal_open(struct journal *journal, const struct journal_subject *subject, bool resume,
                                  struct arena *arena, const char **error)
{
    *journal = (struct journal){.path = arena_printf(arena, "%s.ordersctl-resume", subject->file)};
    journal->fd = open_locked(journal->path, !resume);
    if (journal->fd >= 0)
        return resume ? go_on(journal, subject, arena, error) : journal_begin(journal, subject, arena, error);
    if (errno == EWOULDBLOCK)
        *error = arena_printf(arena, "%s is in use: the file is being imported", journal->path);
    else if (errno == ENOENT && resume)
        *error = arena_printf(arena, "there is nothing to resume: no %s", journal->path);
    else
        *error = arena_printf(arena, "cannot open %s: %s", journal->path, strerror(errno));
    return resume || errno == EWOULDBLOCK || errno == ELOOP ? JOURNAL_REFUSED : JOURNAL_UNWRITABLE;
}

/* A line that is cut short, by a full disk, counts for nothing, and no other is put behind it. */
void journal_advance(struct journal *journal, const struct journal_counts *counts)
{
    char line[LINE_BYTES];
    const int length =
        snprintf(line, sizeof line, "%zu %zu %zu %zu %zu %zu\n", counts->rows, counts->imported,
                 counts->refused, counts->updated, counts->unchanged, counts->sum);
    journal->counts = *counts;
    if (journal->fd >= 0 && !journal->stuck)
        journal->stuck = write(journal->fd, line, (size_t)length) != length;
}

void journal_close(struct journal *journal, bool keep)
{
    if (journal->fd < 0)
        return;
    if (!keep)
        unlink(journal->path);
    close(journal->fd);
    journal->fd = -1;
}
