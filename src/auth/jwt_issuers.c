/* jwt_issuers.c: inih reads the file's lines; a table says which members there are. */
#include "auth/jwt_issuers.h"

#include "base/loopback.h"
#include "base/regular_file.h"
#include "base/text_list.h"

#include <curl/curl.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>

enum {
    LINE_MAX_BYTES = 199, /* what inih, as Debian builds it, takes at a time */
    LINES_MOST = 2000,
    LIST_MOST = 32,
};

/* A reading under way. */
struct reading {
    struct jwt_issuers *issuers;
    struct arena *arena;
    const char *path;
    FILE *file;
    int line;                    /* the last that was read */
    int first[JWT_ISSUERS_MOST]; /* the line of each issuer's first member */
    const char *error;           /* what is wrong, in the first line that is; NULL: nothing yet */
    int error_line;
};

/* inih's word for a failure. */
static int refuse_at(struct reading *reading, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int refuse_at(struct reading *reading, int line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (reading->error == NULL) {
        reading->error = arena_vprintf(reading->arena, format, args);
        reading->error_line = line;
    }
    va_end(args);
    return 0;
}

#define refuse(reading, ...) refuse_at((reading), (reading)->line, __VA_ARGS__)

/* --- URLs --- */

static char *part_of(CURLU *url, CURLUPart part)
{
    char *text = NULL;
    return curl_url_get(url, part, &text, 0) == CURLUE_OK ? text : NULL;
}

bool jwt_issuers_is_fit_url(const char *text)
{
    CURLU *url = curl_url();
    if (url == NULL)
        return false;
    const bool is_url = curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK;
    char *scheme = is_url ? part_of(url, CURLUPART_SCHEME) : NULL;
    char *host = is_url ? part_of(url, CURLUPART_HOST) : NULL;
    char *user = is_url ? part_of(url, CURLUPART_USER) : NULL;
    const bool is_fit =
        scheme != NULL && host != NULL && user == NULL &&
        (strcmp(scheme, "https") == 0 || (strcmp(scheme, "http") == 0 && loopback_is(host, strlen(host))));
    curl_free(scheme);
    curl_free(host);
    curl_free(user);
    curl_url_cleanup(url);
    return is_fit;
}

/* --- members --- */

static int set_text(struct reading *reading, const char *value, const char **out)
{
    *out = arena_strdup(reading->arena, value);
    return 1;
}

static int set_list(struct reading *reading, const char *member, const char *value, const char *const **out)
{
    size_t n;
    *out = text_list_split(reading->arena, value, LIST_MOST, &n);
    return *out != NULL ? 1 : refuse(reading, "%s: more than %d values", member, LIST_MOST);
}

static const char *path_beside(struct reading *reading, const char *path)
{
    const char *slash = strrchr(reading->path, '/');
    if (*path == '/' || slash == NULL)
        return arena_strdup(reading->arena, path);
    return arena_printf(reading->arena, "%.*s/%s", (int)(slash - reading->path), reading->path, path);
}

static int set_jwks(struct reading *reading, struct jwt_issuer *issuer, const char *value)
{
    if (strstr(value, "://") == NULL) {
        issuer->jwks = path_beside(reading, value);
        return 1;
    }
    if (!jwt_issuers_is_fit_url(value))
        return refuse(reading, "jwks: is neither a file, nor an https URL, nor an http one of this host");
    return set_text(reading, value, &issuer->jwks);
}

static int set_role_claim(struct reading *reading, struct jwt_issuer *issuer, const char *value)
{
    for (const char *at = *value == '/' ? strchr(value, '~') : NULL; at != NULL; at = strchr(at + 1, '~')) {
        if (at[1] != '0' && at[1] != '1')
            return refuse(reading, "role-claim: \"%s\" is no JSON Pointer: behind a ~ is 0 or 1", value);
    }
    return set_text(reading, value, &issuer->role_claim);
}

static int set_token_type(struct reading *reading, struct jwt_issuer *issuer, const char *value)
{
    issuer->wants_access_token_type = strcmp(value, "at+jwt") == 0;
    return issuer->wants_access_token_type || strcmp(value, "JWT") == 0
               ? 1
               : refuse(reading, "token-type: \"%s\" is neither at+jwt nor JWT", value);
}

static int set_issuer(struct reading *reading, struct jwt_issuer *issuer, const char *value)
{
    return set_text(reading, value, &issuer->issuer);
}

static int set_ca_file(struct reading *reading, struct jwt_issuer *issuer, const char *value)
{
    issuer->ca_file = path_beside(reading, value);
    return 1;
}

static int set_audience(struct reading *reading, struct jwt_issuer *issuer, const char *value)
{
    return set_list(reading, "audience", value, &issuer->audiences);
}

static int set_reader(struct reading *reading, struct jwt_issuer *issuer, const char *value)
{
    return set_list(reading, "reader", value, &issuer->roles[ROLE_READER]);
}

static int set_writer(struct reading *reading, struct jwt_issuer *issuer, const char *value)
{
    return set_list(reading, "writer", value, &issuer->roles[ROLE_WRITER]);
}

static int set_admin(struct reading *reading, struct jwt_issuer *issuer, const char *value)
{
    return set_list(reading, "admin", value, &issuer->roles[ROLE_ADMIN]);
}

static const struct member {
    const char *name;
    int (*set)(struct reading *reading, struct jwt_issuer *issuer, const char *value);
    size_t offset; /* of what it sets: a pointer, or a flag, that is there once */
    bool is_flag;
} members[] = {
    {"issuer", set_issuer, offsetof(struct jwt_issuer, issuer)},
    {"audience", set_audience, offsetof(struct jwt_issuer, audiences)},
    {"jwks", set_jwks, offsetof(struct jwt_issuer, jwks)},
    {"role-claim", set_role_claim, offsetof(struct jwt_issuer, role_claim)},
    {"reader", set_reader, offsetof(struct jwt_issuer, roles[ROLE_READER])},
    {"writer", set_writer, offsetof(struct jwt_issuer, roles[ROLE_WRITER])},
    {"admin", set_admin, offsetof(struct jwt_issuer, roles[ROLE_ADMIN])},
    {"ca-file", set_ca_file, offsetof(struct jwt_issuer, ca_file)},
    {"token-type", set_token_type, offsetof(struct jwt_issuer, wants_access_token_type), true},
};

static bool is_set(const struct jwt_issuer *issuer, const struct member *member)
{
    const char *at = (const char *)issuer + member->offset;
    return member->is_flag ? *(const bool *)at : *(const void *const *)at != NULL;
}

/* --- lines --- */

/* What a principal's name begins with that was proven by a certificate is no issuer's (principal.h). */
static bool is_name(const char *name)
{
    if (strcmp(name, "tls") == 0)
        return false;
    const size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");
    return length > 0 && length <= JWT_ISSUER_NAME_MOST && name[length] == '\0';
}

/* That of a section, "issuer NAME". NULL: it is none, and was refused. */
static struct jwt_issuer *issuer_of(struct reading *reading, const char *section)
{
    static const char prefix[] = "issuer ";
    struct jwt_issuers *issuers = reading->issuers;
    const bool has_prefix = strncmp(section, prefix, strlen(prefix)) == 0;
    const char *name = has_prefix ? section + strlen(prefix) : "";
    for (size_t i = 0; i < issuers->n; i++) {
        if (strcmp(issuers->list[i].name, name) == 0)
            return &issuers->list[i];
    }
    if (!is_name(name)) {
        refuse(reading,
               "[%s]: a member stands below [issuer NAME], whose name has 1 to %d letters, digits "
               "and \"-\", and is not tls",
               section, JWT_ISSUER_NAME_MOST);
        return NULL;
    }
    if (issuers->n == JWT_ISSUERS_MOST) {
        refuse(reading, "[%s]: more than %d issuers", section, JWT_ISSUERS_MOST);
        return NULL;
    }
    reading->first[issuers->n] = reading->line;
    issuers->list[issuers->n].name = arena_strdup(reading->arena, name);
    return &issuers->list[issuers->n++];
}

static int take_member(void *user, const char *section, const char *name, const char *value)
{
    struct reading *reading = user;
    struct jwt_issuer *issuer = issuer_of(reading, section);
    if (issuer == NULL)
        return 0;
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        if (strcmp(members[i].name, name) != 0)
            continue;
        if (*value == '\0')
            return refuse(reading, "%s: is empty", name);
        if (is_set(issuer, &members[i]))
            return refuse(reading, "%s: is there twice", name);
        return members[i].set(reading, issuer, value);
    }
    return refuse(reading,
                  "%s: an issuer has none; it may have issuer, audience, jwks, role-claim, reader, "
                  "writer, admin, token-type and ca-file",
                  name);
}

/* inih's fgets. */
static char *read_line(char *line, int size, void *user)
{
    struct reading *reading = user;
    if (fgets(line, size, reading->file) == NULL)
        return NULL;
    reading->line++;
    if (strchr(line, '\n') == NULL && !feof(reading->file)) {
        refuse(reading, "longer than %d characters", LINE_MAX_BYTES - 1);
        return NULL;
    }
    return reading->line <= LINES_MOST ? line : NULL;
}

/* --- what is wanted of each --- */

static void check_issuer(struct reading *reading, size_t which)
{
    const struct jwt_issuer *issuer = &reading->issuers->list[which];
    const int line = reading->first[which];
    const char *const wanted[] = {issuer->issuer, issuer->role_claim};
    static const char *const names[] = {"issuer", "role-claim"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (wanted[i] == NULL)
            refuse_at(reading, line, "[issuer %s]: %s: is missing", issuer->name, names[i]);
    }
    if (issuer->audiences == NULL || issuer->audiences[0] == NULL)
        refuse_at(reading, line, "[issuer %s]: audience: is missing", issuer->name);
    if (issuer->roles[ROLE_READER] == NULL && issuer->roles[ROLE_WRITER] == NULL &&
        issuer->roles[ROLE_ADMIN] == NULL)
        refuse_at(reading, line, "[issuer %s]: reader, writer, admin: one of them says what the claim holds",
                  issuer->name);
    if (issuer->jwks == NULL && issuer->issuer != NULL && !jwt_issuers_is_fit_url(issuer->issuer))
        refuse_at(reading, line,
                  "[issuer %s]: jwks: is missing, and its issuer, \"%s\", is no https URL to find it at",
                  issuer->name, issuer->issuer);
    for (size_t i = 0; i < which; i++) {
        const char *other = reading->issuers->list[i].issuer;
        if (issuer->issuer != NULL && other != NULL && strcmp(issuer->issuer, other) == 0)
            refuse_at(reading, line, "[issuer %s]: issuer: is that of [issuer %s] too", issuer->name,
                      reading->issuers->list[i].name);
    }
}

bool jwt_issuers_read(struct jwt_issuers *issuers, const char *path, struct arena *arena, char *error,
                      size_t error_size)
{
    const char *why;
    FILE *file = regular_file_stream(path, &why);
    struct reading reading = {.issuers = issuers, .arena = arena, .path = path, .file = file};
    *issuers = (struct jwt_issuers){.n = 0};
    if (file == NULL) {
        snprintf(error, error_size, "%s: %s", path, why);
        return false;
    }
    const int broken = ini_parse_stream(read_line, &reading, take_member, &reading);
    if (reading.error == NULL && broken != 0)
        refuse_at(&reading, broken, "neither [issuer NAME] nor MEMBER = VALUE");
    if (reading.error == NULL && (ferror(reading.file) != 0 || issuers->n == 0))
        refuse(&reading, "there is no [issuer NAME] with members");
    (void)fclose(file);
    for (size_t i = 0; i < issuers->n && reading.error == NULL; i++)
        check_issuer(&reading, i);
    if (reading.error != NULL)
        snprintf(error, error_size, "%s: line %d: %s", path, reading.error_line, reading.error);
    return reading.error == NULL;
}
