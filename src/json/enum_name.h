/* enum_name.h: what an enum's value is called in JSON: "pending" for ORDER_STATUS_PENDING. */
#ifndef JSON_ENUM_NAME_H
#define JSON_ENUM_NAME_H

#include "base/arena.h"

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

enum { ENUM_NAME_BYTES = 128 };

/* Writes the name of a value, which may be NULL; returns its length, 0 when it has none. */
size_t enum_name_write(const ProtobufCEnumDescriptor *type, const ProtobufCEnumValue *value,
                       char out[static ENUM_NAME_BYTES]);

/* The name of an enum value in JSON ("pending"), in the arena; NULL for an unspecified or unknown one. */
const char *enum_name(const ProtobufCEnumDescriptor *type, int value, struct arena *arena);

#endif
