/* fetch.c: one curl handle, asked again and again. */
#include "auth/fetch.h"

#include "base/regular_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

const char *fetch_outcome_name(enum fetch_outcome outcome)
{
    static const char *const names[FETCH_OUTCOMES] = {"ok", "unreachable", "refused", "invalid"};
    return names[outcome];
}

/* --- libcurl --- */

static size_t take_bytes(char *bytes, size_t size, size_t n, void *user)
{
    struct fetch *fetch = user;
    const size_t more = size * n;
    if (more > fetch->most_bytes - fetch->length)
        return 0; /* which ends the transfer */
    char *text = realloc(fetch->text, fetch->length + more + 1);
    if (text == NULL)
        return 0;
    memcpy(text + fetch->length, bytes, more);
    fetch->text = text;
    fetch->length += more;
    text[fetch->length] = '\0';
    return more;
}

static int is_given_up(void *user, curl_off_t total, curl_off_t now, curl_off_t sent_total, curl_off_t sent)
{
    const struct fetch *fetch = user;
    (void)total;
    (void)now;
    (void)sent_total;
    (void)sent;
    return *fetch->stops ? 1 : 0;
}

static bool set_options(struct fetch *fetch)
{
    CURL *curl = fetch->curl;
    return curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_bytes) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEDATA, fetch) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, is_given_up) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_XFERINFODATA, fetch) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)FETCH_TIMEOUT_MS) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)FETCH_CONNECT_TIMEOUT_MS) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https,http") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK && /* not for a slow name server */
           (fetch->ca_file == NULL || curl_easy_setopt(curl, CURLOPT_CAINFO, fetch->ca_file) == CURLE_OK);
}

bool fetch_init(struct fetch *fetch, const char *ca_file, const atomic_bool *stops)
{
    *fetch = (struct fetch){.curl = curl_easy_init(), .ca_file = ca_file, .stops = stops};
    if (fetch->curl != NULL && set_options(fetch))
        return true;
    fetch_free(fetch);
    return false;
}

void fetch_free(struct fetch *fetch)
{
    free(fetch->text);
    curl_easy_cleanup(fetch->curl);
    *fetch = (struct fetch){0};
}

static void fetch_forget(struct fetch *fetch, size_t most_bytes)
{
    free(fetch->text);
    fetch->text = NULL;
    fetch->length = 0;
    fetch->most_bytes = most_bytes;
    fetch->max_age_s = -1;
    fetch->why[0] = '\0';
}

/* Of Cache-Control (RFC 9111, 5.2.2); the shortest that is said, when there are several. */
static long read_max_age(CURL *curl)
{
    static const char name[] = "max-age=";
    struct curl_header *header;
    long max_age_s = -1;
    for (size_t i = 0; curl_easy_header(curl, "Cache-Control", i, CURLH_HEADER, -1, &header) == CURLHE_OK;
         i++) {
        const char *at = strcasestr(header->value, name);
        const long age_s = at != NULL ? strtol(at + strlen(name) + (at[strlen(name)] == '"'), NULL, 10) : 0;
        if (at == NULL && strcasestr(header->value, "no-") == NULL)
            continue;
        if (age_s >= 0 && (max_age_s < 0 || age_s < max_age_s))
            max_age_s = age_s;
    }
    return max_age_s;
}

/* What libcurl opens to trust it: it would wait for whoever writes to a FIFO. */
static bool has_authorities(struct fetch *fetch)
{
    const char *why;
    const int fd = fetch->ca_file != NULL ? regular_file_open(fetch->ca_file, &why) : -1;
    if (fd >= 0)
        (void)close(fd);
    if (fd >= 0 || fetch->ca_file == NULL)
        return true;
    snprintf(fetch->why, sizeof fetch->why, "ca-file: %s", why);
    return false;
}

/* Where a proxy is set for all (https_proxy, http_proxy), this machine is still asked directly. */
static enum fetch_outcome perform(struct fetch *fetch, const char *url)
{
    long status = 0;
    const char *proxy = strncasecmp(url, "http:", strlen("http:")) == 0 ? "" : NULL;
    CURLcode code = curl_easy_setopt(fetch->curl, CURLOPT_URL, url);
    if (code == CURLE_OK)
        code = curl_easy_setopt(fetch->curl, CURLOPT_PROXY, proxy);
    if (code == CURLE_OK)
        code = curl_easy_perform(fetch->curl);
    if (code != CURLE_OK) {
        snprintf(fetch->why, sizeof fetch->why, "%s", curl_easy_strerror(code));
        return FETCH_UNREACHABLE;
    }
    curl_easy_getinfo(fetch->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200) {
        snprintf(fetch->why, sizeof fetch->why, "HTTP status %ld", status);
        return FETCH_REFUSED;
    }
    fetch->max_age_s = read_max_age(fetch->curl);
    return FETCH_OK;
}

enum fetch_outcome fetch_url(struct fetch *fetch, const char *url, size_t most_bytes)
{
    fetch_forget(fetch, most_bytes);
    const enum fetch_outcome outcome = has_authorities(fetch) ? perform(fetch, url) : FETCH_UNREACHABLE;
    if (outcome == FETCH_OK && fetch->text == NULL) {
        snprintf(fetch->why, sizeof fetch->why, "it is empty");
        return FETCH_INVALID;
    }
    return outcome;
}

/* --- files --- */

static bool read_whole(struct fetch *fetch, int fd)
{
    struct stat about;
    if (fstat(fd, &about) != 0)
        return false;
    if ((size_t)about.st_size > fetch->most_bytes) {
        errno = EFBIG;
        return false;
    }
    const size_t size = (size_t)about.st_size;
    fetch->text = calloc(1, size + 1);
    const ssize_t n = fetch->text != NULL ? read(fd, fetch->text, size) : -1;
    fetch->length = n > 0 ? (size_t)n : 0;
    return n >= 0;
}

enum fetch_outcome fetch_file(struct fetch *fetch, const char *path, size_t most_bytes)
{
    const char *why;
    fetch_forget(fetch, most_bytes);
    const int fd = regular_file_open(path, &why);
    const bool is_read = fd >= 0 && read_whole(fetch, fd);
    if (!is_read)
        snprintf(fetch->why, sizeof fetch->why, "%s", fd >= 0 ? strerrordesc_np(errno) : why);
    if (fd >= 0)
        (void)close(fd);
    fetch->max_age_s = 0; /* to look again costs nothing */
    return is_read ? FETCH_OK : FETCH_REFUSED;
}
