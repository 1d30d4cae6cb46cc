/* coding.c: Accept-Encoding read by hand, and zlib. */
#include "http/coding.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

/* --- Accept-Encoding --- */

/* Whether what stands behind a coding, up to the next comma, is a weight of nothing: ";q=0", "; Q=0.000". */
static bool is_refused(const char *parameters)
{
    parameters += strspn(parameters, " \t");
    if (*parameters != ';')
        return false;
    parameters++;
    parameters += strspn(parameters, " \t");
    if (strncasecmp(parameters, "q=0", 3) != 0)
        return false;
    parameters += 3;
    parameters += strspn(parameters, ".0");
    return *parameters == '\0' || strchr(", \t", *parameters) != NULL;
}

static bool is_coding(const char *name, size_t length, const char *coding)
{
    return length == strlen(coding) && strncasecmp(name, coding, length) == 0;
}

/* What is said of gzip by its name goes before what is said of all by "*". */
bool coding_takes_gzip(const char *accept_encoding)
{
    bool by_name = false, named = false, by_star = false;
    if (accept_encoding == NULL)
        return false;
    for (const char *at = accept_encoding; *at != '\0'; at += *at == ',') {
        at += strspn(at, " \t");
        const size_t length = strcspn(at, ",; \t");
        const bool taken = !is_refused(at + length);
        if (is_coding(at, length, "gzip") || is_coding(at, length, "x-gzip")) {
            named = true;
            by_name |= taken;
        } else if (is_coding(at, length, "*")) {
            by_star = taken;
        }
        at += strcspn(at, ",");
    }
    return named ? by_name : by_star;
}

/* --- gzip --- */

/* For each request a window of 8 KiB, some 30 orders: what zlib then takes meanwhile is 70 KiB and not 260.
 */
static const struct settings {
    int level, window_bits, memory_level;
} settings[] = {
    [CODING_ONCE] = {.level = Z_BEST_COMPRESSION, .window_bits = 15, .memory_level = 9},
    [CODING_EACH] = {.level = Z_BEST_SPEED, .window_bits = 13, .memory_level = 6},
};

const char *coding_gzip(const char *bytes, size_t length, enum coding_effort effort, struct arena *arena,
                        size_t *compressed)
{
    enum { GZIP = 16 };
    const struct settings *set = &settings[effort];
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)bytes, .avail_in = (uInt)length};
    if (deflateInit2(&stream, set->level, Z_DEFLATED, set->window_bits + GZIP, set->memory_level,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        return NULL;
    const uLong most = deflateBound(&stream, (uLong)length);
    char *out = arena_alloc(arena, most);
    stream.next_out = (Bytef *)out;
    stream.avail_out = (uInt)most;
    (void)deflate(&stream, Z_FINISH);
    *compressed = stream.total_out;
    (void)deflateEnd(&stream);
    return out;
}
