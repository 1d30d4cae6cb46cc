/* field_options.h: command line options that are fields of a message.
 *
 * A command's argp_option for a field has the key FIELD_OPTION + the field's number in the .proto; how its
 * text is read, and what is wrong with it, follows from the descriptor.
 */
#ifndef ORDERSCTL_FIELD_OPTIONS_H
#define ORDERSCTL_FIELD_OPTIONS_H

#include "base/arena.h"
#include "base/status.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

enum {
    FIELD_OPTION = 0x200, /* no character, so there is no short option */
    FIELD_OPTIONS = 16,   /* a higher number is no field's */
};

struct field_options {
    const char *texts[FIELD_OPTIONS]; /* by the field's number; NULL: not given */
};

/* Takes an option, if its key is one of a field. */
bool field_options_take(struct field_options *options, int key, const char *argument);

/* How many were given. */
size_t field_options_count(const struct field_options *options);

/* Sets the fields that were given in a message; each that cannot be read is a violation. */
void field_options_apply(const struct field_options *options, ProtobufCMessage *message, struct arena *arena,
                         struct status *status);

#endif
