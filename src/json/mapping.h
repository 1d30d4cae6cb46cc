/* mapping.h: protobuf messages as JSON and back, by descriptor.
 *
 * Field names are the .proto's (snake_case); int64 is a JSON number; an enum value is its name without the
 * enum's prefix, in lower case ("pending"), and the zero value "…_UNSPECIFIED" has no JSON name;
 * google.protobuf.Timestamp is RFC 3339 text; google.protobuf.FieldMask is its paths joined by commas.
 * Knows no particular message: a field that is added to a .proto appears here without a line.
 * A uint64 above INT64_MAX and a field of type bytes have no JSON form: the latter is left out.
 */
#ifndef JSON_MAPPING_H
#define JSON_MAPPING_H

#include "base/arena.h"
#include "base/status.h"

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

/* A message as compact JSON text in the arena, with every field in it, defaults too; only an absent message,
 * an unspecified enum or a string that is NULL, which protobuf-c takes for absent, is left out; and the field
 * `without`, NULL for none, in every message that has it. */
char *json_text_from_message(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *without,
                             struct arena *arena, size_t *length);

/* As json_text_from_message, for the value of one field; "null" for one that would be left out. */
char *json_text_from_field(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                           const ProtobufCFieldDescriptor *without, struct arena *arena, size_t *length);

/* As json_text_from_message, as a value. A new reference, the caller's; NULL when out of memory. */
json_t *json_from_message(const ProtobufCMessage *message);

/* What becomes of a member that is no field of its message. One whose name is like that of a field is refused
 * all the same, unless the field has a member. */
enum json_unknown { JSON_UNKNOWN_REFUSED, JSON_UNKNOWN_IGNORED };

/* Fills an initialized message from a JSON object. Strings and messages are made in the arena. A field may
 * also be called by its lowerCamelCase name, but not twice. `null` counts as absent for a message, a
 * Timestamp or an enum. Every field that cannot be taken is added to the status as a violation, named by its
 * path ("orders.3.currency"), in field order, and left unset; the others are filled; behind those of a
 * message come its unknown members. Takes 12.0 and "12" as an integer 12; a Timestamp is text.
 * Types: unknown_field, given_twice, string_type, string_unicode, control_character (a NUL in a string),
 * int_type, int_parsing, int_parsing_size, int_from_float, float_parsing, enum, bool_parsing, datetime_type,
 * datetime_parsing, datetime_from_date_parsing, list_type, object_type, nested_too_deeply. */
void json_to_message(const json_t *object, ProtobufCMessage *message, enum json_unknown unknown,
                     struct arena *arena, struct status *status);

/* As json_to_message, for one field's value alone, of which `null` is always refused. Within it members have
 * the .proto's names alone, and unknown ones are ignored, as REST has it; and a Timestamp may be a number of
 * seconds since 1970, or of milliseconds beyond 2e10 either way. */
void json_field_from_json(const json_t *value, const ProtobufCFieldDescriptor *field,
                          ProtobufCMessage *message, struct arena *arena, struct status *status);

/* As json_to_message, for one field given as text, as a query parameter is, of which a boolean may also be
 * "1", "0" and a word that pydantic takes ("True", "off"). The violation is named by the field's name. */
void json_field_from_text(const char *text, size_t length, const ProtobufCFieldDescriptor *field,
                          ProtobufCMessage *message, struct arena *arena, struct status *status);

#endif
