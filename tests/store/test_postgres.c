/* test_postgres.c: a store that cannot be opened leaves nothing open. */
#include "store_calls.h"
#include "support/database.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How many threads the test's own thread can make before there are no more; -1: any number. */
static _Thread_local int threads_left = -1;

/* The linker has the store find this one. */
int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *arg)
{
    static int (*next)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    if (threads_left == 0)
        return EAGAIN;
    if (threads_left > 0)
        threads_left--;
    *(void **)&next = dlsym(RTLD_NEXT, "pthread_create");
    return next(thread, attributes, run, arg);
}

static unsigned count_files(void)
{
    unsigned n = 0;
    DIR *files = opendir("/proc/self/fd");
    // cppcheck-suppress readdirCalled; the stream is nobody else's
    while (readdir(files) != NULL) /* NOLINT(concurrency-mt-unsafe) */
        n++;
    closedir(files);
    return n;
}

static struct store *open_with_threads(const char *database_url, int threads)
{
    char error[1024] = "";
    const struct postgres_options options = {.database_url = database_url, .workers = 2};
    threads_left = threads;
    struct store *store = postgres_open(&options, error, sizeof error);
    threads_left = -1;
    if (store == NULL)
        cr_assert_not_null(strstr(error, "cannot start a worker"), "%s", error);
    while (postgres_is_left()) /* a dial that was given up */
        usleep(1000);
    return store;
}

/* Whichever of its threads cannot be started. */
Test(postgres, a_store_that_cannot_be_opened_leaves_no_files, .timeout = 120)
{
    char *database_url = database_create();
    struct store *store;
    const unsigned before = count_files();
    int threads = 0;
    for (; (store = open_with_threads(database_url, threads)) == NULL; threads++)
        cr_assert_eq(count_files(), before, "with %d threads", threads);
    cr_assert_gt(threads, 8);
    postgres_close(store);
    cr_assert_eq(count_files(), before);
    database_drop(database_url);
}
