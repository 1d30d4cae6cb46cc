/* session.h: what every command has: the global options, and the service behind them. */
#ifndef ORDERSCTL_SESSION_H
#define ORDERSCTL_SESSION_H

#include "config/config.h"
#include "exit_code.h"
#include "interrupt.h"
#include "output.h"
#include "progress.h"
#include "rpc/client.h"
#include "screen.h"

#include <argp.h>
#include <protobuf-c/protobuf-c.h>

/* What a command cannot do without; each wants what stands before it too. */
enum session_need { SESSION_NEEDS_NOTHING, SESSION_NEEDS_OUTPUT, SESSION_NEEDS_SERVICE, SESSION_NEEDS_KEY };

/* Files of TLS. */
enum session_tls_file { SESSION_CA, SESSION_CERT, SESSION_CERT_KEY, SESSION_TLS_FILES };

enum { SESSION_FAILURE_TEXT = 256 };

struct session {
    enum output_format output;
    struct screen screen;
    uint32_t timeout_ms; /* 0: the client's own */
    struct config config;
    struct rpc_client *client;   /* NULL before session_open */
    int answered;                /* eventfd of the call that waits for Ctrl-C too; 0: none was made so far */
    struct interrupt *interrupt; /* what ends a call before its answer came; NULL: nothing */
    struct progress *progress;   /* what leaves the screen before a failure is reported; NULL: nothing */
    bool lasts;                  /* a failure that may pass is kept in `passing` instead of being reported */
    char passing[SESSION_FAILURE_TEXT]; /* the last such one, "UNAVAILABLE: No server within reach"; "": none
                                         */

    /* What of it the command line said. */
    const char *target; /* --target; NULL: not given */
    bool connect_given;
    bool key_given;
    bool tls_given[SESSION_TLS_FILES];
    bool output_given;
};

/* The global options; their input is a struct session. --connect, --api-key-file and those of TLS stand for
 * the variables of the environment with the same meaning, which they set. */
extern const struct argp session_argp;

/* Reads the settings and starts to connect. An option wins over the environment, and that over the target
 * that the config file has for the default; a target that --target names is an option too. On failure it is
 * reported, and the exit code is not EXIT_OK. */
enum exit_code session_open(struct session *session, enum session_need need);
void session_close(struct session *session);

/* Calls a method and waits. Never NULL; to be freed with rpc_reply_free. A failure is reported. When the
 * session's interrupt came first, the status is STATUS_CANCELLED, nothing is reported, and the session can
 * make no other call. */
struct rpc_reply *session_call(struct session *session, const ProtobufCServiceDescriptor *service,
                               const ProtobufCMethodDescriptor *method, const ProtobufCMessage *input);

/* The same for a method of orders.v1.OrderService. */
struct rpc_reply *session_call_order(struct session *session, const char *method,
                                     const ProtobufCMessage *input);

#endif
