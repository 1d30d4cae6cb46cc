/* schema.h: the JSON that mapping.h makes of a field, as JSON Schema (2020-12).
 *
 * By descriptor alone: what a type cannot say, such as how long a string may be, others add.
 */
#ifndef JSON_SCHEMA_H
#define JSON_SCHEMA_H

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>

/* What a message within is referred to by is `references` and its short name: "#/components/schemas/" makes
 * "#/components/schemas/Order". A new reference, the caller's; NULL for bytes, which have no JSON form. */
json_t *json_schema_of_field(const ProtobufCFieldDescriptor *field, const char *references);

/* The message within a field that is referred to; NULL for one that has none, or a JSON form of its own. */
const ProtobufCMessageDescriptor *json_schema_refers_to(const ProtobufCFieldDescriptor *field);

#endif
