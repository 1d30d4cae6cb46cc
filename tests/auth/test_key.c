/* test_key.c: the form of a key. */
#include "auth/key.h"

#include <criterion/criterion.h>
#include <nettle/memops.h>
#include <string.h>

/* A key that was made elsewhere (Python's hashlib and zlib) of known bytes. */
static const char known[] = "orders_0123456789abcdef_"
                            "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
                            "e5bd3176";
static const unsigned char known_hash[KEY_HASH_BYTES] = {
    0x6c, 0x86, 0xc6, 0xaa, 0xc5, 0xfb, 0x24, 0xbc, 0xf5, 0xd9, 0x93, 0x9c, 0xb7, 0xd7, 0xd5, 0x64,
    0x5c, 0xe3, 0x94, 0x18, 0xf4, 0x49, 0xe0, 0x3b, 0x26, 0x2d, 0xd4, 0xfa, 0x14, 0xb4, 0xb9, 0x2b};

TestSuite(key, .timeout = 60);

static size_t compared; /* bytes, in constant time */

/* In place of nettle's, so that it is seen who calls it. */
int memeql_sec(const void *a, const void *b, size_t n)
{
    compared += n;
    return memcmp(a, b, n) == 0;
}

/* What the time is cannot be tested; that it is not memcmp's can. */
Test(key, hashes_are_compared_in_constant_time)
{
    struct key key;
    cr_assert_eq(key_read(known, &key), KEY_FORM_WHOLE);
    cr_expect(key_has_hash(&key, known_hash));
    cr_expect_eq(compared, KEY_HASH_BYTES);
}

Test(key, one_that_is_made_is_read)
{
    struct key made, read;
    char text[KEY_TEXT];
    cr_assert(key_make(&made, text));
    cr_assert_eq(strlen(text), KEY_TEXT - 1);
    cr_assert_eq(key_read(text, &read), KEY_FORM_WHOLE);
    cr_assert_str_eq(read.id, made.id);
    cr_assert(key_has_hash(&read, made.hash));
}

Test(key, two_have_nothing_in_common)
{
    struct key a, b;
    char text_a[KEY_TEXT], text_b[KEY_TEXT];
    cr_assert(key_make(&a, text_a) && key_make(&b, text_b));
    cr_assert_str_neq(a.id, b.id);
    cr_assert_neq(strncmp(text_a + 24, text_b + 24, 64), 0);
    cr_assert_not(key_has_hash(&a, b.hash));
}

/* What is stored must be found again by any later version. */
Test(key, its_form_and_its_hash_stay_what_they_are)
{
    struct key key;
    cr_assert_eq(key_read(known, &key), KEY_FORM_WHOLE);
    cr_assert_str_eq(key.id, "0123456789abcdef");
    cr_assert_arr_eq(key.hash, known_hash, KEY_HASH_BYTES);
}

Test(key, any_character_that_is_another_is_seen)
{
    static const char others[] = "0fF_ \x01\xff";
    struct key key;
    for (size_t at = strlen("orders_"); at < strlen(known); at++) {
        for (size_t i = 0; i < sizeof others - 1; i++) {
            char text[sizeof known];
            memcpy(text, known, sizeof known);
            if (text[at] == others[i])
                continue;
            text[at] = others[i];
            cr_assert_eq(key_read(text, &key), KEY_FORM_DAMAGED, "%s", text);
        }
    }
}

Test(key, one_that_is_cut_or_longer_is_seen)
{
    struct key key;
    char text[sizeof known + 1];
    for (size_t length = 0; length < strlen(known); length++) {
        memcpy(text, known, length);
        text[length] = '\0';
        cr_assert_eq(key_read(text, &key), length < strlen("orders_") ? KEY_FORM_OTHER : KEY_FORM_DAMAGED,
                     "%s", text);
    }
    strcpy(stpcpy(text, known), "0");
    cr_assert_eq(key_read(text, &key), KEY_FORM_DAMAGED);
}

Test(key, what_begins_otherwise_is_none)
{
    static const char *const others[] = {"",         "o",        "order",
                                         "ORDERS_1", "test-key", "eyJhbGciOiJSUzI1NiJ9.e30.x"};
    struct key key;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        cr_assert_eq(key_read(others[i], &key), KEY_FORM_OTHER, "%s", others[i]);
}
