/* resource.h: static content: the files of web/, which are part of the program, and texts that are made once
 * at start.
 *
 * A request can name one of these and nothing else: no path of it ever reaches the file system. Only the
 * pages of the program's file that were asked for are in memory.
 */
#ifndef HTTP_RESOURCE_H
#define HTTP_RESOURCE_H

#include "base/arena.h"
#include "http/answer.h"
#include "http/precondition.h"

#include <stddef.h>

/* A resource in one coding. */
struct resource_form {
    const char *bytes; /* NULL: there is none */
    size_t length;
    const char *etag; /* a strong one, without its quotes */
};

struct resource {
    const char *name; /* "docs/index.html" */
    const char *type; /* its Content-Type */
    struct resource_form plain;
    struct resource_form gzip; /* none where it would be no shorter */
};

/* The files of web/, in a C file that web/bundle makes. */
extern const struct resource resources_built_in[];
extern const size_t resources_built_in_count;

/* All there is. Not locked: what is made is made before the first request. */
struct resources {
    struct arena arena; /* owns what was made */
    struct resource *made;
    size_t n_made;
};

void resources_init(struct resources *resources);
void resources_free(struct resources *resources);

/* Adds a text, which takes the place of a file of the same name. Name and type must live as long as the
 * resources; the text is copied. */
void resources_make(struct resources *resources, const char *name, const char *type, const char *text,
                    size_t length);

/* NULL: there is none of this name. */
const struct resource *resources_find(const struct resources *resources, const char *name);

/* The form for a request's Accept-Encoding, NULL when it has none (RFC 9110, 12.5.3): gzip where it is there
 * and welcome. */
const struct resource_form *resource_form(const struct resource *resource, const char *accept_encoding);

/* Answers a read with the form that an Accept-Encoding wants, and with what a client is to hold it to: a
 * policy of NULL lets a browser do nothing with it. The answer has its status, in whose place the
 * precondition may put another. */
void resource_answer(const struct resource *resource, const char *accept_encoding, const char *policy,
                     const struct precondition *precondition, struct arena *arena, struct answer *answer);

#endif
