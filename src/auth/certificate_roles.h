/* certificate_roles.h: what the holders of certificates may: a file in which each line is a role and a
 * subject.
 *
 *     # who          as RFC 4514 has it
 *     writer CN=billing,O=Example
 *     reader CN=reports,O=Example
 *
 * The whole subject is compared, byte for byte, as tls/subject.h writes it: to be of the same authority, or
 * to have a part of the name in common, gives nothing. A subject that is not listed is known, as
 * "tls:SUBJECT", but has no role.
 *
 * The functions may be called on any thread.
 */
#ifndef AUTH_CERTIFICATE_ROLES_H
#define AUTH_CERTIFICATE_ROLES_H

#include "auth/authenticator.h"

#include <stdbool.h>
#include <stddef.h>

struct certificate_roles;

/* NULL as the path: nobody has a role. NULL: `error` is one line that names the file, and the line of it;
 * errno is EINVAL, or ENOMEM. The path must outlive it. */
struct certificate_roles *certificate_roles_open(const char *path, char *error, size_t error_size);
void certificate_roles_free(struct certificate_roles *roles);

/* Reads the file again. False: it is broken, `error` says how, and all is as it was. */
bool certificate_roles_load(struct certificate_roles *roles, char *error, size_t error_size);

/* Who the holder of a certificate is, by its subject, until the certificate ends: the clock is asked each
 * time. AUTH_MISSING: nobody: it has no subject, or one that is too long for a principal's name. The roles
 * must outlive the authenticator. */
struct auth_subject_source certificate_roles_source(struct certificate_roles *roles);

#endif
