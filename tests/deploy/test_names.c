/* test_names.c: the dashboard and the alerts ask for what a server gives: every series they name is one of a
 * real ordersd's, with the labels by which it is chosen. */
#include "../http/client.h"
#include "support/service.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_BYTES = 128 };

static struct service *service;
static char *figures; /* what /metrics says */

static void set_up(void)
{
    service = service_start(NULL);
    struct http_reply reply = http_request(service->http_port, "GET", "/metrics", NULL, NULL);
    figures = strdup(reply.body);
    http_free(&reply);
}

static void tear_down(void)
{
    free(figures);
    service_stop_clean(service);
}

TestSuite(names, .init = set_up, .fini = tear_down, .timeout = 60);

static bool is_name(char character)
{
    return isalnum((unsigned char)character) || character == '_';
}

/* The first sample of this name; NULL: there is none. */
static const char *find_sample(const char *name, size_t length)
{
    for (const char *line = figures; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, length) == 0 && (line[length] == '{' || line[length] == ' '))
            return line;
    }
    return NULL;
}

/* Whether the labels behind a name, up to the brace, are those of the sample, or what a scrape adds. */
static void expect_labels(const char *selector, const char *sample)
{
    const char *end = strchr(selector, '}'), *line_end = strchr(sample, '\n');
    for (const char *at = selector + 1; at < end;) {
        char label[NAME_MAX_BYTES];
        size_t length = 0;
        while (at < end && !is_name(*at))
            at++;
        while (is_name(at[length]))
            length++;
        snprintf(label, sizeof label, "%.*s=\"", (int)length, at);
        const char *found = strstr(sample, label);
        cr_expect((found != NULL && found < line_end) || strncmp(label, "instance=", 9) == 0 ||
                      strncmp(label, "job=", 4) == 0,
                  "%.*s has no label %s", (int)(strcspn(sample, " ")), sample, label);
        at = strchr(at, '"');
        at = at != NULL ? strchr(at + 1, '"') + 1 : end; /* behind its value */
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
        const char *sample = is_series ? find_sample(at, length) : NULL;
        if (is_series) {
            n++;
            cr_expect_not_null(sample, "there is no %.*s, of %s", (int)length, at, query);
        }
        if (sample != NULL && at[length] == '{')
            expect_labels(at + length, sample);
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
