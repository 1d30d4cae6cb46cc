/* test_token_memory.c: what is remembered, and until when. */
#include "auth/token_memory.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define TIMEOUT 60

static struct token_memory *memory;

static void set_up(void)
{
    memory = token_memory_new();
    cr_assert_not_null(memory);
}

static void tear_down(void)
{
    token_memory_free(memory);
}

TestSuite(token_memory, .init = set_up, .fini = tear_down, .timeout = TIMEOUT);

static struct digest digest_number(unsigned number)
{
    struct digest digest;
    digest_of(&number, sizeof number, &digest);
    return digest;
}

static struct verified_token token_number(unsigned number, int64_t end_s)
{
    struct verified_token token = {.epoch = number, .end_s = end_s};
    snprintf(token.principal.name, sizeof token.principal.name, "a:%u", number);
    return token;
}

static void put(const struct digest *digest, unsigned number, int64_t end_s)
{
    const struct verified_token token = token_number(number, end_s);
    token_memory_put(memory, digest, 100, &token);
}

Test(token_memory, a_token_until_it_ends)
{
    const struct digest digest = digest_number(1), other = digest_number(2);
    struct verified_token token;
    cr_assert_not(token_memory_find(memory, &digest, 100, &token));
    put(&digest, 1, 200);
    cr_assert(token_memory_find(memory, &digest, 199, &token));
    cr_assert_str_eq(token.principal.name, "a:1");
    cr_assert_eq(token.epoch, 1);
    cr_assert_not(token_memory_find(memory, &digest, 200, &token));
    cr_assert_not(token_memory_find(memory, &other, 100, &token));
}

Test(token_memory, the_latest_word_counts)
{
    const struct digest digest = digest_number(1);
    struct verified_token token;
    put(&digest, 1, 200);
    put(&digest, 2, 300);
    cr_assert(token_memory_find(memory, &digest, 250, &token));
    cr_assert_eq(token.epoch, 2);
}

/* All in one set: the digests begin with the same bytes. */
Test(token_memory, what_ends_first_makes_room)
{
    struct verified_token token;
    struct digest digests[TOKEN_MEMORY_WAYS + 1];
    for (unsigned i = 0; i <= TOKEN_MEMORY_WAYS; i++) {
        digests[i] = digest_number(i);
        memset(digests[i].bytes, 7, 2);
        put(&digests[i], i, i == 2 ? 150 : 200 + i);
    }
    for (unsigned i = 0; i <= TOKEN_MEMORY_WAYS; i++)
        cr_expect_eq(token_memory_find(memory, &digests[i], 100, &token), i != 2, "%u", i);
}

/* However many come, it takes no more memory; and finds none that it was not given. */
Test(token_memory, more_than_there_is_room_for)
{
    enum { MANY = 4 * TOKEN_MEMORY_SETS * TOKEN_MEMORY_WAYS };
    size_t found = 0;
    for (unsigned i = 0; i < MANY; i++) {
        const struct digest digest = digest_number(i);
        put(&digest, i, 200);
    }
    for (unsigned i = 0; i < MANY; i++) {
        const struct digest digest = digest_number(i);
        struct verified_token token;
        if (!token_memory_find(memory, &digest, 100, &token))
            continue;
        cr_assert_eq(token.epoch, i);
        found++;
    }
    cr_assert_gt(found, TOKEN_MEMORY_SETS);
    cr_assert_leq(found, TOKEN_MEMORY_SETS * TOKEN_MEMORY_WAYS);
}
