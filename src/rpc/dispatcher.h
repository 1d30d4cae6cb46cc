/* dispatcher.h: from a method's name to its function, by the protobuf-c service descriptors.
 *
 * Filled once by main and then only read, from any thread.
 */
#ifndef RPC_DISPATCHER_H
#define RPC_DISPATCHER_H

#include "base/call.h"

#include <protobuf-c/protobuf-c.h>

typedef struct Rpc__V1__Request Rpc__V1__Request;

struct dispatcher;

enum dispatcher_access {
    DISPATCHER_NEEDS_KEY,
    DISPATCHER_OPEN, /* wants no API key */
};

/* Makes a dispatcher; callers present this key, which must outlive it. NULL when out of memory. */
struct dispatcher *dispatcher_new(const char *api_key);
void dispatcher_free(struct dispatcher *dispatcher);

/* Adds every method of a service, which must outlive the dispatcher. False when out of memory. */
bool dispatcher_add(struct dispatcher *dispatcher, ProtobufCService *service, enum dispatcher_access access);

/* How many methods there are, and the full name of each: once all are added, an index stays what it is. */
size_t dispatcher_count(const struct dispatcher *dispatcher);
const char *dispatcher_name(const struct dispatcher *dispatcher, size_t index);

/* What a request asks for, and by what right. */
struct dispatcher_target {
    size_t method; /* dispatcher_count: there is none of that name */
    bool is_open;  /* it wants no key */
    bool has_key;  /* the right one is shown, whatever is asked for */
};
struct dispatcher_target dispatcher_look_up(const struct dispatcher *dispatcher,
                                            const Rpc__V1__Request *request);

/* Whether a call goes on, now that its arena holds the request. False: its status says why not. */
typedef bool dispatcher_admit(struct call *call);

/* Refuses who has no right to the target that was looked up for the request, unpacks the payload into the
 * call's arena, asks `admit` unless that is NULL, and calls the method. `done` is called once, with the call
 * as its closure data, perhaps from another thread; its message is NULL when the call's status is an error or
 * the answer is empty. */
void dispatcher_invoke(const struct dispatcher *dispatcher, const struct dispatcher_target *target,
                       struct call *call, const Rpc__V1__Request *request, dispatcher_admit *admit,
                       ProtobufCClosure done);

#endif
