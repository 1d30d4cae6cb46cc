/* member_name.h: what a field is called in JSON: by its name in the .proto, or in ProtoJSON's lowerCamelCase
 * (protobuf.dev, "ProtoJSON"). */
#ifndef JSON_MEMBER_NAME_H
#define JSON_MEMBER_NAME_H

#include <protobuf-c/protobuf-c.h>

enum { MEMBER_NAME_BYTES = 128 };

/* "totalAmount" of total_amount. */
void member_name_camel(const ProtobufCFieldDescriptor *field, char out[static MEMBER_NAME_BYTES]);

/* The field that a member of this name is; NULL: there is none. */
const ProtobufCFieldDescriptor *member_name_find(const ProtobufCMessageDescriptor *type, const char *name);

/* The field whose name is most like this one, for "did you mean"; NULL: none is like it. */
const ProtobufCFieldDescriptor *member_name_guess(const ProtobufCMessageDescriptor *type, const char *name);

#endif
