/* session.h: what every command has: the service behind the settings. */
#ifndef ORDERSCTL_SESSION_H
#define ORDERSCTL_SESSION_H

#include "call_log.h"
#include "exit_code.h"
#include "session_state.h"

#include <protobuf-c/protobuf-c.h>

/* Reads the settings and starts to connect. An option wins over the environment, and that over the target
 * that the config file has for the default; a target that --target names is an option too. Where it is a .env
 * in the working directory that wins over the default target, a warning says so. On failure it is reported,
 * and the exit code is not EXIT_OK. */
enum exit_code session_open(struct session *session, enum session_need need);
void session_close(struct session *session);

/* Calls a method and waits. Never NULL; to be freed with rpc_reply_free. A failure is reported. When the
 * session's interrupt came first, the status is STATUS_CANCELLED, nothing is reported, and the session can
 * make no other call. */
struct rpc_reply *session_call(struct session *session, const ProtobufCServiceDescriptor *service,
                               const ProtobufCMethodDescriptor *method, const ProtobufCMessage *input);

/* The metadata by which a service checks a request and does nothing (proto/README.md). */
extern const struct rpc_metadata session_validate_only;

/* session_call with it: nothing is changed, and the answer may have no message. */
struct rpc_reply *session_validate(struct session *session, const ProtobufCServiceDescriptor *service,
                                   const ProtobufCMethodDescriptor *method, const ProtobufCMessage *input);

/* The same for a request that says more than what is called; nothing is reported. */
struct rpc_reply *session_try(struct session *session, const struct rpc_request *request);

/* Of a call that is made on the session's client itself: begins its log, for call_log_end. */
void session_log_call(const struct session *session, struct call_log *log, struct rpc_request *request);

/* session_call for a method of orders.v1.OrderService. */
struct rpc_reply *session_call_order(struct session *session, const char *method,
                                     const ProtobufCMessage *input);

/* What a person can look into when a call has failed so: the addresses of servers that cannot be reached, and
 * why; where a key that is refused is from. At most SESSION_DETAILS - 1 texts in the arena, NULL behind the
 * last, and room for one more. */
const char **session_details(const struct session *session, const struct status *status, bool unreachable,
                             struct arena *arena);

#endif
