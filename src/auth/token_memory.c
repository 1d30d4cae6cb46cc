/* token_memory.c: a table of small sets, each below one of a few locks. The digest is as good as random, and
 * whoever would choose it has to have tokens that hold. */
#include "auth/token_memory.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { LOCKS = 64 };

struct entry {
    struct digest digest;
    struct verified_token token; /* it ended before 1970: there is none */
};

struct token_memory {
    pthread_mutex_t locks[LOCKS];
    struct entry entries[TOKEN_MEMORY_SETS][TOKEN_MEMORY_WAYS];
};

struct token_memory *token_memory_new(void)
{
    struct token_memory *memory = calloc(1, sizeof *memory); /* pages that are never written take no memory */
    for (size_t i = 0; memory != NULL && i < LOCKS; i++)
        pthread_mutex_init(&memory->locks[i], NULL);
    return memory;
}

void token_memory_free(struct token_memory *memory)
{
    for (size_t i = 0; memory != NULL && i < LOCKS; i++)
        pthread_mutex_destroy(&memory->locks[i]);
    free(memory);
}

static size_t set_of(const struct digest *digest)
{
    uint16_t number;
    memcpy(&number, digest->bytes, sizeof number);
    return number % TOKEN_MEMORY_SETS;
}

static bool is_same(const struct digest *a, const struct digest *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

bool token_memory_find(struct token_memory *memory, const struct digest *digest, int64_t now_s,
                       struct verified_token *token)
{
    const size_t set = set_of(digest);
    const struct entry *entries = memory->entries[set];
    bool is_there = false;
    pthread_mutex_lock(&memory->locks[set % LOCKS]);
    for (size_t i = 0; i < TOKEN_MEMORY_WAYS && !is_there; i++) {
        is_there = now_s < entries[i].token.end_s && is_same(&entries[i].digest, digest);
        if (is_there)
            *token = entries[i].token;
    }
    pthread_mutex_unlock(&memory->locks[set % LOCKS]);
    return is_there;
}

/* Where it is, or else which ends first. */
static struct entry *choose(struct entry entries[static TOKEN_MEMORY_WAYS], const struct digest *digest)
{
    struct entry *chosen = &entries[0];
    for (size_t i = 0; i < TOKEN_MEMORY_WAYS; i++) {
        if (is_same(&entries[i].digest, digest))
            return &entries[i];
        if (entries[i].token.end_s < chosen->token.end_s)
            chosen = &entries[i];
    }
    return chosen;
}

void token_memory_put(struct token_memory *memory, const struct digest *digest, int64_t now_s,
                      const struct verified_token *token)
{
    const size_t set = set_of(digest);
    if (token->end_s <= now_s)
        return;
    pthread_mutex_lock(&memory->locks[set % LOCKS]);
    *choose(memory->entries[set], digest) = (struct entry){*digest, *token};
    pthread_mutex_unlock(&memory->locks[set % LOCKS]);
}
