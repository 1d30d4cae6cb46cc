/* session_state.h: the state of a session, for store/session.h and the files that implement it. */
#ifndef STORE_SESSION_STATE_H
#define STORE_SESSION_STATE_H

#include "base/log.h"
#include "store/backend.h"
#include "store/dial.h"
#include "store/lane.h"
#include "store/notice.h"

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SESSION_TICK_MS = 20,
    SESSION_CHECK_MS = 1000,  /* for `check_ms` */
    SESSION_ANSWER_MS = 5000, /* for `answer_ms` */
    SESSION_REASON = 160,
    /* Sessions that were given up and have not ended yet, before no further one is begun. */
    SESSION_LEFT_MOST = 2,
};

#define SESSION_NO_LIMIT_NS (UINT64_MAX / 2) /* may be added to any time */

struct session {
    const char *database_url; /* outlives the session */
    enum lane lane;
    struct log *log;            /* gets the server's notices; NULL: nobody does */
    PGconn *pg;                 /* owned; NULL: not connected */
    bool (*stopped)(void *arg); /* asked on each tick of a wait: end it as if the connection broke */
    void *arg;
    unsigned check_ms;   /* how often a session is asked whether it can still serve */
    unsigned answer_ms;  /* a server that does not even answer that for so long is lost */
    uint64_t checked_ns; /* when the session was last known to serve; 0: that is in doubt */
    /* A server that says nothing for so long is lost: it would have ended any statement of its own accord.
     * SESSION_NO_LIMIT_NS, where it ends none: then TCP alone tells whether it is there. */
    uint64_t silence_ns;
    struct dial *dial;                      /* owned: an attempt that is not over; or NULL */
    struct backend backend;                 /* the session's; none, where a pooler has it */
    int answers_pid;                        /* which process answers, a pooler's too; 0: none did yet */
    struct backend left[SESSION_LEFT_MOST]; /* sessions given up with something under way, which may not
                                                  have ended */
    size_t n_left;
    enum session_result outcome;   /* of the last attempt or check */
    char why[SESSION_WHY];         /* it is not ready: one line without secrets, for who runs it */
    char reason[SESSION_REASON];   /* the same in a few words for anybody */
    const char *answer;            /* the same for callers, without names of the database's; static */
    char degraded[SESSION_REASON]; /* it serves, but this is wrong: the same; "": nothing is */
    struct notice_bound notices;
    unsigned n_notified; /* for session_take_notified */
    bool is_outdated;    /* somebody changed a table since its statements were prepared */
    int encoding;        /* of text both ways, libpq's number for UTF8 */
    bool kept_slot;      /* it could not see whether to leave its slot of the rollup, and the log says so */
    bool unreplicated;   /* a commit of the session was ended while it waited for a standby */
};

#endif
