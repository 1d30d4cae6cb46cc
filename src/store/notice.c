/* notice.c: without the server's details and hints, which may quote a row. */
#include "store/notice.h"

#include "base/time.h"

#include <string.h>

enum { NOTICES_A_SECOND = 10 };

static bool take_line(struct notice_bound *bound)
{
    const uint64_t now_ns = time_monotonic_ns();
    if (now_ns - bound->second_ns >= NS_PER_S) {
        bound->second_ns = now_ns;
        bound->logged = 0;
    }
    return bound->logged++ < NOTICES_A_SECOND;
}

void notice_log(struct log *log, enum lane lane, struct notice_bound *bound, const PGresult *notice)
{
    if (!take_line(bound)) {
        bound->left_out++;
        return;
    }
    const struct log_field left_out = {.name = bound->left_out > 0 ? "left_out" : NULL,
                                       .number = bound->left_out};
    bound->left_out = 0;
    const char *severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
    const bool warns = severity != NULL && strcmp(severity, "WARNING") == 0;
    log_line(log, warns ? LOG_LEVEL_WARN : LOG_LEVEL_INFO, "database notice",
             LOG_STR("lane", lane_name(lane)), LOG_STR("severity", severity),
             LOG_STR("sqlstate", PQresultErrorField(notice, PG_DIAG_SQLSTATE)),
             LOG_STR("notice", PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY)), left_out);
}

bool notice_is_of_unreplicated_commit(const PGresult *notice)
{
    const char *function = PQresultErrorField(notice, PG_DIAG_SOURCE_FUNCTION);
    return function != NULL && strcmp(function, "SyncRepWaitForLSN") == 0;
}
