/* trace.c: the header's parts have fixed places. */
#include "base/trace.h"

#include "base/uuid.h"

#include <stdio.h>
#include <string.h>

/* Where the parts of "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" begin. */
enum {
    ID_AT = 3,
    SPAN_AT = 36,
    FLAGS_AT = 53,
    LENGTH = TRACE_PARENT_TEXT - 1,
};

static bool is_hex(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (!((text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f')))
            return false;
    }
    return true;
}

static bool is_zero(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (text[i] != '0')
            return false;
    }
    return true;
}

/* A later version may have more behind these parts, but not in them; ff is none. */
static bool is_valid(const char *text, size_t length)
{
    if (length < LENGTH || text[ID_AT - 1] != '-' || text[SPAN_AT - 1] != '-' || text[FLAGS_AT - 1] != '-')
        return false;
    const bool is_first = memcmp(text, "00", 2) == 0;
    if (is_first ? length != LENGTH : length > LENGTH && text[LENGTH] != '-')
        return false;
    return is_hex(text, 2) && memcmp(text, "ff", 2) != 0 && is_hex(text + ID_AT, TRACE_ID_TEXT - 1) &&
           is_hex(text + SPAN_AT, TRACE_SPAN_TEXT - 1) && is_hex(text + FLAGS_AT, 2) &&
           !is_zero(text + ID_AT, TRACE_ID_TEXT - 1) && !is_zero(text + SPAN_AT, TRACE_SPAN_TEXT - 1);
}

/* The 32 digits of a UUID, of which the last 15 are random. */
static void make_digits(char out[static TRACE_ID_TEXT])
{
    char uuid[UUID_TEXT];
    size_t n = 0;
    uuid_make(uuid);
    for (const char *from = uuid; *from != '\0'; from++) {
        if (*from != '-')
            out[n++] = *from;
    }
    out[n] = '\0';
}

/* The last 16 digits: random but for two bits, so never zero. */
static void make_span(struct trace *trace)
{
    char digits[TRACE_ID_TEXT];
    make_digits(digits);
    memcpy(trace->span, digits + TRACE_SPAN_TEXT - 1, TRACE_SPAN_TEXT);
}

bool trace_join(struct trace *trace, const char *traceparent, size_t length)
{
    *trace = (struct trace){0};
    if (!is_valid(traceparent, length))
        return false;
    memcpy(trace->id, traceparent + ID_AT, TRACE_ID_TEXT - 1);
    memcpy(trace->parent, traceparent + SPAN_AT, TRACE_SPAN_TEXT - 1);
    /* Of the flags only those of version 00 are known: sampled, by whoever asked for it. */
    const bool is_sampled = strchr("13579bdf", traceparent[FLAGS_AT + 1]) != NULL;
    memcpy(trace->flags, is_sampled ? "01" : "00", sizeof trace->flags);
    make_span(trace);
    return true;
}

void trace_begin(struct trace *trace)
{
    *trace = (struct trace){.flags = "00"};
    make_digits(trace->id);
    make_span(trace);
}

void trace_below(struct trace *trace, const struct trace *parent)
{
    *trace = *parent;
    memcpy(trace->parent, parent->span, sizeof trace->parent);
    make_span(trace);
}

bool trace_is_set(const struct trace *trace)
{
    return trace->id[0] != '\0';
}

void trace_write(const struct trace *trace, char traceparent[static TRACE_PARENT_TEXT])
{
    snprintf(traceparent, TRACE_PARENT_TEXT, "00-%s-%s-%s", trace->id, trace->span, trace->flags);
}
