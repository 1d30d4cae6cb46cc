/* credential.h: by what right a caller asks. */
#ifndef CALL_CREDENTIAL_H
#define CALL_CREDENTIAL_H

enum credential {
    CREDENTIAL_MISSING, /* no key was presented, or an empty one */
    CREDENTIAL_WRONG,
    CREDENTIAL_RIGHT,
};

/* What a key is that was presented, or NULL, in constant time for one of the right length. */
enum credential credential_check(const char *key, const char *right_key);

#endif
