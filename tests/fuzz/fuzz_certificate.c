/* fuzz_certificate.c: from a client's certificate to a principal, and the file that says what it may.
 *
 * The first byte chooses what the rest is: a certificate in DER, or the file.
 */
#include "fuzz.h"

#include "auth/certificate_roles.h"
#include "tls/subject.h"

#include <ctype.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const char named[] = "CN=writer,O=Example";

/* A file in memory, by its path. */
static struct certificate_roles *open_roles(const void *bytes, size_t size)
{
    char path[64], error[512] = "";
    const int fd = memfd_create("roles", MFD_CLOEXEC);
    must(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    struct certificate_roles *roles = certificate_roles_open(path, error, sizeof error);
    must(roles != NULL || strncmp(error, path, strlen(path)) == 0);
    close(fd);
    return roles;
}

/* Only whose whole subject is named has a role, and the name is the subject's. */
static bool find(struct certificate_roles *roles, const char *subject, struct principal *principal)
{
    const struct auth_subject_source source = certificate_roles_source(roles);
    return source.check(source.arg, subject, INT64_MAX, principal) == AUTH_KNOWN;
}

static void check_principal(struct certificate_roles *roles, const char *subject)
{
    struct principal principal;
    if (!find(roles, subject, &principal)) {
        must(*subject == '\0' || strlen(subject) + strlen("tls:") >= PRINCIPAL_NAME_BYTES);
        must(principal.role == ROLE_NONE && principal.name[0] == '\0');
        return;
    }
    must(strncmp(principal.name, "tls:", strlen("tls:")) == 0);
    must(strcmp(principal.name + strlen("tls:"), subject) == 0);
    must(principal.role == (strcmp(subject, named) == 0 ? ROLE_WRITER : ROLE_NONE));
    must(principal.is_listed == (principal.role != ROLE_NONE));
}

static void fuzz_der(const struct fuzz_input *input)
{
    static struct certificate_roles *roles;
    static const char file[] = "writer CN=writer,O=Example\n";
    char subject[TLS_SUBJECT_BYTES], again[TLS_SUBJECT_BYTES];
    if (roles == NULL)
        roles = open_roles(file, strlen(file));
    memset(subject, 0xFF, sizeof subject);
    const bool is_one = tls_subject((struct tls_der){input->at, input->left}, subject);
    must(memchr(subject, '\0', sizeof subject) != NULL);
    must(is_one == (*subject != '\0'));
    must(tls_subject((struct tls_der){input->at, input->left}, again) == is_one &&
         strcmp(subject, again) == 0);
    for (const char *at = subject; *at != '\0'; at++)
        must(isprint((unsigned char)*at));
    check_principal(roles, subject);
}

/* Whatever it says, nobody has a role whose subject is not in it. */
static void fuzz_roles(const struct fuzz_input *input)
{
    struct principal principal;
    struct certificate_roles *roles = open_roles(input->at, input->left);
    if (roles == NULL)
        return;
    must(find(roles, named, &principal));
    if (principal.role != ROLE_NONE) {
        const char *role = role_name(principal.role);
        must(memmem(input->at, input->left, named, strlen(named)) != NULL);
        must(memmem(input->at, input->left, role, strlen(role)) != NULL);
    }
    certificate_roles_free(roles);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct fuzz_input input = {bytes, size};
    if (fuzz_choice(&input, 2) == 0)
        fuzz_der(&input);
    else
        fuzz_roles(&input);
    return 0;
}
