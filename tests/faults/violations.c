/* violations.c: a count. */
#include "violations.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

static atomic_uint count;

void violation(const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    atomic_fetch_add(&count, 1);
    fprintf(stderr, "torture: violation: %s\n", text);
}

unsigned violations_count(void)
{
    return atomic_load(&count);
}
