/* well_known.h: messages that have a JSON form of their own (protobuf.dev, "ProtoJSON"). */
#ifndef JSON_WELL_KNOWN_H
#define JSON_WELL_KNOWN_H

#include "json/reader.h"
#include "json/text.h"

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>

struct well_known {
    const ProtobufCMessageDescriptor *type;
    /* False: this one has none, and nothing was written. */
    bool (*write)(const ProtobufCMessage *message, struct text *out);
    /* Fills an initialized message. False: refused. */
    bool (*from_json)(struct reader *reader, const struct place *place, const json_t *json,
                      ProtobufCMessage *message);
};

/* NULL: messages of this type are JSON objects. */
const struct well_known *well_known_find(const ProtobufCMessageDescriptor *type);

#endif
