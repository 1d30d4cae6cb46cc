/* token_memory.h: a cache of verified tokens, by their SHA-256, so that a token that comes with each call is
 * verified once. Its size is fixed: within a set of the cache the token that expires first is evicted. Any
 * thread. */
#ifndef AUTH_TOKEN_MEMORY_H
#define AUTH_TOKEN_MEMORY_H

#include "auth/digest.h"
#include "auth/principal.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TOKEN_MEMORY_SETS = 1024, TOKEN_MEMORY_WAYS = 4 };

struct verified_token {
    struct principal principal;
    size_t issuer;  /* by its index */
    uint64_t epoch; /* of its keys, when it was checked */
    int64_t end_s;  /* Unix time */
};

struct token_memory;

/* NULL: out of memory. */
struct token_memory *token_memory_new(void);
void token_memory_free(struct token_memory *memory);

/* False: it is not there, or has ended. */
bool token_memory_find(struct token_memory *memory, const struct digest *digest, int64_t now_s,
                       struct verified_token *token);

void token_memory_put(struct token_memory *memory, const struct digest *digest, int64_t now_s,
                      const struct verified_token *token);

#endif
