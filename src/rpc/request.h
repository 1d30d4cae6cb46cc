/* request.h: what to call, as a caller of a client says it. */
#ifndef RPC_REQUEST_H
#define RPC_REQUEST_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

/* Metadata of a call. Names are lower case. */
struct rpc_metadata {
    const char *name;
    const char *value;
};

/* What to call. Everything it points to is read before rpc_client_call returns. */
struct rpc_request {
    const ProtobufCServiceDescriptor *service;
    const ProtobufCMethodDescriptor *method;
    const ProtobufCMessage *input;
    const char *request_id; /* NULL: a new UUID. A write has its effect once, however often it is called with
                               one id */
    uint32_t timeout_ms;    /* 0: the client's */
    const struct rpc_metadata *metadata;
    size_t n_metadata;
};

#endif
