/* test_keys.c: `ordersctl keys' against a real service. */
#include "fixture.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdlib.h>
#include <string.h>

TestSuite(keys, .init = fixture_set_up, .fini = fixture_tear_down, .timeout = 60);
TestSuite(keys_alone, .fini = test_end, .timeout = 60);

/* A run with another key. */
static struct outcome run_as(const char *key, const char *const arguments[])
{
    struct run as = {.service = service,
                     .environment = {format("API_KEY=%s", key)},
                     .arguments = {arguments[0], arguments[1], arguments[2], arguments[3]}};
    return run(&as);
}

#define run_with_key(key, ...) run_as((key), (const char *const[4]){__VA_ARGS__})

static json_t *made(struct outcome outcome)
{
    cr_assert_eq(outcome.code, 0, "%s", outcome.err);
    return parse(outcome.out);
}

Test(keys, a_new_key_is_shown_and_works)
{
    json_t *key =
        made(run_with(service, "keys", "create", "billing", "--role", "writer", "--output", "json"));
    cr_assert_str_eq(member(key, "name"), "billing");
    cr_assert_str_eq(member(key, "role"), "writer");
    cr_assert_eq(strncmp(member(key, "key"), "orders_", 7), 0);
    cr_assert_null(json_object_get(key, "expires_at"));
    assert_outcome(run_with_key(member(key, "key"), "list"), 0, NULL, "");
    assert_outcome(run_with_key(member(key, "key"), "keys", "list"), 6, "",
                   "ordersctl: PERMISSION_DENIED: rpc.v1.Keys/ListKeys needs role admin\n"
                   "  the key is from API_KEY of the environment\n");
}

Test(keys, one_that_expires_says_when)
{
    json_t *key = made(run_with(service, "keys", "create", "short", "--role=reader", "--expires",
                                "2999-01-31", "--output", "json"));
    cr_assert_str_eq(member(key, "expires_at"), "2999-01-31T00:00:00Z");
    assert_outcome(run_with(service, "keys", "create", "gone", "--role", "reader", "--expires", "2020-01-01"),
                   5, "",
                   "ordersctl: INVALID_ARGUMENT: Invalid argument\n"
                   "  expires_at: must be a time to come\n");
}

Test(keys, for_people_a_key_is_lines_and_a_warning)
{
    const struct outcome o = run_with(service, "keys", "create", "billing", "--role", "admin");
    assert_outcome(o, 0, NULL, "Keep the key: it is not shown again.\n");
    cr_assert_eq(strncmp(o.out, "name        billing\nrole        admin\nkey         orders_", 56), 0, "%s",
                 o.out);
}

Test(keys, a_list_shows_no_key)
{
    json_t *key =
        made(run_with(service, "keys", "create", "billing", "--role", "writer", "--output", "json"));
    made(run_with(service, "keys", "create", "audit", "--role", "reader", "--output", "json"));
    const struct outcome table = run_with(service, "keys", "list");
    assert_outcome(table, 0, NULL, "");
    cr_assert_eq(strncmp(table.out, "NAME     ROLE    ID                CREATED", 41), 0, "%s", table.out);
    cr_assert_null(strstr(table.out, "orders_"));
    cr_assert_not_null(strstr(table.out, format("billing  writer  %s  20", member(key, "id"))), "%s",
                       table.out);

    json_t *list = parse(run_with(service, "keys", "list", "--output", "json").out);
    cr_assert_eq(json_array_size(list), 2);
    cr_assert_str_eq(member(json_array_get(list, 0), "name"), "audit");
    cr_assert_str_eq(member(json_array_get(list, 1), "id"), member(key, "id"));
    cr_assert_null(json_object_get(json_array_get(list, 1), "key"));
    const struct outcome csv = run_with(service, "keys", "list", "--output", "csv");
    cr_assert_str_eq(up_to("\n", csv.out), "name,role,id,created_at,expires_at,last_used_at,revoked_at");
    const struct outcome ndjson = run_with(service, "keys", "list", "--output", "ndjson");
    cr_assert_str_eq(member(parse(up_to("\n", ndjson.out)), "name"), "audit");
}

Test(keys, a_revoked_key_is_refused)
{
    json_t *key =
        made(run_with(service, "keys", "create", "billing", "--role", "writer", "--output", "json"));
    json_t *end = made(run_with(service, "keys", "revoke", "billing", "--output", "json"));
    cr_assert_str_eq(member(end, "name"), "billing");
    cr_assert_str_neq(member(end, "revoked_at"), "");
    assert_outcome(run_with_key(member(key, "key"), "list"), 6, "",
                   "ordersctl: PERMISSION_DENIED: API key was revoked\n"
                   "  the key is from API_KEY of the environment\n");
    assert_outcome(run_with(service, "keys", "revoke", "billing"), 3, "",
                   "ordersctl: NOT_FOUND: No key of this name holds\n");
}

Test(keys, rotation_ends_the_old_key_at_once_or_later)
{
    json_t *first =
        made(run_with(service, "keys", "create", "billing", "--role", "reader", "--output", "json"));
    json_t *second =
        made(run_with(service, "keys", "rotate", "billing", "--grace", "3600", "--output", "json"));
    cr_assert_str_eq(member(second, "role"), "reader");
    assert_outcome(run_with_key(member(first, "key"), "list"), 0, NULL, "");
    assert_outcome(run_with_key(member(second, "key"), "list"), 0, NULL, "");
    json_t *third = made(run_with(service, "keys", "rotate", "billing", "--output", "json"));
    assert_outcome(run_with_key(member(first, "key"), "list"), 6, "", NULL);
    assert_outcome(run_with_key(member(second, "key"), "list"), 6, "", NULL);
    assert_outcome(run_with_key(member(third, "key"), "list"), 0, NULL, "");
}

Test(keys, the_first_key_that_there_is_makes_another_administrator)
{
    json_t *root = made(run_with(service, "keys", "create", "root", "--role", "admin", "--output", "json"));
    assert_outcome(run_with_key(member(root, "key"), "keys", "list"), 0, NULL, "");
    assert_outcome(run_with(service, "keys", "create", "root", "--role", "admin"), 4, "",
                   "ordersctl: ALREADY_EXISTS: This name has a key already; rotate or revoke that\n");
    assert_outcome(run_with(service, "keys", "create", "bootstrap", "--role", "admin"), 5, "", NULL);
}

Test(keys, a_dry_run_changes_none_and_says_what_would_be)
{
    assert_outcome(run_with(service, "keys", "create", "billing", "--role", "writer", "--dry-run"), 0,
                   "billing: would be created\n", "");
    assert_outcome(run_with(service, "keys", "revoke", "billing", "--dry-run"), 3, "",
                   "ordersctl: NOT_FOUND: No key of this name holds\n");
    json_t *key =
        made(run_with(service, "keys", "create", "billing", "--role", "writer", "--output", "json"));
    assert_outcome(run_with(service, "keys", "create", "billing", "--role", "writer", "--dry-run"), 4, "",
                   "ordersctl: ALREADY_EXISTS: This name has a key already; rotate or revoke that\n");
    assert_outcome(run_with(service, "keys", "create", "a_b", "--role", "writer", "--dry-run"), 5, "",
                   "ordersctl: INVALID_ARGUMENT: Invalid argument\n"
                   "  name: must have letters, digits and \"-\" only\n");
    assert_outcome(run_with(service, "keys", "rotate", "billing", "--dry-run", "--output", "ndjson"), 0,
                   "{\"name\":\"billing\",\"outcome\":\"rotated\",\"dry_run\":true}\n", "");
    assert_outcome(run_with(service, "keys", "revoke", "billing", "--dry-run"), 0,
                   "billing: would be revoked\n", "");
    assert_outcome(run_with_key(member(key, "key"), "list"), 0, NULL, "");
}

struct usage {
    char arguments[6][32];
};

ParameterizedTestParameters(keys_alone, wrong_usage_is_2)
{
    static struct usage usages[] = {
        {{"keys"}},
        {{"keys", "make", "a"}},
        {{"keys", "create", "--role", "reader"}},
        {{"keys", "create", "a"}},
        {{"keys", "create", "a", "b", "--role=reader"}},
        {{"keys", "create", "a", "--role=reader", "--grace=1"}},
        {{"keys", "list", "a"}},
        {{"keys", "list", "--role=reader"}},
        {{"keys", "list", "--dry-run"}},
        {{"keys", "revoke"}},
        {{"keys", "rotate", "a", "--role=reader"}},
    };
    return cr_make_param_array(struct usage, usages, sizeof usages / sizeof usages[0]);
}

ParameterizedTest(struct usage *usage, keys_alone, wrong_usage_is_2)
{
    struct run line = {.arguments = {NULL}};
    for (size_t i = 0; i < 6 && usage->arguments[i][0] != '\0'; i++)
        line.arguments[i] = usage->arguments[i];
    const struct outcome o = run(&line);
    cr_assert_eq(o.code, 2, "%s", o.err);
    cr_assert_str_eq(o.out, "");
}

/* What no key can have is told before anything is asked. */
Test(keys_alone, a_role_is_one_of_three)
{
    assert_outcome(
        run(&(struct run){.environment = {"API_KEY=k"},
                          .arguments = {"keys", "create", "a", "--role", "writre"}}),
        2, "",
        "ordersctl keys: --role: \"writre\" is not reader, writer or admin; did you mean \"writer\"?\n"
        "Try `ordersctl keys --help' or `ordersctl keys --usage' for more information.\n");
}
