/* failing.c: glibc has its functions by a second name, for those who put others before them. */
#include "failing.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): glibc's names */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

static atomic_uint allocations;
static atomic_uint first_failing = UINT_MAX;
static atomic_bool all_after;
static atomic_bool no_random;
static atomic_uint threads_left = UINT_MAX;

void failing_begin(unsigned nth, bool and_all_after)
{
    atomic_store(&all_after, and_all_after);
    atomic_store(&allocations, 0);
    atomic_store(&first_failing, nth);
}

unsigned failing_end(void)
{
    atomic_store(&first_failing, UINT_MAX);
    return atomic_load(&allocations);
}

void failing_random(bool fails)
{
    atomic_store(&no_random, fails);
}

void failing_threads(unsigned left)
{
    atomic_store(&threads_left, left);
}

static bool fails(void)
{
    const unsigned nth = atomic_fetch_add(&allocations, 1) + 1, first = atomic_load(&first_failing);
    if (nth != first && !(nth > first && atomic_load(&all_after)))
        return false;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *memory, size_t size)
{
    return fails() ? NULL : __libc_realloc(memory, size);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *arg)
{
    int (*create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    *(void **)&create = dlsym(RTLD_NEXT, "pthread_create");
    if (atomic_load(&threads_left) == 0)
        return EAGAIN;
    atomic_fetch_sub(&threads_left, 1);
    return create(thread, attributes, run, arg);
}

ssize_t getrandom(void *buffer, size_t size, unsigned flags)
{
    if (atomic_load(&no_random)) {
        errno = EPERM;
        return -1;
    }
    return syscall(SYS_getrandom, buffer, size, flags);
}
