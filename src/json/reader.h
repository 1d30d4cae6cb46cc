/* reader.h: the state of reading a JSON document into a message: the place of a value, and how one is
 * refused. */
#ifndef JSON_READER_H
#define JSON_READER_H

#include "base/arena.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

/* Where in the document a value stands; the chain leads outward. NULL is the document itself. */
struct place {
    const struct place *outer;
    const char *name; /* of a member; NULL for an element */
    size_t index;     /* of an element */
    unsigned depth;
};

/* A document being read. */
struct reader {
    struct arena *arena;
    struct status *status;
    bool proto_json;      /* members may have lowerCamelCase names, and a time is text */
    bool refuses_unknown; /* members that are no field */
    bool from_text;       /* a query parameter, whose boolean may be a word */
};

struct place place_member(const struct place *outer, const char *name);

/* Whether the maximum of violations is reached: further ones are not reported. */
bool reader_is_full(const struct reader *reader);

/* Refuses the value at a place. False, for the caller to return. */
bool reader_refuse(struct reader *reader, const struct place *place, const char *type, const char *message);

/* The same of a rule of which the parameter varies, which the message ends in. */
bool reader_refuse_of(struct reader *reader, const struct place *place, const char *type,
                      const char *parameter, const char *message);

/* The same of a value that is none of these words; `meant` is that of them which it may stand for, or NULL.
 */
bool reader_refuse_words(struct reader *reader, const struct place *place, const char *type,
                         const char *words, const char *meant);

#endif
