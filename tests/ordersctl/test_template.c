/* test_template.c: what a template writes of a document, and what is refused, by which words. */
#include "template.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

TestSuite(template, .timeout = 60);

static const char document[] =
    "{\"order_id\":\"A-1\",\"total_amount\":25990,\"none\":null,\"paid\":true,\"rate\":0.5,"
    "\"inner\":{\"a\":{\"b\":\"deep\"}},\"list\":[1,{\"x\":\"y\"}],"
    "\"evil\":\"a\\u001b[2J\\nb\xe2\x80\xae\"}";

/* What is written; or "!" and what is wrong. The caller frees it. */
static char *applied(const char *text)
{
    struct template template;
    struct arena arena;
    char *out = NULL;
    size_t length;
    FILE *file = open_memstream(&out, &length);
    json_t *json = json_loads(document, 0, NULL);
    cr_assert(file != NULL && json != NULL);
    arena_init(&arena);
    const char *error = template_read(text, &arena, &template);
    if (error == NULL)
        error = template_write(&template, json, file, &arena);
    if (error != NULL)
        fprintf(file, "!%s", error);
    cr_assert_eq(fclose(file), 0);
    json_decref(json);
    arena_free(&arena);
    return out;
}

struct sample {
    const char *text, *expected;
};

static void assert_applied(const struct sample *samples, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char *actual = applied(samples[i].text);
        cr_expect_str_eq(actual, samples[i].expected, "%s: %s", samples[i].text, actual);
        free(actual);
    }
}

Test(template, is_a_text_with_values_in_it)
{
    static const struct sample samples[] = {
        {"", "\n"},
        {"text", "text\n"},
        {"{{.order_id}}", "A-1\n"},
        {"{{ .order_id }}", "A-1\n"},
        {"{{.order_id}} {{.total_amount}}", "A-1 25990\n"},
        {"{{.order_id}}{{.order_id}}", "A-1A-1\n"},
        {"<{{.none}}>", "<>\n"},
        {"{{.paid}} {{.rate}}", "true 0.5\n"},
        {"{{.inner.a.b}}", "deep\n"},
        {"{{json .inner}}", "{\"a\":{\"b\":\"deep\"}}\n"},
        {"{{json  .list }}", "[1,{\"x\":\"y\"}]\n"},
        {"{{json .order_id}}", "\"A-1\"\n"},
        {"{{json .none}}", "null\n"},
        {"a\\tb\\nc\\\\d", "a\tb\nc\\d\n"},
        {"{{\"{{\"}}.order_id{{\"}}\"}}", "{{.order_id}}\n"},
        {"{{\"say \\\"\\t\\\"\"}}", "say \"\t\"\n"},
        {"{ } }} 100% %s", "{ } }} 100% %s\n"},
        {"{{.evil}}", "a\\u001b[2J\\u000ab\\u202e\n"},
        {"{{json .evil}}", "\"a\\u001B[2J\\nb\\u202e\"\n"},
        {"Þórður {{.order_id}}", "Þórður A-1\n"},
    };
    assert_applied(samples, sizeof samples / sizeof samples[0]);
}

Test(template, says_what_is_wrong_with_it_and_where)
{
#define UNDERSTOOD ": only {{.NAME}}, {{json .NAME}} and {{\"TEXT\"}} are understood"
    static const struct sample samples[] = {
        {"{{range .list}}", "!\"{{range .list}}\"" UNDERSTOOD},
        {"{{.order_id | json}}", "!\"{{.order_id | json}}\"" UNDERSTOOD},
        {"{{order_id}}", "!\"{{order_id}}\"" UNDERSTOOD},
        {"{{jsonx .list}}", "!\"{{jsonx .list}}\"" UNDERSTOOD},
        {"{{json.list}}", "!\"{{json.list}}\"" UNDERSTOOD},
        {"{{.a..b}}", "!\"{{.a..b}}\"" UNDERSTOOD},
        {"{{..}}", "!\"{{..}}\"" UNDERSTOOD},
        {"{{.a.}}", "!\"{{.a.}}\"" UNDERSTOOD},
        {"{{.list[0]}}", "!\"{{.list[0]}}\"" UNDERSTOOD},
        {"{{- .order_id}}", "!\"{{- .order_id}}\"" UNDERSTOOD},
        {"{{}}", "!\"{{}}\"" UNDERSTOOD},
        {"{{json}}", "!\"{{json}}\"" UNDERSTOOD},
        {"{{.}}", "!\"{{.}}\": {{json .}} writes the whole document"},
        {"x {{.order_id", "!\"{{.order_id\": there is no }} behind this"},
        {"{{\"text", "!\"{{\"text\": there is no }} behind this"},
        {"{{", "!\"{{\": there is no }} behind this"},
        {"a\\x", "!\"\\x\": \\n, \\t and \\\\ are understood behind a backslash"},
        {"a\\\"", "!\"\\\"\": \\n, \\t and \\\\ are understood behind a backslash"},
        {"a\\", "!\"\\\": \\n, \\t and \\\\ are understood behind a backslash"},
        {"{{.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a}}",
         "!\"{{.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a}}\": that is too deep"},
    };
    assert_applied(samples, sizeof samples / sizeof samples[0]);
}

/* Nothing of a document that it does not fit is written. */
Test(template, says_what_a_document_does_not_have)
{
    static const struct sample samples[] = {
        {"{{.order_id}} {{.oder_id}}", "!.oder_id: there is no \"oder_id\"; there are order_id, "
                                       "total_amount, none, paid, rate, inner, list, "
                                       "evil"},
        {"{{.inner.b}}", "!.inner.b: there is no \"b\"; there are a"},
        {"{{.order_id.x}}", "!.order_id.x: \"x\" is no member, as what it is of is no object"},
        {"{{.list}}", "!.list is no single value: {{json .list}} writes it"},
        {"{{.inner.a}}", "!.inner.a is no single value: {{json .inner.a}} writes it"},
    };
    assert_applied(samples, sizeof samples / sizeof samples[0]);
}

Test(template, has_a_bound)
{
    char *text = NULL;
    size_t length;
    FILE *file = open_memstream(&text, &length);
    for (int i = 0; i < 300; i++)
        fputs("{{.paid}}", file);
    cr_assert_eq(fclose(file), 0);
    char *actual = applied(text);
    cr_assert_not_null(strstr(actual, "there are too many actions before this"), "%s", actual);
    free(actual);
    free(text);
}
