/* test_names.c: the dashboard and the alerts ask for what a server gives: every series they name is one of a
 * real ordersd's, with the labels by which it is chosen, and the values that these are compared with. */
#include "../http/client.h"
#include "support/service.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_BYTES = 128, VALUE_MAX_BYTES = 256 };

static struct service *service;
static char *figures; /* what /metrics says */
static char folder[] = "/tmp/orders-names-XXXXXX";

/* An issuer out of reach, which is asked in vain, has all figures of one. */
static void make_files(void)
{
    char command[256];
    cr_assert_not_null(mkdtemp(folder));
    snprintf(command, sizeof command, "'%s' '%s'", getenv("MAKE_CERTIFICATES"), folder);
    cr_assert_eq(system(command), 0);
    snprintf(command, sizeof command,
             "printf '[issuer id]\\nissuer = https://127.0.0.1:1\\naudience = a\\nrole-claim = role\\nreader "
             "= r\\n' >'%s/issuers'",
             folder);
    cr_assert_eq(system(command), 0);
}

/* With all that has figures of its own. */
static void set_up(void)
{
    char certificate[64], key[64], issuers[64];
    make_files();
    snprintf(certificate, sizeof certificate, "ORDERS_TLS_CERT=%s/server.pem", folder);
    snprintf(key, sizeof key, "ORDERS_TLS_KEY=%s/server.key", folder);
    snprintf(issuers, sizeof issuers, "ORDERS_JWT_ISSUERS=%s/issuers", folder);
    const char *const environment[] = {certificate, key, issuers, "ORDERS_METRICS=127.0.0.1:0", NULL};
    service = service_start(&(struct service_options){.environment = environment});
    struct http_reply reply = http_request(service->metrics_port, "GET", "/metrics", NULL, NULL);
    figures = strdup(reply.body);
    http_free(&reply);
}

static void tear_down(void)
{
    char command[64];
    free(figures);
    service_stop_clean(service);
    snprintf(command, sizeof command, "rm -r '%s'", folder);
    if (system(command) != 0)
        abort();
}

TestSuite(names, .init = set_up, .fini = tear_down, .timeout = 60);

static bool is_name(char character)
{
    return isalnum((unsigned char)character) || character == '_';
}

/* The next sample of this name, from a line on; NULL: there is none. */
static const char *find_sample(const char *line, const char *name, size_t length)
{
    for (; line != NULL && *line != '\0'; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, length) == 0 && (line[length] == '{' || line[length] == ' '))
            return line;
    }
    return NULL;
}

/* One label of a selector, name="value" with any of Prometheus' four operators; and where it ends. */
struct matcher {
    char label[NAME_MAX_BYTES], value[VALUE_MAX_BYTES];
    bool is_pattern;
    const char *end;
};

static struct matcher read_matcher(const char *at)
{
    struct matcher matcher = {.end = strchr(at, '"')};
    const size_t length = strcspn(at, "=!");
    cr_assert(matcher.end != NULL && length < NAME_MAX_BYTES, "%s", at);
    const char *value = matcher.end + 1;
    matcher.is_pattern = value[-2] == '~';
    matcher.end = strchr(value, '"') + 1;
    snprintf(matcher.label, sizeof matcher.label, "%.*s", (int)length, at);
    snprintf(matcher.value, sizeof matcher.value, "%.*s", (int)(matcher.end - 1 - value), value);
    return matcher;
}

/* A sample's value of a label. False: it has no such label. */
static bool value_of(const char *sample, const char *label, char value[static VALUE_MAX_BYTES])
{
    char begin[NAME_MAX_BYTES + 2];
    const char *end = strchr(sample, '\n');
    snprintf(begin, sizeof begin, "%s=\"", label);
    for (const char *found = strstr(sample, begin); found != NULL && found < end;
         found = strstr(found + 1, begin)) {
        if (is_name(found[-1]))
            continue;
        found += strlen(begin);
        snprintf(value, VALUE_MAX_BYTES, "%.*s", (int)strcspn(found, "\""), found);
        return true;
    }
    return false;
}

/* Of a pattern all words are wanted, in one value or another: "idle|bussy" matches something, and yet has a
 * mistake. */
static void expect_words(const char *pattern, const char *matched)
{
    for (const char *at = pattern; *at != '\0';) {
        char word[VALUE_MAX_BYTES];
        size_t length = 0;
        while (is_name(at[length]))
            length++;
        snprintf(word, sizeof word, "%.*s", (int)length, at);
        cr_expect_not_null(strstr(matched, word), "%s of %s is in no value: %s", word, pattern, matched);
        at += length > 0 ? length : 1;
    }
}

/* What a label is compared with; Prometheus' patterns match the whole of a value. */
static regex_t compile(const struct matcher *matcher)
{
    char pattern[VALUE_MAX_BYTES + 8];
    regex_t regex;
    snprintf(pattern, sizeof pattern, "^(%s)$", matcher->is_pattern ? matcher->value : "");
    cr_assert_eq(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0, "%s", pattern);
    return regex;
}

/* That the value is one that a sample of this name has: what is left out by it must be there, too. What a
 * scrape adds, and what Grafana fills in, no sample has. */
static void expect_matches(const struct matcher *matcher, const char *name, size_t length)
{
    char value[VALUE_MAX_BYTES], *matched = NULL;
    size_t size;
    bool has_label = false;
    if (strcmp(matcher->label, "instance") == 0 || strcmp(matcher->label, "job") == 0)
        return;
    regex_t regex = compile(matcher);
    FILE *values = open_memstream(&matched, &size);
    for (const char *sample = find_sample(figures, name, length); sample != NULL;
         sample = find_sample(strchr(sample, '\n'), name, length)) {
        if (!value_of(sample, matcher->label, value))
            continue;
        has_label = true;
        if (matcher->is_pattern ? regexec(&regex, value, 0, NULL, 0) == 0
                                : strcmp(value, matcher->value) == 0)
            fprintf(values, "%s ", value);
    }
    fclose(values);
    regfree(&regex);
    cr_expect(has_label, "%.*s has no label %s", (int)length, name, matcher->label);
    cr_expect_gt(size, 0, "no %s of %.*s is %s", matcher->label, (int)length, name, matcher->value);
    if (matcher->is_pattern)
        expect_words(matcher->value, matched);
    free(matched);
}

/* All labels of a selector, which begins behind the name. */
static void expect_selector(const char *selector, const char *name, size_t length)
{
    for (const char *at = selector; *at != '}';) {
        const struct matcher matcher = read_matcher(at + 1 + strspn(at + 1, " "));
        expect_matches(&matcher, name, length);
        at = matcher.end + strspn(matcher.end, " ");
    }
}

/* Every series that a query names. Returns how many. */
static unsigned expect_known(const char *query)
{
    unsigned n = 0;
    for (const char *at = query; *at != '\0';) {
        size_t length = 0;
        while (is_name(at[length]))
            length++;
        const bool is_series =
            length > 0 && (strncmp(at, "orders_", 7) == 0 || strncmp(at, "process_", 8) == 0);
        const char *sample = is_series ? find_sample(figures, at, length) : NULL;
        if (is_series) {
            n++;
            cr_expect_not_null(sample, "there is no %.*s, of %s", (int)length, at, query);
        }
        if (sample != NULL && at[length] == '{')
            expect_selector(at + length, at, length);
        at += length > 0 ? length : 1;
    }
    return n;
}

static void expect_panel(const json_t *panel)
{
    const json_t *targets = json_object_get(panel, "targets"), *target;
    size_t i;
    cr_expect_gt(json_array_size(targets), 0);
    json_array_foreach(targets, i, target)
    {
        const char *query = json_string_value(json_object_get(target, "expr"));
        cr_assert_not_null(query);
        cr_expect_gt(expect_known(query), 0, "nothing of ours: %s", query);
    }
}

Test(names, the_dashboard_asks_for_what_there_is)
{
    json_error_t error;
    json_t *dashboard = json_load_file(getenv("DASHBOARD"), JSON_REJECT_DUPLICATES, &error), *panel;
    size_t i;
    cr_assert_not_null(dashboard, "line %d: %s", error.line, error.text);
    cr_expect_gt(json_array_size(json_object_get(dashboard, "panels")), 5);
    json_array_foreach(json_object_get(dashboard, "panels"), i, panel) expect_panel(panel);
    json_decref(dashboard);
}

/* In YAML a query is a line, or some: but for the names in prose, of which there are none like ours, all of
 * the file may be looked at as if it were one. */
Test(names, the_alerts_ask_for_what_there_is)
{
    char *text = calloc(1, 64 << 10);
    FILE *file = fopen(getenv("RULES"), "re");
    cr_assert_not_null(file);
    cr_assert_lt(fread(text, 1, (64 << 10) - 1, file), (64 << 10) - 1);
    fclose(file);
    char *rest;
    unsigned n = 0;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        if (strstr(line, "rule_files:") == NULL && strstr(line, "description:") == NULL)
            n += expect_known(line);
    }
    cr_expect_gt(n, 10);
    free(text);
}
