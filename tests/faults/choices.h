/* choices.h: random choices that a seed repeats. Each role has its own, so that none depends on how fast
 * another one is. */
#ifndef FAULTS_CHOICES_H
#define FAULTS_CHOICES_H

#include <stdint.h>

struct choices {
    uint64_t state;
};

/* The choices of a role, of a seed. */
static inline struct choices choices_of(uint64_t seed, uint64_t role)
{
    return (struct choices){seed * UINT64_C(0x9e3779b97f4a7c15) + role * UINT64_C(0xd1342543de82ef95)};
}

/* 0 to n - 1. splitmix64 (S. Vigna). */
static inline unsigned choose(struct choices *choices, unsigned n)
{
    uint64_t z = choices->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (unsigned)((z ^ (z >> 31)) % n);
}

#endif
