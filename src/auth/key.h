/* key.h: the form of a key:
 *
 *     orders_<id>_<secret><checksum>      orders_3f0c9a5b17d2e864_…
 *
 * in lower-case hexadecimal digits: an id of 64 bits, by which a key is looked up and which is no secret; 256
 * random bits; and the CRC-32 of all before it. The prefix is for scanners that look for secrets where none
 * belong (orders_[0-9a-f]{16}_[0-9a-f]{72}); by the checksum a key that was mistyped or cut is told from one
 * that is not known, without a lookup.
 *
 * Of a key its SHA-256 is kept, never itself. A hash that is made to be slow (bcrypt, Argon2) or is salted
 * protects secrets that can be guessed, as passwords can: to guess 256 random bits takes 2^255 attempts,
 * however fast each is, and no two keys are the same. A slow one would be paid for by each call.
 */
#ifndef AUTH_KEY_H
#define AUTH_KEY_H

#include <stdbool.h>

enum {
    KEY_ID_TEXT = 17, /* with its end, as the next */
    KEY_TEXT = 97,
    KEY_HASH_BYTES = 32,
};

/* What is kept of a key. */
struct key {
    char id[KEY_ID_TEXT];
    unsigned char hash[KEY_HASH_BYTES];
};

/* A new one, whose text is to be told once. False, and errno says why: the system has no random bytes. */
bool key_make(struct key *key, char text[static KEY_TEXT]);

enum key_form {
    KEY_FORM_OTHER,   /* it does not begin as a key does */
    KEY_FORM_DAMAGED, /* it is no key any more */
    KEY_FORM_WHOLE,
};

/* Reads a secret; sets the key, if it is whole. */
enum key_form key_read(const char *secret, struct key *key);

/* In constant time. */
bool key_has_hash(const struct key *key, const unsigned char hash[static KEY_HASH_BYTES]);

#endif
