/* fetch.h: a document from the web or from a file, by libcurl, within bounds of size and time. Blocks: for a
 * thread that serves no calls. Redirects are not followed: the operator named the server, and no server may
 * name another. */
#ifndef AUTH_FETCH_H
#define AUTH_FETCH_H

#include <curl/curl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

enum fetch_outcome {
    FETCH_OK,
    FETCH_UNREACHABLE, /* no connection, no certificate that holds, no whole answer in time */
    FETCH_REFUSED,     /* another status than 200; a file that cannot be read */
    FETCH_INVALID,     /* it was read, and is malformed; set by the caller */
    FETCH_OUTCOMES
};

/* "ok" */
const char *fetch_outcome_name(enum fetch_outcome outcome);

enum {
    FETCH_TIMEOUT_MS = 10000,
    FETCH_CONNECT_TIMEOUT_MS = 5000,
    FETCH_WHY_BYTES = 160,
};

struct fetch {
    CURL *curl; /* kept, for its connection; one thread at a time */
    const char *ca_file;
    const atomic_bool *stops; /* set to cancel it: it then ends soon */

    char *text; /* of the last document, owned: with a NUL behind it */
    size_t length, most_bytes;
    long max_age_s;            /* how long it may be kept; -1: it was not said */
    char why[FETCH_WHY_BYTES]; /* what went wrong */
};

/* False: out of memory. `ca_file` may be NULL: the system's are trusted. */
bool fetch_init(struct fetch *fetch, const char *ca_file, const atomic_bool *stops);
void fetch_free(struct fetch *fetch);

/* By https, or http of this machine (jwt_issuers_is_fit_url). */
enum fetch_outcome fetch_url(struct fetch *fetch, const char *url, size_t most_bytes);

enum fetch_outcome fetch_file(struct fetch *fetch, const char *path, size_t most_bytes);

#endif
