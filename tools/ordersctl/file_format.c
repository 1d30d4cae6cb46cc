/* file_format.c: names of formats are the endings of files' names. */
#include "file_format.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

static const char gzip_ending[] = ".gz";

static const struct {
    const char *name;
    enum output_format format;
} formats[] = {
    {"json", OUTPUT_JSON},
    {"ndjson", OUTPUT_NDJSON},
    {"jsonl", OUTPUT_NDJSON},
    {"csv", OUTPUT_CSV},
};

static enum output_format file_format_find(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        if (strlen(formats[i].name) == length && strncasecmp(formats[i].name, name, length) == 0)
            return formats[i].format;
    }
    return OUTPUT_TABLE;
}

enum output_format file_format_named(const char *name)
{
    return file_format_find(name, strlen(name));
}

bool file_format_is_gzip(const char *path)
{
    const size_t length = strlen(path), ending = sizeof gzip_ending - 1;
    return length >= ending && strcasecmp(path + length - ending, gzip_ending) == 0;
}

enum output_format file_format_of(const char *path)
{
    const size_t length = strlen(path) - (file_format_is_gzip(path) ? sizeof gzip_ending - 1 : 0);
    const char *dot = memrchr(path, '.', length);
    return dot != NULL ? file_format_find(dot + 1, length - (size_t)(dot + 1 - path)) : OUTPUT_TABLE;
}
