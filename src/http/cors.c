/* cors.c: an origin is allowed when it is in the list, letter by letter. */
#include "http/cors.h"

#include "http/paging.h"
#include "http/unreachable.h"

#include <string.h>
#include <strings.h>

static const char *const methods[] = {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", NULL};
static const char methods_joined[] = "DELETE, GET, HEAD, OPTIONS, PATCH, POST";

static bool in_list(const char *const *list, const char *wanted)
{
    for (size_t i = 0; list[i] != NULL; i++) {
        if (strcmp(list[i], wanted) == 0)
            return true;
    }
    return false;
}

void cors_allow(const char *const *origins, const char *origin, struct answer *answer)
{
    if (origin == NULL || !in_list(origins, origin))
        return;
    answer_header(answer, "Access-Control-Allow-Origin", origin);
    answer_header(answer, "Access-Control-Allow-Credentials", "true");
    answer_header(answer, "Access-Control-Expose-Headers",
                  "ETag, Idempotency-Replayed, Retry-After, X-Request-ID, " PAGING_NEXT_HEADER
                  ", " PAGING_TOTAL_HEADER ", " UNREACHABLE_HEADER);
    answer_header(answer, "Vary", "Origin");
}

bool cors_is_foreign(const char *const *origins, const char *origin, const char *fetch_site, const char *host)
{
    if (origin != NULL && in_list(origins, origin))
        return false;
    if (fetch_site != NULL)
        return strcmp(fetch_site, "same-origin") != 0 && strcmp(fetch_site, "none") != 0;
    if (origin == NULL)
        return false;
    static const char scheme[] = "https://",
                      port[] = ":443"; /* what has a certificate, and what is left out */
    if (host == NULL || strncmp(origin, scheme, strlen(scheme)) != 0)
        return true;
    const char *own = origin + strlen(scheme);
    return strncasecmp(own, host, strlen(own)) != 0 ||
           (host[strlen(own)] != '\0' && strcmp(host + strlen(own), port) != 0);
}

bool cors_answer_preflight(const char *const *origins, const struct cors_preflight *preflight,
                           struct arena *arena, struct answer *answer)
{
    if (preflight->origin == NULL || preflight->method == NULL)
        return false;
    if (!in_list(origins, preflight->origin)) {
        answer_detail(answer, arena, 400, "Disallowed CORS origin");
        return true;
    }
    if (in_list(methods, preflight->method))
        answer->status = 200;
    else
        answer_detail(answer, arena, 400, "Disallowed CORS method");
    answer_header(answer, "Access-Control-Allow-Methods", methods_joined);
    answer_header(answer, "Access-Control-Max-Age", "600");
    if (preflight->headers != NULL)
        answer_header(answer, "Access-Control-Allow-Headers", preflight->headers);
    return true;
}
