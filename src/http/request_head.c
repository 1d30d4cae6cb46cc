/* request_head.c: headers are looked at one by one, since what a proxy in front makes of repeated ones is not
 * known.
 */
#include "http/request_head.h"

#include "base/call.h"
#include "base/uuid.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What is found in a walk over the headers. */
struct header_walk {
    struct request_head *head;
    struct arena *arena;
    unsigned hosts, lengths, encodings, traceparents;
    bool chunked;
    bool bad_key, bad_host;
};

#define ID_CHARACTERS  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-"
#define KEY_CHARACTERS ID_CHARACTERS "/+=" /* base64 too */

static bool is_sane(const char *id, size_t length, const char *allowed)
{
    return length >= 1 && length <= CALL_REQUEST_ID_MAX_BYTES && strspn(id, allowed) == length;
}

/* A string as structured fields have it (RFC 8941), with its quotes, or without. */
static void take_idempotency_key(struct header_walk *walk, const char *value, size_t size)
{
    if (size >= 2 && value[0] == '"' && value[size - 1] == '"') {
        value++;
        size -= 2;
    }
    const char *key = arena_copy(walk->arena, value, size);
    walk->bad_key |= walk->head->idempotency_key != NULL || !is_sane(key, size, KEY_CHARACTERS);
    walk->head->idempotency_key = key;
}

#define DIGITS          "0123456789"
#define HEX_DIGITS      DIGITS "ABCDEFabcdef"
#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" DIGITS "-._~!$&'()*+,;="

/* The end of a name as URIs have it, or of an address in brackets (RFC 3986, 3.2.2). */
static const char *skip_host(const char *value)
{
    if (*value == '[') {
        const char *end = value + 1 + strspn(value + 1, NAME_CHARACTERS ":");
        return end > value + 1 && *end == ']' ? end + 1 : value;
    }
    for (;;) {
        value += strspn(value, NAME_CHARACTERS);
        if (value[0] != '%' || strspn(value + 1, HEX_DIGITS) < 2)
            return value;
        value += 3;
    }
}

/* One may be empty, and so may a port (RFC 9110, 7.2). */
static bool is_host(const char *value, size_t size)
{
    const char *end = skip_host(value);
    if (*end == ':')
        end += 1 + strspn(end + 1, DIGITS);
    return end == value + size;
}

/* Most differ in length. */
static bool is_name(const char *name, size_t size, const char *wanted)
{
    return size == strlen(wanted) && strcasecmp(name, wanted) == 0;
}

static enum MHD_Result look(void *arg, enum MHD_ValueKind kind, const char *name, size_t name_size,
                            const char *value, size_t value_size)
{
    struct header_walk *walk = arg;
    (void)kind;
    if (value == NULL)
        value = "";
    if (is_name(name, name_size, "Host")) {
        walk->hosts++;
        walk->bad_host |= !is_host(value, value_size);
    } else if (is_name(name, name_size, "Content-Length")) {
        walk->lengths++;
        walk->head->content_length = strtoull(value, NULL, 10);
    } else if (is_name(name, name_size, "Transfer-Encoding")) {
        walk->encodings++;
        walk->chunked = strcasecmp(value, "chunked") == 0;
    } else if (is_name(name, name_size, "Content-Encoding")) {
        walk->head->is_coded |= value_size > 0 && strcasecmp(value, "identity") != 0;
    } else if (is_name(name, name_size, "Expect")) {
        walk->head->expects_continue = strcasecmp(value, "100-continue") == 0;
    } else if (is_name(name, name_size, "Idempotency-Key")) {
        take_idempotency_key(walk, value, value_size);
    } else if (is_name(name, name_size, "traceparent")) {
        walk->traceparents++;
        trace_join(&walk->head->trace, value, value_size);
    } else if (is_name(name, name_size, "X-Request-ID") && is_sane(value, value_size, ID_CHARACTERS)) {
        walk->head->request_id = arena_copy(walk->arena, value, value_size);
    }
    return MHD_YES;
}

static const char *malformation(const struct header_walk *walk, bool http_1_1)
{
    if (walk->bad_key)
        return "Idempotency-Key should be one of 1 to 128 letters, digits, "
               "\".\", \"_\", \":\", \"-\", \"/\", \"+\" and \"=\"";
    if (walk->hosts > 1)
        return "Host is repeated";
    if (walk->hosts == 0 && http_1_1)
        return "Host is missing";
    if (walk->bad_host)
        return "Host is no host";
    if (walk->lengths > 1)
        return "Content-Length is repeated";
    if (walk->lengths > 0 && walk->encodings > 0)
        return "Content-Length and Transfer-Encoding exclude each other";
    if (walk->encodings > 0 && (walk->encodings > 1 || !walk->chunked || !http_1_1))
        return "Transfer-Encoding can be chunked only";
    return NULL;
}

void request_head_read(struct MHD_Connection *connection, const char *version, struct arena *arena,
                       struct request_head *head)
{
    struct header_walk walk = {.head = head, .arena = arena};
    *head = (struct request_head){0};
    MHD_get_connection_values_n(connection, MHD_HEADER_KIND, look, &walk);
    head->malformed = malformation(&walk, version != NULL && strcmp(version, "HTTP/1.1") == 0);
    if (walk.traceparents != 1 || !trace_is_set(&head->trace)) /* of several, none is to be believed */
        trace_begin(&head->trace);
    if (head->request_id == NULL) {
        char *id = arena_alloc(arena, UUID_TEXT);
        uuid_make(id);
        head->request_id = id;
        head->request_id_is_new = true;
    }
}

/* The lists of entity tags presented. */
struct lists {
    struct precondition_list if_match, if_none_match;
};

static struct precondition_list *list_of(struct lists *lists, const char *name, size_t name_size)
{
    if (is_name(name, name_size, "If-Match"))
        return &lists->if_match;
    return is_name(name, name_size, "If-None-Match") ? &lists->if_none_match : NULL;
}

static enum MHD_Result count_tags(void *lists, enum MHD_ValueKind kind, const char *name, size_t name_size,
                                  const char *value, size_t value_size)
{
    struct precondition_list *list = list_of(lists, name, name_size);
    (void)kind;
    (void)value;
    if (list != NULL)
        precondition_count(list, value_size);
    return MHD_YES;
}

static enum MHD_Result add_tags(void *lists, enum MHD_ValueKind kind, const char *name, size_t name_size,
                                const char *value, size_t value_size)
{
    struct precondition_list *list = list_of(lists, name, name_size);
    (void)kind;
    if (list != NULL)
        precondition_add(list, value, value_size);
    return MHD_YES;
}

void request_head_read_precondition(struct MHD_Connection *connection, struct arena *arena,
                                    struct precondition *precondition)
{
    struct lists lists = {0};
    MHD_get_connection_values_n(connection, MHD_HEADER_KIND, count_tags, &lists);
    if (lists.if_match.size + lists.if_none_match.size == 0) {
        *precondition = (struct precondition){.if_match = NULL};
        return;
    }
    precondition_make_room(&lists.if_match, arena);
    precondition_make_room(&lists.if_none_match, arena);
    MHD_get_connection_values_n(connection, MHD_HEADER_KIND, add_tags, &lists);
    *precondition =
        (struct precondition){.if_match = lists.if_match.bytes, .if_none_match = lists.if_none_match.bytes};
}

/* --- who calls --- */

struct secrets {
    struct auth_presented *presented;
    bool is_clear;
};

static enum MHD_Result read_secret(void *arg, enum MHD_ValueKind kind, const char *name, size_t name_size,
                                   const char *value, size_t value_size)
{
    struct secrets *secrets = arg;
    const char **secret;
    (void)kind;
    if (is_name(name, name_size, "X-API-Key"))
        secret = &secrets->presented->api_key;
    else if (is_name(name, name_size, "Authorization"))
        secret = &secrets->presented->authorization;
    else
        return MHD_YES;
    if (value_size == 0)
        return MHD_YES;
    secrets->is_clear &= strlen(value) == value_size && (*secret == NULL || strcmp(*secret, value) == 0);
    *secret = value;
    return MHD_YES;
}

bool request_head_read_secrets(struct MHD_Connection *connection, struct auth_presented *presented)
{
    struct secrets secrets = {presented, true};
    MHD_get_connection_values_n(connection, MHD_HEADER_KIND, read_secret, &secrets);
    return secrets.is_clear;
}
