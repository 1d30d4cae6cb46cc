/* bootstrap_keys.h: the keys of the settings: each is the administrator's, by the name "bootstrap". There may
 * be several, so that one can be replaced while both hold. */
#ifndef AUTH_BOOTSTRAP_KEYS_H
#define AUTH_BOOTSTRAP_KEYS_H

#include "auth/authenticator.h"

#define BOOTSTRAP_NAME "bootstrap"

/* The keys, NULL-terminated, must outlive the authenticator. It takes a secret that is one of them, of any
 * form, and leaves others to other sources. In a time that depends on the secret alone. */
struct auth_source bootstrap_keys_source(const char *const *keys);

#endif
