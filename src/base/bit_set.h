/* bit_set.h: sets of the numbers from 0 to 63, a bit each. */
#ifndef BASE_BIT_SET_H
#define BASE_BIT_SET_H

#include <stdint.h>

static inline uint64_t bit_set_of(unsigned number)
{
    return UINT64_C(1) << number;
}

/* The lowest of a set that is not below `from`, or else the lowest of all. The set must not be empty. */
static inline unsigned bit_set_next(uint64_t set, unsigned from)
{
    const uint64_t above = from < 64 ? set & (UINT64_MAX << from) : 0;
    return (unsigned)__builtin_ctzll(above != 0 ? above : set);
}

/* Takes the lowest out of a set, which must not be empty. */
static inline unsigned bit_set_pop(uint64_t *set)
{
    const unsigned number = bit_set_next(*set, 0);
    *set &= *set - 1;
    return number;
}

#endif
