/* fuzz_key.c: what a caller presents as a key, by the two sources that know the form: the one that has keys,
 * of which one is there, and the one that has none.
 *
 * The first byte says what the rest is: a secret, or what a secret is made of, so that it is whole.
 */
#include "fuzz.h"

#include "auth/authenticator.h"
#include "auth/keys.h"
#include "base/time.h"

#include <stdbool.h>
#include <string.h>
#include <zlib.h>

enum { MOST = 512 };

/* A secret up to its checksum: what is given, and digits for what is not. */
static void make_whole(const uint8_t *bytes, size_t size, char text[KEY_TEXT])
{
    static const char digits[] = "0123456789abcdef";
    memset(text, '0', KEY_TEXT - 1);
    memcpy(text, "orders_", strlen("orders_"));
    for (size_t i = 0; i < size && i < 16 + 64; i++)
        text[strlen("orders_") + i + (i >= 16)] = digits[bytes[i] % 16];
    text[strlen("orders_") + 16] = '_';
    const uLong sum = crc32(0, (const Bytef *)text, KEY_TEXT - 9);
    snprintf(text + KEY_TEXT - 9, 9, "%08lx", sum);
}

static enum auth_outcome check(struct auth_source source, const char *secret, struct principal *principal)
{
    *principal = (struct principal){0};
    return source.check(source.arg, secret, principal);
}

/* Both see the same form; and who is known is so by that key alone. */
static void check_secret(struct keys *keys, const char *secret, const char *known, bool is_whole)
{
    struct principal principal;
    struct key key;
    const enum key_form form = key_read(secret, &key);
    const enum auth_outcome outcome = check(keys_source(keys), secret, &principal);
    must(!is_whole || form == KEY_FORM_WHOLE);
    must((outcome == AUTH_KNOWN) == (strcmp(secret, known) == 0));
    must((outcome == AUTH_KNOWN) == (strcmp(principal.name, "known") == 0));
    must((outcome == AUTH_MISSING) == (form == KEY_FORM_OTHER));
    must((outcome == AUTH_DAMAGED) == (form == KEY_FORM_DAMAGED));
    must(form != KEY_FORM_WHOLE || strlen(secret) == KEY_TEXT - 1);
    must(form != KEY_FORM_WHOLE || strlen(key.id) == KEY_ID_TEXT - 1);
}

/* As a whole, and behind "Bearer": the same of either. */
static void check_presented(struct keys *keys, const char *secret)
{
    char authorization[MOST + 16];
    struct authenticator authenticator = {0};
    struct auth_result plain, bearer;
    authenticator_add(&authenticator, keys_source(keys));
    snprintf(authorization, sizeof authorization, "Bearer %s", secret);
    authenticator_check(&authenticator, &(struct auth_presented){.api_key = secret}, &plain);
    authenticator_check(&authenticator, &(struct auth_presented){.authorization = authorization}, &bearer);
    must(plain.outcome == bearer.outcome || *secret == ' ');
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    enum { SECRET, PARTS, WAYS };
    struct fuzz_input input = {.at = bytes, .left = size};
    const size_t way = fuzz_choice(&input, WAYS);
    static char known[KEY_TEXT]; /* of zeros alone */
    struct keys_entry entry = {
        .name = "known", .role = ROLE_READER, .expires_us = KEYS_NEVER, .revoked_us = KEYS_NEVER};
    char secret[MOST];
    struct keys *keys = keys_new();
    make_whole(NULL, 0, known);
    must(keys != NULL && key_read(known, &entry.key) == KEY_FORM_WHOLE);
    must(keys_replace(keys, &entry, 1, time_monotonic_ns()));
    if (way == PARTS)
        make_whole(input.at, input.left, secret);
    else
        snprintf(secret, sizeof secret, "%.*s", (int)input.left,
                 input.left > 0 ? (const char *)input.at : "");
    check_secret(keys, secret, known, way == PARTS);
    check_presented(keys, secret);
    keys_free(keys);
    return 0;
}
