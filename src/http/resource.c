/* resource.c: found by name in a list that is short; compressed before anybody asks. */
#include "http/resource.h"

#include "base/fingerprint.h"
#include "http/coding.h"
#include "http/entity_tag.h"

#include <inttypes.h>
#include <string.h>

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

void resources_make(struct resources *resources, const char *name, const char *type, const char *text,
                    size_t length)
{
    const size_t size = resources->n_made * sizeof *resources->made;
    struct arena *arena = &resources->arena;
    resources->made = arena_grow(arena, resources->made, size, size + sizeof *resources->made);
    struct resource *made = &resources->made[resources->n_made++];
    *made = (struct resource){.name = name, .type = type};
    made->plain = form_of(arena_copy(arena, text, length), length, arena);
    size_t compressed;
    const char *gzip = coding_gzip(made->plain.bytes, length, CODING_ONCE, arena, &compressed);
    if (gzip != NULL && compressed < length)
        made->gzip = form_of(gzip, compressed, arena);
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

/* --- forms --- */

const struct resource_form *resource_form(const struct resource *resource, const char *accept_encoding)
{
    return resource->gzip.bytes != NULL && coding_takes_gzip(accept_encoding) ? &resource->gzip
                                                                              : &resource->plain;
}

/* --- answers --- */

/* A browser may keep it, but asks each time whether it is still the same: a new version changes what is in a
 * file, not its name. */
static void add_headers(const struct resource *resource, const char *policy, struct answer *answer)
{
    answer_header(answer, "Cache-Control", "no-cache");
    answer_header(answer, "Content-Security-Policy",
                  policy != NULL ? policy : "default-src 'none'; frame-ancestors 'none'");
    answer_header(answer, "X-Content-Type-Options", "nosniff");
    answer_header(answer, "Referrer-Policy", "no-referrer");
    if (resource->gzip.bytes != NULL)
        answer_header(answer, "Vary", "Accept-Encoding");
}

void resource_answer(const struct resource *resource, const char *accept_encoding, const char *policy,
                     const struct precondition *precondition, struct arena *arena, struct answer *answer)
{
    const struct resource_form *form = resource_form(resource, accept_encoding);
    answer->is_coded = true;
    answer->body = form->bytes;
    answer->length = form->length;
    add_headers(resource, policy, answer);
    entity_tag_add(form->etag, "", true, precondition, arena, answer);
    if (answer->body != form->bytes)
        return; /* a precondition has another answer */
    answer->type = resource->type;
    if (form == &resource->gzip)
        answer_header(answer, "Content-Encoding", "gzip");
}
