/* answer.c: one table from gRPC's codes to HTTP's. */
#include "http/answer.h"

#include "json/text.h"

#include <assert.h>
#include <string.h>

static const struct row {
    unsigned status;
    const char *detail;         /* instead of the RPC's message, which callers are not to see */
    const char *header, *value; /* that tell the caller what to do; NULL: there is none */
} rows[STATUS_CODES] = {
    [STATUS_OK] = {.status = 200},
    [STATUS_CANCELLED] = {.status = 500, .detail = "Internal Server Error"},
    [STATUS_UNKNOWN] = {.status = 500, .detail = "Internal Server Error"},
    [STATUS_INVALID_ARGUMENT] = {.status = 422},
    [STATUS_DEADLINE_EXCEEDED] = {.status = 504},
    [STATUS_NOT_FOUND] = {.status = 404},
    [STATUS_ALREADY_EXISTS] = {.status = 400},
    [STATUS_PERMISSION_DENIED] = {.status = 403},
    [STATUS_RESOURCE_EXHAUSTED] = {.status = 503, .header = "Retry-After", .value = "1"},
    [STATUS_FAILED_PRECONDITION] = {.status = 422},
    [STATUS_ABORTED] = {.status = 409},
    [STATUS_OUT_OF_RANGE] = {.status = 400},
    [STATUS_UNIMPLEMENTED] = {.status = 501},
    [STATUS_INTERNAL] = {.status = 500, .detail = "Internal Server Error"},
    [STATUS_UNAVAILABLE] = {.status = 503, .header = "Retry-After", .value = "1"},
    [STATUS_DATA_LOSS] = {.status = 500},
    [STATUS_UNAUTHENTICATED] = {.status = 401,
                                .header = "WWW-Authenticate",
                                .value = "Bearer"}, /* RFC 9110, 11.6.1 */
};

void answer_header(struct answer *answer, const char *name, const char *value)
{
    assert(answer->n_headers < ANSWER_MAX_HEADERS); /* which ones there are depends on no request's length */
    answer->headers[answer->n_headers++] = (struct answer_header){.name = name, .value = value};
}

bool answer_has_header(const struct answer *answer, const char *name)
{
    for (size_t i = 0; i < answer->n_headers; i++) {
        if (strcmp(answer->headers[i].name, name) == 0)
            return true;
    }
    return false;
}

void answer_change_header(struct answer *answer, const char *name, const char *value)
{
    for (size_t i = 0; i < answer->n_headers; i++) {
        if (strcmp(answer->headers[i].name, name) == 0)
            answer->headers[i].value = value;
    }
}

void answer_detail(struct answer *answer, struct arena *arena, unsigned status, const char *detail)
{
    static const char open[] = "{\"detail\":";
    struct text text = TEXT_INIT(arena);
    text_append(&text, open, strlen(open));
    text_string(&text, detail, strlen(detail));
    text_char(&text, '}');
    answer->status = status;
    answer->length = text.length;
    answer->body = text_end(&text);
}

/* RFC 6585, 4, and draft-ietf-httpapi-ratelimit-headers-11. */
static void answer_limit(struct answer *answer, struct arena *arena, const struct status *failure)
{
    const struct status_limit *limit = failure->limit;
    answer_detail(answer, arena, 429, failure->message);
    answer_header(answer, "Retry-After", arena_printf(arena, "%u", limit->retry_after_s));
    answer_header(answer, "RateLimit-Policy", arena_strdup(arena, limit->policy));
    answer_header(answer, "RateLimit", arena_strdup(arena, limit->state));
}

void answer_failure(struct answer *answer, struct arena *arena, const struct status *failure)
{
    if (failure->limit != NULL) {
        answer_limit(answer, arena, failure);
        return;
    }
    const struct row *row = &rows[failure->code < STATUS_CODES ? failure->code : STATUS_UNKNOWN];
    answer_detail(answer, arena, row->status, row->detail != NULL ? row->detail : failure->message);
    if (row->header != NULL)
        answer_header(answer, row->header, row->value);
}
