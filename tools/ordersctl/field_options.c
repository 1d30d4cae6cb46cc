/* field_options.c: texts by field number, read by descriptor when all are there. */
#include "field_options.h"

#include "json/mapping.h"

#include <string.h>

bool field_options_take(struct field_options *options, int key, const char *argument)
{
    if (key <= FIELD_OPTION || key >= FIELD_OPTION + FIELD_OPTIONS)
        return false;
    options->texts[key - FIELD_OPTION] = argument;
    return true;
}

size_t field_options_count(const struct field_options *options)
{
    size_t n = 0;
    for (size_t i = 0; i < FIELD_OPTIONS; i++)
        n += options->texts[i] != NULL;
    return n;
}

void field_options_apply(const struct field_options *options, ProtobufCMessage *message, struct arena *arena,
                         struct status *status)
{
    for (unsigned number = 1; number < FIELD_OPTIONS; number++) {
        const char *text = options->texts[number];
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field(message->descriptor, number);
        if (text != NULL && field != NULL)
            json_field_from_text(text, strlen(text), field, message, arena, status);
    }
}
