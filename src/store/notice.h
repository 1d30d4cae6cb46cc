/* notice.h: what the server says beside its results (NOTICE, WARNING): libpq would print it to stderr. */
#ifndef STORE_NOTICE_H
#define STORE_NOTICE_H

#include "base/log.h"
#include "store/lane.h"

#include <libpq-fe.h>

/* Writes a line to the log: at warn what the server calls a warning, else at info. Never waits. */
void notice_log(struct log *log, enum lane lane, const PGresult *notice);

#endif
