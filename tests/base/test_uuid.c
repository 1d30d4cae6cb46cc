/* test_uuid.c: base/uuid.h. */
#include "base/uuid.h"

#include "base/time.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uuid/uuid.h>

enum { MANY = 1000, THREADS = 4 };

static bool no_random_bytes;

/* Stands before libc's. */
ssize_t getrandom(void *buffer, size_t size, unsigned flags)
{
    if (no_random_bytes) {
        errno = EPERM;
        return -1;
    }
    return syscall(SYS_getrandom, buffer, size, flags);
}

/* Milliseconds since 1970, as an id of version 7 begins with. */
static int64_t time_of(const char *text)
{
    uuid_t id;
    int64_t ms = 0;
    cr_assert_eq(uuid_parse(text, id), 0, "%s", text);
    for (int i = 0; i < 6; i++)
        ms = ms << 8 | id[i];
    return ms;
}

static int64_t now_ms(void)
{
    struct timestamp now = time_now();
    return now.seconds * 1000 + now.nanos / NS_PER_MS;
}

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, UUID_TEXT);
}

Test(uuid, is_of_version_7_and_begins_with_the_time)
{
    char id[UUID_TEXT];
    int64_t before = now_ms();
    uuid_make(id);
    cr_assert_eq(strlen(id), UUID_TEXT - 1);
    cr_assert_eq(id[14], '7', "%s", id);
    cr_assert_not_null(strchr("89ab", id[19]), "%s", id);
    cr_assert_geq(time_of(id), before);
    cr_assert_leq(time_of(id), now_ms());
}

static void *make_many(void *arg)
{
    char(*ids)[UUID_TEXT] = arg;
    for (int i = 0; i < MANY; i++)
        uuid_make(ids[i]);
    return NULL;
}

Test(uuid, is_new_each_time_on_every_thread)
{
    static char ids[THREADS * MANY][UUID_TEXT];
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, make_many, ids[(size_t)i * MANY]);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    qsort(ids, sizeof ids / sizeof ids[0], sizeof ids[0], compare);
    for (size_t i = 1; i < sizeof ids / sizeof ids[0]; i++)
        cr_assert_str_neq(ids[i - 1], ids[i]);
}

Test(uuid, differs_on_both_sides_of_a_fork)
{
    char ours[UUID_TEXT], theirs[UUID_TEXT] = "";
    int ends[2];
    uuid_make(ours); /* which fills the pool of random bytes */
    cr_assert_eq(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        uuid_make(theirs);
        _exit(write(ends[1], theirs, sizeof theirs) == (ssize_t)sizeof theirs ? 0 : 1);
    }
    uuid_make(ours);
    cr_assert_eq(read(ends[0], theirs, sizeof theirs), (ssize_t)sizeof theirs);
    waitpid(child, NULL, 0);
    /* The random half: the time may well be the same. */
    cr_assert_str_neq(ours + 19, theirs + 19);
}

Test(uuid, is_none_without_random_bytes)
{
    char id[UUID_TEXT], next[UUID_TEXT];
    no_random_bytes = true;
    cr_assert(!uuid_try(id));
    cr_assert_eq(errno, EPERM);
    no_random_bytes = false;
    cr_assert(uuid_try(id));
    no_random_bytes = true; /* those at hand are still good */
    cr_assert(uuid_try(next));
    cr_assert_str_neq(id + 19, next + 19);
}
