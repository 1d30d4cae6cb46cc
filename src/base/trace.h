/* trace.h: where in somebody's trace a call is (W3C Trace Context, https://www.w3.org/TR/trace-context/).
 *
 * A caller's `traceparent` names the trace, the same from hop to hop, and the caller's span in it. Each hop
 * has a span of its own, and is the parent of what it calls. `tracestate`, which is for vendors, is left out.
 */
#ifndef BASE_TRACE_H
#define BASE_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TRACE_PARENT_TEXT = 56, /* "00-<trace id>-<span>-<flags>" and a NUL */
    TRACE_ID_TEXT = 33,
    TRACE_SPAN_TEXT = 17,
};

/* All zero: none. Hexadecimal, in lower case. */
struct trace {
    char id[TRACE_ID_TEXT];
    char parent[TRACE_SPAN_TEXT]; /* the caller's span; "" where the trace begins */
    char span[TRACE_SPAN_TEXT];   /* this hop's */
    char flags[3];
};

/* Reads a caller's traceparent and makes a span below it. False, and no trace: the standard says to pass over
 * such a one. */
bool trace_join(struct trace *trace, const char *traceparent, size_t length);

/* Begins a trace, which is not said to be recorded by anybody. */
void trace_begin(struct trace *trace);

/* Makes a span below another of this process. */
void trace_below(struct trace *trace, const struct trace *parent);

bool trace_is_set(const struct trace *trace);

/* What is sent along with a call from here. */
void trace_write(const struct trace *trace, char traceparent[static TRACE_PARENT_TEXT]);

#endif
