/* hash.h: hashes for tables and for fair queueing. Not for secrets, nor for what is stored. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stdint.h>

/* FNV-1a from a basis of choice: which texts collide differs from basis to basis. */
static inline uint32_t hash_text_from(uint32_t basis, const char *text)
{
    uint32_t hash = basis;
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * UINT32_C(16777619);
    return hash;
}

static inline uint32_t hash_text(const char *text)
{
    return hash_text_from(UINT32_C(2166136261), text);
}

/* MurmurHash3's finalizer: which hashes collide differs from salt to salt. */
static inline uint32_t hash_mix(uint32_t hash, uint32_t salt)
{
    hash ^= salt;
    hash = (hash ^ hash >> 16) * UINT32_C(0x85ebca6b);
    hash = (hash ^ hash >> 13) * UINT32_C(0xc2b2ae35);
    return hash ^ hash >> 16;
}

#endif
