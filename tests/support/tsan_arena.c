/* tsan_arena.c: lets Criterion run under ThreadSanitizer; part of each suite's program in a build for it, and
 * of no other.
 *
 * Criterion's runner (boxfort) shares an arena with the tests, at an address of its choice: 0x200000000000
 * and rand_r() & 0x3fffff times 16 MiB. ThreadSanitizer refuses nearly all of these, as it keeps its shadow
 * there, and the runner gives up. This rand_r stands before that of libc and chooses among 0x550000000000 to
 * 0x568000000000, which are the program's own under ThreadSanitizer on x86-64. The runner looks by itself
 * whether a place is free. */
#include <stdlib.h>

enum {
    FIRST = 0x350000,
    PLACES = 0x18000,
    STRIDE = 977, /* so that the next try is elsewhere */
};

int rand_r(unsigned *seed)
{
    *seed += STRIDE;
    return FIRST + (int)(*seed % PLACES);
}
