/* test_stats.c: what `ordersctl stats` shows is what was asked of the service meanwhile. */
#include "fixture.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(stats, .init = fixture_set_up, .fini = fixture_tear_down, .timeout = 60);

/* The element of a list that has this member. */
static const json_t *find(const json_t *all, const char *list, const char *name, const char *value)
{
    size_t i;
    json_t *each;
    json_array_foreach(json_object_get(all, list), i, each)
    {
        if (strcmp(member(each, name), value) == 0)
            return each;
    }
    cr_assert_fail("no %s in %s", value, list);
    return NULL;
}

static double number(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    cr_assert(json_is_number(value) || json_is_null(value), "%s", name);
    return json_is_null(value) ? NAN : json_number_value(value);
}

/* Watches, in JSON, until nobody reads. */
struct watch {
    struct running running;
    int lines;
};

static struct watch begin_watch(void)
{
    int ends[2];
    cr_assert_eq(pipe2(ends, O_CLOEXEC), 0); /* or the command would hold its own reading end */
    const struct run run = {
        .service = service,
        .output = ends[1],
        .arguments = {"stats", "--watch=0.3", "--output", "ndjson"},
    };
    struct watch watch = {.running = run_start(&run), .lines = ends[0]};
    close(ends[1]);
    return watch;
}

static const json_t *next_line(const struct watch *watch)
{
    static char line[65536];
    size_t length = 0;
    do {
        cr_assert_lt(length + 1, sizeof line);
        cr_assert_eq(read(watch->lines, &line[length], 1), 1);
    } while (line[length++] != '\n');
    line[length] = '\0';
    return parse(line);
}

static void end_watch(struct watch *watch)
{
    close(watch->lines);
    const struct outcome o = run_wait(&watch->running);
    cr_expect_eq(o.code, 128 + SIGPIPE, "%d %s", o.code, o.err);
}

Test(stats, the_figures_are_those_of_the_calls_made_meanwhile)
{
    enum { CALLS = 10 };
    assert_outcome(run_with(service, "create", "--order-id", "A", "--customer-id", "C", "--amount", "1",
                            "--currency", "ISK"),
                   0, NULL, "");
    struct watch watch = begin_watch();
    next_line(&watch);
    for (int i = 0; i < CALLS; i++) {
        assert_outcome(run_with(service, "get", "A"), 0, NULL, "");
        assert_outcome(run_with(service, "get", "B"), 3, "", NULL);
    }
    double requests = 0, refused = 0, operations = 0;
    while (requests < 2 * CALLS - 0.5) {
        const json_t *all = next_line(&watch);
        const double seconds = number(all, "seconds");
        cr_expect(seconds > 0.29 && seconds < 30, "%f", seconds);
        const json_t *get = find(all, "methods", "method", "orders.v1.OrderService/GetOrder");
        requests += number(get, "requests_per_second") * seconds;
        refused += number(get, "refused_per_second") * seconds;
        cr_expect_float_eq(number(get, "failed_per_second"), 0, 1e-9);
        if (number(get, "requests_per_second") > 0)
            cr_expect(number(get, "p50_seconds") > 0 &&
                      number(get, "p50_seconds") <= number(get, "p99_seconds"));
        const json_t *create = find(all, "methods", "method", "orders.v1.OrderService/CreateOrder");
        cr_expect_eq(number(create, "requests_per_second"), 0);
        cr_expect(isnan(number(create, "p50_seconds")));
        const json_t *lane = find(all, "lanes", "lane", "get");
        operations += number(lane, "operations_per_second") * seconds;
        cr_expect_eq(number(lane, "connections"), 1);
        cr_expect_eq(number(lane, "operations_waiting"), 0);
        cr_expect_gt(number(all, "resident_memory_bytes"), 1 << 20);
        cr_expect_geq(number(all, "rpc_connections"), 1);
    }
    cr_expect_float_eq(requests, 2 * CALLS, 1e-3);
    cr_expect_float_eq(refused, CALLS, 1e-3);
    cr_expect_float_eq(operations, 2 * CALLS, 1e-3);
    end_watch(&watch);
}

Test(stats, people_get_tables_of_what_was_ever_called)
{
    run_with(service, "get", "A");
    const struct outcome o = run_with(service, "stats");
    cr_assert_eq(o.code, 0, "%s", o.err);
    cr_expect_eq(strncmp(o.out, "up 0:", 5), 0, "%s", o.out);
    cr_expect_not_null(strstr(o.out, "\nMETHOD "), "%s", o.out);
    cr_expect_not_null(strstr(o.out, "\nOrderService/GetOrder "), "%s", o.out);
    cr_expect_null(strstr(o.out, "DeleteOrder"), "%s", o.out);
    cr_expect_not_null(strstr(o.out, "\nLANE "), "%s", o.out);
    cr_expect_not_null(strstr(o.out, "\nwrite "), "%s", o.out);
    cr_expect_null(strchr(o.out, '\033'), "no terminal reads this");
    for (char *rest, *line = strtok_r(o.out, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
        cr_expect_leq(strlen(line), 80, "wider than a terminal: %s", line);
}

Test(stats, it_wants_the_key_a_sane_interval_and_a_format_there_is)
{
    const char *const key = temporary_file("key", "wrong\n");
    assert_outcome(run_with(service, "stats", "--api-key-file", key), 6, "",
                   format("ordersctl: PERMISSION_DENIED: Invalid API key\n"
                          "  the key is from %s, the --api-key-file\n",
                          key));
    static const char *const bad[] = {"0", "-1", "x", "", "nan", "1e9", "0.01"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_expect_eq(run_with(service, "stats", format("--watch=%s", bad[i])).code, 2, "%s", bad[i]);
    assert_outcome(run_with(service, "stats", "--output", "csv"), 2, "",
                   "ordersctl: stats has table, json and ndjson for --output\n");
}
