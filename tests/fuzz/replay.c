/* replay.c: runs a fuzz target on files, as libFuzzer would: the corpus as an ordinary test, with any
 * compiler.
 *
 *   replay FILE-OR-DIRECTORY...
 */
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

static size_t files;

static void fail(const char *path)
{
    fprintf(stderr, "cannot read %s: %s\n", path, strerror(errno));
    exit(1);
}

/* In memory of exactly its size, so that a sanitizer sees a step beyond it. */
static void replay_file(const char *path, size_t size)
{
    uint8_t *bytes = malloc(size > 0 ? size : 1);
    FILE *file = fopen(path, "rb");
    if (bytes == NULL || file == NULL || fread(bytes, 1, size, file) != size)
        fail(path);
    fclose(file);
    printf("%s\n", path);
    fflush(stdout); /* names the file at fault when the target aborts */
    LLVMFuzzerTestOneInput(bytes, size);
    free(bytes);
    files++;
}

static void replay(const char *path);

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void replay_directory(const char *path)
{
    struct dirent **entries;
    int n = scandir(path, &entries, is_visible, alphasort);
    if (n < 0)
        fail(path);
    for (int i = 0; i < n; i++) {
        char *name;
        if (asprintf(&name, "%s/%s", path, entries[i]->d_name) < 0)
            fail(path);
        replay(name);
        free(name);
        free(entries[i]);
    }
    free(entries);
}

static void replay(const char *path)
{
    struct stat about;
    if (stat(path, &about) != 0)
        fail(path);
    if (S_ISDIR(about.st_mode))
        replay_directory(path);
    else
        replay_file(path, (size_t)about.st_size);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        replay(argv[i]);
    printf("%zu inputs\n", files);
    return files > 0 ? 0 : 1;
}
