/* notice.h: the server's NOTICE and WARNING messages, which libpq would print to stderr. */
#ifndef STORE_NOTICE_H
#define STORE_NOTICE_H

#include "base/log.h"
#include "store/lane.h"

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

/* Of one session: a trigger may say something for each row. */
struct notice_bound {
    uint64_t second_ns; /* when the second began in which so many were logged */
    unsigned logged;
    unsigned left_out; /* since then */
};

/* Writes a line to the log: at warn what the server calls a warning, else at info. Ten a second at most; the
 * next one says how many were left out. Never waits. */
void notice_log(struct log *log, enum lane lane, struct notice_bound *bound, const PGresult *notice);

/* Whether the notice says that a commit's wait for a synchronous standby was cancelled: the commit is on this
 * server alone, and may be lost with it. Recognized by its source file in PostgreSQL
 * (src/backend/replication/syncrep.c), as its SQLSTATE is that of any warning and its text is translated. */
bool notice_is_of_unreplicated_commit(const PGresult *notice);

#endif
