/* test_trace.c: which traceparents are taken, and what goes on from them. */
#include "base/trace.h"

#include <criterion/criterion.h>
#include <string.h>

#define ID   "0af7651916cd43dd8448eb211c80319c"
#define SPAN "b7ad6b7169203331"

static bool joins(const char *text)
{
    struct trace trace;
    const bool joined = trace_join(&trace, text, strlen(text));
    cr_expect_eq(joined, trace_is_set(&trace));
    return joined;
}

Test(trace, a_caller_s_trace_goes_on_with_a_span_of_its_own)
{
    static const char given[] = "00-" ID "-" SPAN "-01";
    char sent[TRACE_PARENT_TEXT];
    struct trace first, second;
    cr_assert(trace_join(&first, given, strlen(given)));
    cr_expect_str_eq(first.id, ID);
    cr_expect_str_eq(first.parent, SPAN);
    cr_expect_str_neq(first.span, SPAN);
    trace_write(&first, sent);
    cr_expect_eq(strlen(sent), strlen(given));

    cr_assert(trace_join(&second, sent, strlen(sent)), "%s", sent);
    cr_expect_str_eq(second.id, ID);
    cr_expect_str_eq(second.parent, first.span);
    cr_expect_str_neq(second.span, first.span);
    cr_expect_str_eq(second.flags, "01", "sampled goes on");
}

Test(trace, a_new_trace_is_valid_and_new)
{
    struct trace one, other, joined;
    char sent[TRACE_PARENT_TEXT];
    trace_begin(&one);
    trace_begin(&other);
    cr_expect_str_neq(one.id, other.id);
    cr_expect_str_neq(one.span, other.span);
    cr_expect_str_eq(one.parent, "");
    trace_write(&one, sent);
    cr_expect(trace_join(&joined, sent, strlen(sent)), "%s", sent);
    cr_expect_str_eq(joined.flags, "00");
}

Test(trace, of_the_flags_only_the_known_one_goes_on)
{
    struct trace trace;
    static const char given[] = "00-" ID "-" SPAN "-ff";
    cr_assert(trace_join(&trace, given, strlen(given)));
    cr_expect_str_eq(trace.flags, "01");
}

Test(trace, malformed_ones_are_passed_over)
{
    static const char *const bad[] = {
        "",
        "00",
        "00-" ID "-" SPAN,
        "00-" ID "-" SPAN "-0",
        "00-" ID "-" SPAN "-01-", /* version 00 ends there */
        "00-" ID "-" SPAN "-01-what",
        "ff-" ID "-" SPAN "-01", /* no version */
        "0g-" ID "-" SPAN "-01",
        "00-0AF7651916CD43DD8448EB211C80319C-" SPAN "-01", /* upper case */
        "00-00000000000000000000000000000000-" SPAN "-01",
        "00-" ID "-0000000000000000-01",
        "00_" ID "-" SPAN "-01",
        "00-" ID "_" SPAN "-01",
        "00-" ID "-" SPAN "_01",
        "00-" ID "-" SPAN "-0x",
        "00-0af7651916cd43dd8448eb211c80319-cb7ad6b7169203331-01",
        " 00-" ID "-" SPAN "-01",
        "01-" ID "-" SPAN "-01.more", /* a later version has a dash there */
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_expect_not(joins(bad[i]), "%s", bad[i]);
}

Test(trace, later_versions_are_read_as_far_as_they_are_known)
{
    cr_expect(joins("01-" ID "-" SPAN "-01"));
    cr_expect(joins("cc-" ID "-" SPAN "-01-what-the-future-holds"));
}

Test(trace, what_has_a_nul_in_it_is_malformed)
{
    struct trace trace;
    static const char given[] = "00-" ID "-" SPAN "-0\0";
    cr_expect_not(trace_join(&trace, given, sizeof given - 1));
}
