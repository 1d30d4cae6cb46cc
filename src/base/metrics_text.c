/* metrics_text.c: a line a sample, and two before each family. */
#include "base/metrics_text.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_BYTES = 16 << 10 };

/* The text being made. */
struct exposition {
    struct arena *arena;
    char *bytes;
    size_t length, capacity;
};

static void exposition_append(struct exposition *text, const char *bytes, size_t length)
{
    if (length > text->capacity - text->length) {
        const size_t twice = 2 * text->capacity, least = text->length + length;
        const size_t capacity = twice > least ? twice : least;
        text->bytes = arena_grow(text->arena, text->bytes, text->capacity, capacity);
        text->capacity = capacity;
    }
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
}

static void append_string(struct exposition *text, const char *string)
{
    exposition_append(text, string, strlen(string));
}

/* HELP escapes backslash and line feed, a label's value the quote besides. */
static void append_escaped(struct exposition *text, const char *string, bool quotes)
{
    for (; *string != '\0'; string++) {
        if (*string == '\n')
            append_string(text, "\\n");
        else if (*string == '\\' || (*string == '"' && quotes))
            exposition_append(text, (const char[]){'\\', *string}, 2);
        else
            exposition_append(text, string, 1);
    }
}

void metrics_number(double value, char out[static METRICS_NUMBER_TEXT])
{
    if (!isfinite(value)) {
        snprintf(out, METRICS_NUMBER_TEXT, "%s", isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf");
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(out, METRICS_NUMBER_TEXT, "%.*g", digits, value);
        if (strtod(out, NULL) == value)
            return;
    }
}

static void append_sample(struct exposition *text, const struct metrics_sample *sample)
{
    char number[METRICS_NUMBER_TEXT];
    metrics_number(sample->value, number);
    append_string(text, sample->name);
    for (size_t i = 0; i < sample->n_labels; i++) {
        append_string(text, i == 0 ? "{" : ",");
        append_string(text, sample->labels[i].name);
        append_string(text, "=\"");
        append_escaped(text, sample->labels[i].value, true);
        append_string(text, "\"");
    }
    append_string(text, sample->n_labels > 0 ? "} " : " ");
    append_string(text, number);
    append_string(text, "\n");
}

static void append_family(struct exposition *text, const struct metric_family *family)
{
    static const char *const types[] = {
        [METRIC_COUNTER] = "counter", [METRIC_GAUGE] = "gauge", [METRIC_HISTOGRAM] = "histogram"};
    append_string(text, "# HELP ");
    append_string(text, family->name);
    append_string(text, " ");
    append_escaped(text, family->help, false);
    append_string(text, "\n# TYPE ");
    append_string(text, family->name);
    append_string(text, " ");
    append_string(text, types[family->type]);
    append_string(text, "\n");
}

const char *metrics_text(struct metrics *metrics, struct arena *arena, size_t *length)
{
    size_t n;
    const struct metrics_group *groups = metrics_gather(metrics, arena, &n);
    struct exposition text = {.arena = arena};
    text.bytes = arena_alloc(arena, FIRST_BYTES);
    text.capacity = FIRST_BYTES;
    for (size_t i = 0; i < n; i++) {
        append_family(&text, groups[i].family);
        for (size_t k = 0; k < groups[i].n_samples; k++)
            append_sample(&text, &groups[i].samples[k]);
    }
    *length = text.length;
    return text.bytes;
}
