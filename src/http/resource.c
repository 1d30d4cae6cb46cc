/* resource.c: found by name in a list that is short; compressed before anybody asks. */
#include "http/resource.h"

#include "base/fingerprint.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

/* --- what is made at start --- */

void resources_init(struct resources *resources)
{
    resources->made = NULL;
    resources->n_made = 0;
    arena_init(&resources->arena);
}

void resources_free(struct resources *resources)
{
    arena_free(&resources->arena);
}

static struct resource_form form_of(const char *bytes, size_t length, struct arena *arena)
{
    return (struct resource_form){
        .bytes = bytes,
        .length = length,
        .etag = arena_printf(arena, "%016" PRIx64, fingerprint_of("", bytes, length)),
    };
}

/* Without one when there is no memory for it, or it would be no shorter. */
static struct resource_form compress_form(const struct resource_form *plain, struct arena *arena)
{
    enum { GZIP_WINDOW = 15 + 16, MEMORY_LEVEL = 8 };
    struct resource_form gzip = {.bytes = NULL};
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)plain->bytes, .avail_in = (uInt)plain->length};
    if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, MEMORY_LEVEL,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        return gzip;
    char *bytes = arena_alloc(arena, plain->length);
    stream.next_out = (Bytef *)bytes;
    stream.avail_out = (uInt)plain->length;
    if (deflate(&stream, Z_FINISH) == Z_STREAM_END)
        gzip = form_of(bytes, stream.total_out, arena);
    (void)deflateEnd(&stream);
    return gzip;
}

void resources_make(struct resources *resources, const char *name, const char *type, const char *text,
                    size_t length)
{
    const size_t size = resources->n_made * sizeof *resources->made;
    struct arena *arena = &resources->arena;
    resources->made = arena_grow(arena, resources->made, size, size + sizeof *resources->made);
    struct resource *made = &resources->made[resources->n_made++];
    *made = (struct resource){.name = name, .type = type};
    made->plain = form_of(arena_copy(arena, text, length), length, arena);
    made->gzip = compress_form(&made->plain, arena);
}

const struct resource *resources_find(const struct resources *resources, const char *name)
{
    for (size_t i = 0; i < resources->n_made; i++) {
        if (strcmp(resources->made[i].name, name) == 0)
            return &resources->made[i];
    }
    for (size_t i = 0; i < resources_built_in_count; i++) {
        if (strcmp(resources_built_in[i].name, name) == 0)
            return &resources_built_in[i];
    }
    return NULL;
}

/* --- Accept-Encoding --- */

/* Whether what stands behind a coding, up to the next comma, is a weight of nothing: ";q=0", "; Q=0.000". */
static bool is_refused(const char *parameters)
{
    parameters += strspn(parameters, " \t");
    if (*parameters != ';')
        return false;
    parameters++;
    parameters += strspn(parameters, " \t");
    if (strncasecmp(parameters, "q=0", 3) != 0)
        return false;
    parameters += 3;
    parameters += strspn(parameters, ".0");
    return *parameters == '\0' || strchr(", \t", *parameters) != NULL;
}

static bool is_coding(const char *name, size_t length, const char *coding)
{
    return length == strlen(coding) && strncasecmp(name, coding, length) == 0;
}

/* What is said of gzip by its name goes before what is said of all by "*". */
static bool takes_gzip(const char *accept_encoding)
{
    bool by_name = false, named = false, by_star = false;
    for (const char *at = accept_encoding; *at != '\0'; at += *at == ',') {
        at += strspn(at, " \t");
        const size_t length = strcspn(at, ",; \t");
        const bool taken = !is_refused(at + length);
        if (is_coding(at, length, "gzip") || is_coding(at, length, "x-gzip")) {
            named = true;
            by_name |= taken;
        } else if (is_coding(at, length, "*")) {
            by_star = taken;
        }
        at += strcspn(at, ",");
    }
    return named ? by_name : by_star;
}

const struct resource_form *resource_form(const struct resource *resource, const char *accept_encoding)
{
    const bool gzip = resource->gzip.bytes != NULL && accept_encoding != NULL && takes_gzip(accept_encoding);
    return gzip ? &resource->gzip : &resource->plain;
}

/* --- headers --- */

/* A browser may keep it, but asks each time whether it is still the same: a new version changes what is in a
 * file, not its name. */
void resource_add_headers(const struct resource *resource, const char *policy, struct answer *answer)
{
    answer_header(answer, "Cache-Control", "no-cache");
    answer_header(answer, "Content-Security-Policy",
                  policy != NULL ? policy : "default-src 'none'; frame-ancestors 'none'");
    answer_header(answer, "X-Content-Type-Options", "nosniff");
    answer_header(answer, "Referrer-Policy", "no-referrer");
    if (resource->gzip.bytes != NULL)
        answer_header(answer, "Vary", "Accept-Encoding");
}
