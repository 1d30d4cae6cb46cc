/* refusal.c: two tables of what there is to say. */
#include "http/refusal.h"

#include "base/uuid.h"
#include "http/answer.h"

#include <microhttpd.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static const struct row {
    const char *status;
    const char *header; /* a whole line, or nothing */
    const char *body;
} rows[REFUSALS] = {
    [REFUSAL_LATE] = {"408 Request Timeout", "", "{\"detail\":\"The request took too long to arrive\"}"},
    [REFUSAL_TOO_LARGE] = {"413 Content Too Large", "", "{\"detail\":\"Request body is too large\"}"},
    [REFUSAL_TOO_OFTEN] = {"429 Too Many Requests", "Retry-After: 1\r\n",
                           "{\"detail\":\"Too many requests\"}"},
    [REFUSAL_NO_ROOM] = {"503 Service Unavailable", "Retry-After: 1\r\n",
                         "{\"detail\":\"Too many connections\"}"},
};

void refusal_send(int fd, enum refusal refusal, const char *request_id)
{
    const struct row *row = &rows[refusal];
    const time_t now = time(NULL);
    struct tm utc;
    char made[UUID_TEXT], date[64], answer[1024];
    if (request_id == NULL) {
        uuid_make(made);
        request_id = made;
    }
    (void)strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&now, &utc));
    int length = snprintf(answer, sizeof answer,
                          "HTTP/1.1 %s\r\nDate: %s\r\nConnection: close\r\nContent-Type: application/json\r\n"
                          "Cache-Control: " ANSWER_CACHE_CONTROL "\r\n"
                          "X-Request-ID: %s\r\n%sContent-Length: %zu\r\n\r\n%s",
                          row->status, date, request_id, row->header, strlen(row->body), row->body);
    if (length > 0 && (size_t)length < sizeof answer)
        (void)!send(fd, answer, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL);
}

unsigned refusal_status(enum refusal refusal)
{
    return (unsigned)strtoul(rows[refusal].status, NULL, 10);
}

const char *refusal_detail(unsigned status)
{
    static const struct {
        unsigned status;
        const char *detail;
    } details[] = {
        {MHD_HTTP_CONTENT_TOO_LARGE, "Request body is too large"},
        {MHD_HTTP_URI_TOO_LONG, "Request target is too long"},
        {MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE, "Request headers are too large"},
        {MHD_HTTP_NOT_IMPLEMENTED, "Request method is not implemented"},
        {MHD_HTTP_HTTP_VERSION_NOT_SUPPORTED, "HTTP version is not supported"},
    };
    for (size_t i = 0; i < sizeof details / sizeof details[0]; i++) {
        if (details[i].status == status)
            return details[i].detail;
    }
    return NULL;
}
