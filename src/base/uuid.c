/* uuid.c: version 7, which libuuid has not. Random bytes are taken from the system many ids at a time: a
 * system call for each id cost a client that keeps 64 calls in flight a third of its time. */
#include "base/uuid.h"

#include "base/time.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <uuid/uuid.h>

enum {
    TIME_BYTES = 6,
    RANDOM_BYTES = sizeof(uuid_t) - TIME_BYTES,
    IDS_A_REFILL = 25, /* 250 bytes: up to 256 getrandom gives all of, or none */
};

static _Thread_local struct {
    uint8_t bytes[IDS_A_REFILL * RANDOM_BYTES];
    size_t left;
} pool;

/* A child that went on with its parent's random bytes would make its parent's ids. */
static void forget_pool(void)
{
    pool.left = 0;
}

static bool forks_are_watched;

static void watch_forks(void)
{
    forks_are_watched = pthread_atfork(NULL, NULL, forget_pool) == 0;
}

/* Fills the pool. False, and errno says why. */
static bool refill(void)
{
    ssize_t got;
    do
        got = getrandom(pool.bytes, sizeof pool.bytes, 0);
    while (got < 0 && errno == EINTR);
    if (got != (ssize_t)sizeof pool.bytes)
        return false;
    pool.left = sizeof pool.bytes;
    return true;
}

static bool take_random(uint8_t out[static RANDOM_BYTES])
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, watch_forks);
    if (!forks_are_watched)
        pool.left = 0; /* each id has bytes of its own */
    if (pool.left == 0 && !refill())
        return false;
    pool.left -= RANDOM_BYTES;
    memcpy(out, &pool.bytes[pool.left], RANDOM_BYTES);
    return true;
}

bool uuid_try(char out[static UUID_TEXT])
{
    uuid_t id;
    struct timestamp now = time_now();
    uint64_t now_ms = (uint64_t)now.seconds * 1000 + (uint64_t)(now.nanos / NS_PER_MS);
    for (int i = 0; i < TIME_BYTES; i++)
        id[i] = (uint8_t)(now_ms >> (8 * (TIME_BYTES - 1 - i)));
    if (!take_random(&id[TIME_BYTES]))
        return false;
    id[6] = (uint8_t)(0x70 | (id[6] & 0x0f)); /* version 7 */
    id[8] = (uint8_t)(0x80 | (id[8] & 0x3f)); /* the variant of RFC 9562 */
    uuid_unparse_lower(id, out);
    return true;
}

void uuid_make(char out[static UUID_TEXT])
{
    if (!uuid_try(out)) {
        perror("getrandom");
        abort(); /* an id that is not new is worse than none */
    }
}
