/* member_name.c: names in lowerCamelCase are made from the descriptor's, as protobuf-c keeps no others. */
#include "json/member_name.h"

#include "base/likeness.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

void member_name_camel(const ProtobufCFieldDescriptor *field, char out[static MEMBER_NAME_BYTES])
{
    size_t n = 0;
    bool capital = false;
    for (const char *at = field->name; *at != '\0' && n < MEMBER_NAME_BYTES - 1; at++) {
        const int c = capital ? toupper((unsigned char)*at) : *at;
        capital = *at == '_';
        if (!capital)
            out[n++] = (char)c;
    }
    out[n] = '\0';
}

const ProtobufCFieldDescriptor *member_name_find(const ProtobufCMessageDescriptor *type, const char *name)
{
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(type, name);
    for (unsigned i = 0; field == NULL && i < type->n_fields; i++) {
        char camel[MEMBER_NAME_BYTES];
        member_name_camel(&type->fields[i], camel);
        if (strcmp(camel, name) == 0)
            field = &type->fields[i];
    }
    return field;
}

const ProtobufCFieldDescriptor *member_name_guess(const ProtobufCMessageDescriptor *type, const char *name)
{
    const ProtobufCFieldDescriptor *best = NULL;
    int least = NAMES_UNLIKE;
    for (unsigned i = 0; i < type->n_fields; i++) {
        const int mistakes = name_likeness(name, type->fields[i].name);
        if (mistakes < least) {
            least = mistakes;
            best = &type->fields[i];
        }
    }
    return best;
}
