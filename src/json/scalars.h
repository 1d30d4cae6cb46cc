/* scalars.h: how a value of each protobuf type that is no message is kept in C, written as JSON and read from
 * it. */
#ifndef JSON_SCALARS_H
#define JSON_SCALARS_H

#include "json/reader.h"
#include "json/text.h"

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>

struct kind {
    size_t size;
    /* False: it has no JSON form, and nothing was written. */
    bool (*write)(const ProtobufCFieldDescriptor *field, const void *value, struct text *out);
    /* False: refused, and *out as it was. */
    bool (*from_json)(struct reader *reader, const struct place *place, const ProtobufCFieldDescriptor *field,
                      const json_t *json, void *out);
};

/* By ProtobufCType. Bytes have no JSON form, and size 0. */
extern const struct kind scalar_kinds[];

/* A string in the reader's arena. False: refused. */
bool scalar_read_string(struct reader *reader, const struct place *place, const json_t *json, char **out);

/* Refuses text that is not UTF-8. False, for the caller to return. */
bool scalar_refuse_unicode(struct reader *reader, const struct place *place);

#endif
