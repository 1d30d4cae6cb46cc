/* test_id_set.c: ids are told apart, also those that have the same fingerprint. */
#include "id_set.h"

#include "base/fingerprint.h"

#include <criterion/criterion.h>
#include <stdio.h>

/* In place of the library's: all that begin alike have the same. */
uint64_t fingerprint_of(const char *method, const void *payload, size_t size)
{
    (void)method;
    return size > 0 ? *(const unsigned char *)payload : 0;
}

Test(id_set, ids_of_one_fingerprint_are_told_apart)
{
    struct id_set set = {0};
    char id[16];
    for (size_t i = 1; i <= 1000; i++) {
        snprintf(id, sizeof id, "%c-%zu", (int)('A' + i % 20), i);
        cr_assert_eq(id_set_add(&set, id, i), 0, "%s", id);
    }
    for (size_t i = 1; i <= 1000; i++) {
        snprintf(id, sizeof id, "%c-%zu", (int)('A' + i % 20), i);
        cr_assert_eq(id_set_add(&set, id, 2000), i, "%s", id);
    }
    cr_assert_eq(set.n, 1000);
    id_set_free(&set);
}
