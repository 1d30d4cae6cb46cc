/* whole_file.c: written beside, synced and renamed, so that neither a crash nor a full disk leaves a part. */
#include "whole_file.h"

#include "base/uuid.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a link leads to is replaced, not the link. */
static const char *real_path(const char *path, struct arena *arena)
{
    char *real = realpath(path, NULL);
    const char *found = real != NULL ? arena_strdup(arena, real) : path;
    free(real);
    return found;
}

static const char *part_of(const char *path, struct arena *arena)
{
    char unique[UUID_TEXT];
    uuid_make(unique);
    return arena_printf(arena, "%s.%s.part", path, unique);
}

static bool give_up(struct whole_file *whole)
{
    const int error = errno;
    if (whole->file != NULL && whole->part != NULL)
        unlink(whole->part);
    if (whole->file != NULL)
        (void)fclose(whole->file);
    arena_free(&whole->arena);
    errno = error;
    return false;
}

bool whole_file_open(struct whole_file *whole, const char *path)
{
    struct stat about;
    const bool is_there = stat(path, &about) == 0;
    arena_init(&whole->arena);
    whole->path = real_path(path, &whole->arena);
    whole->part = is_there && !S_ISREG(about.st_mode) ? NULL : part_of(whole->path, &whole->arena);
    whole->file = whole->part != NULL ? fopen(whole->part, "wxe") : fopen(path, "we");
    if (whole->file == NULL)
        return give_up(whole);
    if (is_there && whole->part != NULL && fchmod(fileno(whole->file), about.st_mode & 07777) != 0)
        return give_up(whole);
    return true;
}

bool whole_file_close(struct whole_file *whole, bool keep)
{
    const bool is_part = whole->part != NULL;
    if (!keep) {
        give_up(whole);
        return true;
    }
    if (fflush(whole->file) != 0 || (is_part && fsync(fileno(whole->file)) != 0) ||
        (is_part && rename(whole->part, whole->path) != 0))
        return give_up(whole);
    const bool closed = fclose(whole->file) == 0;
    arena_free(&whole->arena);
    return closed;
}
