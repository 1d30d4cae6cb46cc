/* session_state.h: what a session is made of, for session.h and session_settings.h. */
#ifndef ORDERSCTL_SESSION_STATE_H
#define ORDERSCTL_SESSION_STATE_H

#include "config/config.h"
#include "interrupt.h"
#include "output.h"
#include "rpc/client.h"
#include "screen.h"

#include <stdbool.h>
#include <stdint.h>

/* What a command cannot do without; each wants what stands before it too. */
enum session_need { SESSION_NEEDS_NOTHING, SESSION_NEEDS_OUTPUT, SESSION_NEEDS_SERVICE, SESSION_NEEDS_KEY };

/* Files of TLS. */
enum session_tls_file { SESSION_CA, SESSION_CERT, SESSION_CERT_KEY, SESSION_TLS_FILES };

enum { SESSION_FAILURE_TEXT = 256, SESSION_DETAILS = 10 };

struct session {
    enum output_format output;
    struct screen screen;
    bool verbose;        /* calls are shown, see call_log.h */
    uint32_t timeout_ms; /* 0: the client's own */
    struct config config;
    struct rpc_client *client;   /* NULL before session_open */
    int answered;                /* eventfd of the call that waits for Ctrl-C too; 0: none was made so far */
    struct interrupt *interrupt; /* what ends a call before its answer came; NULL: nothing */
    bool lasts;                  /* a failure that may pass is kept in `passing` instead of being reported */
    char passing[SESSION_FAILURE_TEXT]; /* the last such one, "UNAVAILABLE: No server within reach"; "": none
                                         */

    char withheld[SESSION_FAILURE_TEXT];   /* the target whose key is for another address; "": none */
    char key_origin[SESSION_FAILURE_TEXT]; /* where the key that is presented is from; "": there is none */

    /* What of it the command line said. */
    const char *target;   /* --target; NULL: not given */
    const char *key_file; /* --api-key-file; NULL: not given */
    bool connect_given;
    bool tls_given[SESSION_TLS_FILES];
    bool output_given;
    bool no_pager;
};

#endif
