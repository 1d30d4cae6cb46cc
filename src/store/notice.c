/* notice.c: without the server's details and hints, which may quote a row. */
#include "store/notice.h"

#include <string.h>

void notice_log(struct log *log, enum lane lane, const PGresult *notice)
{
    const char *severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
    const bool warns = severity != NULL && strcmp(severity, "WARNING") == 0;
    log_line(log, warns ? LOG_LEVEL_WARN : LOG_LEVEL_INFO, "database notice",
             LOG_STR("lane", lane_name(lane)), LOG_STR("severity", severity),
             LOG_STR("sqlstate", PQresultErrorField(notice, PG_DIAG_SQLSTATE)),
             LOG_STR("notice", PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY)));
}

bool notice_is_of_unreplicated_commit(const PGresult *notice)
{
    const char *function = PQresultErrorField(notice, PG_DIAG_SOURCE_FUNCTION);
    return function != NULL && strcmp(function, "SyncRepWaitForLSN") == 0;
}
