/* key.c: the secret's digits are hashed as they are written. */
#include "auth/key.h"

#include "auth/digest.h"

#include <nettle/memops.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>
#include <zlib.h>

static const char prefix[] = "orders_";
static const char digits[] = "0123456789abcdef";

enum {
    ID_DIGITS = KEY_ID_TEXT - 1,
    ID_AT = sizeof prefix - 1,
    SECRET_AT = ID_AT + ID_DIGITS + 1,
    SECRET_DIGITS = 64,
    CHECKSUM_AT = SECRET_AT + SECRET_DIGITS,
    CHECKSUM_DIGITS = 8,
};
_Static_assert(CHECKSUM_AT + CHECKSUM_DIGITS + 1 == KEY_TEXT, "a key has these parts");

/* Eight digits, of which the first is the highest; without printf, which takes as long as the hash. */
static void write_checksum(const char *text, char out[static CHECKSUM_DIGITS])
{
    uLong sum = crc32(0, (const Bytef *)text, CHECKSUM_AT);
    for (size_t i = CHECKSUM_DIGITS; i > 0; i--, sum >>= 4)
        out[i - 1] = digits[sum & 0x0f];
}

static void fill(struct key *key, const char *text)
{
    struct digest digest;
    memcpy(key->id, text + ID_AT, ID_DIGITS);
    key->id[ID_DIGITS] = '\0';
    digest_of(text + SECRET_AT, SECRET_DIGITS, &digest);
    memcpy(key->hash, digest.bytes, sizeof key->hash);
}

static void write_digits(char *out, const uint8_t bytes[], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 0x0f];
    }
}

bool key_make(struct key *key, char text[static KEY_TEXT])
{
    uint8_t random[(ID_DIGITS + SECRET_DIGITS) / 2];
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        return false; /* of so few bytes a signal lets none be read in part */
    memcpy(text, prefix, ID_AT);
    write_digits(text + ID_AT, random, ID_DIGITS / 2);
    text[SECRET_AT - 1] = '_';
    write_digits(text + SECRET_AT, random + ID_DIGITS / 2, SECRET_DIGITS / 2);
    write_checksum(text, text + CHECKSUM_AT);
    text[KEY_TEXT - 1] = '\0';
    fill(key, text);
    explicit_bzero(random, sizeof random);
    return true;
}

/* Its end is none. */
static bool are_digits(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if ((text[i] < '0' || text[i] > '9') && (text[i] < 'a' || text[i] > 'f'))
            return false;
    }
    return true;
}

static bool is_whole(const char *text)
{
    char checksum[CHECKSUM_DIGITS];
    if (!are_digits(text + ID_AT, ID_DIGITS) || text[SECRET_AT - 1] != '_' ||
        !are_digits(text + SECRET_AT, SECRET_DIGITS + CHECKSUM_DIGITS) || text[KEY_TEXT - 1] != '\0')
        return false;
    write_checksum(text, checksum);
    return memcmp(text + CHECKSUM_AT, checksum, sizeof checksum) == 0;
}

enum key_form key_read(const char *secret, struct key *key)
{
    if (strncmp(secret, prefix, ID_AT) != 0)
        return KEY_FORM_OTHER;
    if (!is_whole(secret))
        return KEY_FORM_DAMAGED;
    fill(key, secret);
    return KEY_FORM_WHOLE;
}

bool key_has_hash(const struct key *key, const unsigned char hash[static KEY_HASH_BYTES])
{
    return memeql_sec(key->hash, hash, KEY_HASH_BYTES) != 0;
}
