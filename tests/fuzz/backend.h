/* backend.h: the service as ordersd has it, from the call surface down, over a store that answers at once.
 *
 * A request is called as the server calls it, and its answer read as the client reads it; every promise that
 * holds of any call is checked on the way.
 */
#ifndef FUZZ_BACKEND_H
#define FUZZ_BACKEND_H

#include "base/status.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How many methods there are, of all services. */
size_t backend_methods(void);

/* One of them, with its service. */
const ProtobufCMethodDescriptor *backend_method(size_t index, const ProtobufCServiceDescriptor **service);

struct backend_request {
    const ProtobufCServiceDescriptor *service;
    const ProtobufCMethodDescriptor *method;
    const uint8_t *payload;
    size_t payload_size;
    bool with_key;
    bool validate_only;
    enum status_code outcome; /* what the store is to answer */
};

/* Calls it. The message, of the method's output type, and the status are made in the arena. NULL: the status
 * says why. */
const ProtobufCMessage *backend_call(const struct backend_request *request, struct arena *arena,
                                     struct status *status);

#endif
