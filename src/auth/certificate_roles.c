/* certificate_roles.c: a sorted list, which a new reading of the file replaces. */
#include "auth/certificate_roles.h"

#include "base/regular_file.h"
#include "base/time.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LINE_BYTES = 1024,
    MOST_LINES = 100000, /* of a file: longer ones are none of these */
};

static const char prefix[] = "tls:";

struct row {
    char subject[PRINCIPAL_NAME_BYTES - sizeof prefix + 1];
    enum role role;
};

struct list {
    size_t n, room;
    struct row *rows; /* owned; sorted by the subject */
};

struct certificate_roles {
    const char *path;
    pthread_mutex_t lock;
    struct list list; /* guarded by lock */
};

static int compare_subjects(const void *a, const void *b)
{
    return strcmp(((const struct row *)a)->subject, ((const struct row *)b)->subject);
}

/* --- reading --- */

/* NULL: it was read. */
static const char *read_row(char *line, struct row *row)
{
    char *subject = line + strcspn(line, " \t");
    if (*subject == '\0')
        return "has no subject behind the role";
    *subject++ = '\0';
    subject += strspn(subject, " \t");
    if (*subject == '\0')
        return "has no subject behind the role";
    if (!role_read(line, &row->role))
        return "does not begin with reader, writer or admin";
    if (strlen(subject) >= sizeof row->subject)
        return "has a subject that is too long";
    strcpy(row->subject, subject); /* NOLINT(clang-analyzer-security.insecureAPI.strcpy): it fits */
    return NULL;
}

static const char *add_row(struct list *list, const struct row *row)
{
    if (list->n == list->room) {
        const size_t room = list->room != 0 ? 2 * list->room : 16;
        struct row *rows = reallocarray(list->rows, room, sizeof *rows);
        if (rows == NULL)
            return "has no memory left";
        list->rows = rows;
        list->room = room;
    }
    list->rows[list->n++] = *row;
    return NULL;
}

/* Takes the blanks at the end away, but for one that is escaped (RFC 4514, 2.4). */
static void strip(char *line)
{
    size_t kept = 0;
    for (size_t i = 0; line[i] != '\0'; i++) {
        const bool is_escape = line[i] == '\\' && line[i + 1] != '\0';
        if (is_escape || (line[i] != ' ' && line[i] != '\t'))
            kept = i + (is_escape ? 2 : 1);
        i += is_escape;
    }
    line[kept] = '\0';
}

/* What is wrong with a line; NULL: nothing. */
static const char *read_line(char *line, struct list *list)
{
    struct row row = {0};
    size_t length = strcspn(line, "\r\n");
    if (line[length] == '\0' && length >= LINE_BYTES - 1)
        return "is too long";
    line[length] = '\0';
    strip(line);
    line += strspn(line, " \t");
    if (*line == '\0' || *line == '#')
        return NULL;
    const char *wrong = read_row(line, &row);
    return wrong != NULL ? wrong : add_row(list, &row);
}

static bool has_twice(const struct list *list, const char **subject)
{
    for (size_t i = 1; i < list->n; i++) {
        *subject = list->rows[i].subject;
        if (compare_subjects(&list->rows[i - 1], &list->rows[i]) == 0)
            return true;
    }
    return false;
}

static bool read_list(const char *path, FILE *file, struct list *list, char *error, size_t error_size)
{
    char line[LINE_BYTES];
    unsigned number = 0;
    const char *twice;
    while (fgets(line, sizeof line, file) != NULL) {
        const char *wrong = ++number <= MOST_LINES ? read_line(line, list) : "is one too many";
        if (wrong != NULL) {
            snprintf(error, error_size, "%s: line %u %s", path, number, wrong);
            return false;
        }
    }
    if (ferror(file)) {
        snprintf(error, error_size, "%s: %m", path);
        return false;
    }
    if (list->n > 0)
        qsort(list->rows, list->n, sizeof *list->rows, compare_subjects);
    if (!has_twice(list, &twice))
        return true;
    snprintf(error, error_size, "%s: has \"%s\" twice", path, twice);
    return false;
}

bool certificate_roles_load(struct certificate_roles *roles, char *error, size_t error_size)
{
    struct list list = {0};
    if (roles->path == NULL)
        return true;
    const char *why;
    FILE *file = regular_file_stream(roles->path, &why);
    if (file == NULL) {
        snprintf(error, error_size, "%s: %s", roles->path, why);
        return false;
    }
    const bool read = read_list(roles->path, file, &list, error, error_size);
    (void)fclose(file);
    if (read) {
        pthread_mutex_lock(&roles->lock);
        const struct list last = roles->list;
        roles->list = list;
        pthread_mutex_unlock(&roles->lock);
        list = last;
    }
    free(list.rows);
    return read;
}

struct certificate_roles *certificate_roles_open(const char *path, char *error, size_t error_size)
{
    struct certificate_roles *roles = calloc(1, sizeof *roles);
    snprintf(error, error_size, "no memory for roles");
    errno = ENOMEM;
    if (roles == NULL)
        return NULL;
    pthread_mutex_init(&roles->lock, NULL);
    roles->path = path;
    if (certificate_roles_load(roles, error, error_size))
        return roles;
    certificate_roles_free(roles);
    errno = EINVAL;
    return NULL;
}

void certificate_roles_free(struct certificate_roles *roles)
{
    if (roles == NULL)
        return;
    free(roles->list.rows);
    pthread_mutex_destroy(&roles->lock);
    free(roles);
}

/* --- finding --- */

static enum auth_outcome certificate_roles_find(void *arg, const char *subject, int64_t not_after,
                                                struct principal *principal)
{
    struct certificate_roles *roles = arg;
    struct row key = {.role = ROLE_NONE};
    const size_t length = strlen(subject);
    *principal = (struct principal){.role = ROLE_NONE};
    if (length == 0 || length >= sizeof key.subject)
        return AUTH_MISSING;
    if (time_now().seconds >= not_after)
        return AUTH_CERTIFICATE_EXPIRED;
    memcpy(key.subject, subject, length);
    pthread_mutex_lock(&roles->lock);
    const struct row *row = roles->list.n > 0
                                ? bsearch(&key, roles->list.rows, roles->list.n, sizeof key, compare_subjects)
                                : NULL;
    principal->role = row != NULL ? row->role : ROLE_NONE;
    principal->is_listed = row != NULL;
    pthread_mutex_unlock(&roles->lock);
    snprintf(principal->name, sizeof principal->name, "%s%s", prefix, subject);
    return AUTH_KNOWN;
}

struct auth_subject_source certificate_roles_source(struct certificate_roles *roles)
{
    return (struct auth_subject_source){.check = certificate_roles_find, .arg = roles};
}
