/* test_admission.c: who may have how much in hand. */
#include "call/admission.h"

#include "base/metrics.h"
#include "base/metrics_text.h"
#include "base/time.h"

#include <criterion/criterion.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum {
    CONNECTIONS = 2000,
    ENTRIES = 20000,
};

static struct admission *admission;
static struct budget memory;
static struct caller callers[CONNECTIONS];
static struct admission_entry entries[CONNECTIONS][64]; /* the last of each: it is answered first */
static unsigned n_entries[CONNECTIONS];
static struct admission_entry gone[ENTRIES];
static unsigned n_gone;
static struct admission_limits limits;
static uint64_t now_ns, wait_ns;
static const char *who = "one"; /* enters */

static void open_admission(void)
{
    admission_free(admission);
    admission = admission_new(&limits, (struct admission_gauges){NULL}, NULL);
}

static void set_up(void)
{
    memory = (struct budget){.limit = 1000};
    limits = (struct admission_limits){.calls = 8, .further = 32, .memory = &memory};
    for (uint32_t i = 0; i < CONNECTIONS; i++)
        callers[i].id = i;
    open_admission();
}

static void tear_down(void)
{
    admission_free(admission);
}

TestSuite(admission, .init = set_up, .fini = tear_down);

static enum admission_outcome enter_as(const char *name, struct caller *caller, size_t bytes,
                                       struct admission_entry *entry)
{
    struct principal principal = {.role = ROLE_WRITER, .is_listed = true};
    snprintf(principal.name, sizeof principal.name, "%s", name);
    const struct admission_request request = {
        .caller = caller,
        .principal = &principal,
        .principal_hash = principal_hash(&principal),
        .bytes = bytes,
        .now_ns = now_ns,
    };
    return admission_enter(admission, &request, entry, &wait_ns);
}

/* Those that are not kept stay in hand. */
static struct admission_entry *next_entry(unsigned caller)
{
    if (n_entries[caller] < 64)
        return &entries[caller][n_entries[caller]++];
    return &gone[n_gone++];
}

static unsigned enter(unsigned caller, unsigned calls, size_t bytes)
{
    unsigned admitted = 0;
    for (unsigned i = 0; i < calls; i++)
        admitted += enter_as(who, &callers[caller], bytes, next_entry(caller)) == ADMISSION_OK;
    return admitted;
}

static struct admission_entry *last_entry(unsigned caller)
{
    return &entries[caller][n_entries[caller] - 1];
}

/* It is answered, and the answer is taken at once. */
static void leave(unsigned caller, size_t bytes)
{
    struct admission_entry *entry = &entries[caller][--n_entries[caller]];
    admission_answer(admission, entry, bytes, bytes);
    admission_leave(admission, entry, bytes);
}

Test(admission, calls_are_bounded)
{
    cr_assert_eq(enter(1, 9, 1), 8);
    leave(1, 1);
    cr_assert_eq(enter(1, 1, 1), 0, "the refused one is in hand still");
    leave(1, 1);
    leave(1, 1);
    cr_assert_eq(enter(1, 1, 1), 1);
}

Test(admission, bytes_are_bounded)
{
    cr_assert_eq(enter(1, 3, 400), 2);
    cr_assert_eq(enter(1, 1, 1), 0);
    cr_assert_not(admission_grow(admission, last_entry(1), 1));
    for (int i = 0; i < 3; i++)
        leave(1, 400);
    leave(1, 2);
    cr_assert_eq(enter(1, 1, 1000), 1);
    cr_assert(admission_grow(admission, last_entry(1), 1000), "it is alone");
    cr_assert_eq(enter(1, 1, 1), 0);
}

/* What others have filled the bound with is no reason to refuse one who has less than a share of it. */
Test(admission, one_caller_shuts_no_other_out)
{
    cr_assert_eq(enter(1, 20, 1), 8);
    cr_assert_eq(enter(2, 6, 1), 4, "half of the bound");
    cr_assert_eq(enter(1, 1, 1), 0);
    cr_assert_eq(enter(3, 6, 1), 2, "a third");
    cr_assert_eq(enter(3, 1, 900), 0, "of the bytes too");
}

/* Shares end where there is nothing left to refuse with. */
Test(admission, not_all_of_them_together_have_more_than_the_most)
{
    cr_assert_eq(enter(1, 39, 1), 8);
    cr_assert_eq(enter(2, 4, 1), 1);
}

Test(admission, what_was_answered_is_not_in_hand)
{
    cr_assert_eq(enter(1, 6, 1), 6);
    for (int i = 0; i < 6; i++)
        admission_answer(admission, &entries[1][i], 1, 1);
    cr_assert_eq(enter(2, 8, 1), 8);
}

/* Who is within bounds in one of them needs no share of it because the other is short. */
Test(admission, a_share_is_of_what_is_short)
{
    cr_assert_eq(enter(1, 1, 900), 1);
    cr_assert_eq(enter(2, 6, 60), 6, "more than half of the calls, less than half of the memory");
    cr_assert_eq(enter(2, 1, 400), 0);
}

/* By whom does not matter. */
Test(admission, memory_is_shared_with_others)
{
    budget_add(&memory, 900);
    cr_assert_eq(enter(1, 1, 90), 1);
    cr_assert_eq(enter(1, 1, 950), 0);
    leave(1, 950);
    leave(1, 90);
    cr_assert_eq(atomic_load(&memory.taken), 900);
}

Test(admission, a_heavy_hitter_has_much_at_once_while_others_have_some)
{
    enter(1, 1000, 0);
    cr_assert_not(admission_has_heavy_hitter(admission), "nobody else waits");
    enter(2, 1, 0);
    enter(1, 1, 0);
    cr_assert(admission_has_heavy_hitter(admission));
    leave(2, 0);
    enter(1, 10, 0);
    cr_assert(admission_has_heavy_hitter(admission), "2 may ask again at any moment");
    enter(1, 10000, 0);
    cr_assert_not(admission_has_heavy_hitter(admission), "it did not");
}

Test(admission, many_who_ask_for_little_are_no_heavy_hitters)
{
    for (unsigned id = 1; id <= 40; id++)
        enter(id, 32, 0);
    cr_assert_not(admission_has_heavy_hitter(admission));
    enter(1, 1000, 0);
    cr_assert(admission_has_heavy_hitter(admission), "one is, however many there are");
}

/* As one is whose connection was closed behind the call. */
Test(admission, a_caller_who_is_gone_is_counted_and_refused)
{
    struct admission_entry entry;
    cr_assert_eq(enter_as("one", NULL, 600, &entry), ADMISSION_NO_ROOM);
    cr_assert_not(admission_grow(admission, &entry, 100));
    cr_assert_eq(atomic_load(&memory.taken), 700);
    admission_answer(admission, &entry, 700, 0);
    admission_leave(admission, &entry, 0);
    cr_assert_eq(atomic_load(&memory.taken), 0);
    cr_assert_eq(enter(1, 8, 1), 8);
}

/* --- principals --- */

Test(admission, many_connections_of_one_principal_shut_no_other_out)
{
    unsigned admitted = 0;
    for (unsigned i = 1; i <= 400; i++)
        admitted += enter(i, 1, 1);
    cr_assert_eq(admitted, 8);
    who = "two";
    cr_assert_eq(enter(401, 1, 1), 0, "past the most, whoever it is");
    leave(401, 1);
    for (unsigned i = 361; i <= 400; i++)
        leave(i, 1);
    for (unsigned i = 300; i <= 360; i++)
        leave(i, 1);
    for (unsigned i = 50; i < 300; i++)
        leave(i, 1);
    who = "one";
    cr_assert_eq(enter(50, 1, 1), 0,
                 "its connections are more than the bound: none of them has a share of one");
    who = "two";
    cr_assert_eq(enter(401, 4, 1), 4, "half of the bound");
    cr_assert_eq(enter(401, 1, 1), 0);
}

Test(admission, what_one_principal_may_have_beyond_the_bound_leaves_others_some)
{
    cr_assert_eq(enter(1, 39, 1), 8);
    cr_assert_eq(enter(2, 2, 1), 1, "the last but those for other principals");
    who = "two";
    cr_assert_eq(enter(3, 4, 1), 4);
    who = "one";
    cr_assert_eq(enter(4, 1, 1), 0);
}

Test(admission, many_calls_of_one_connection_shut_no_other_principal_on_it_out)
{
    cr_assert_eq(enter(1, 20, 1), 8);
    who = "two";
    cr_assert_eq(enter(1, 5, 1), 4, "as a process does that forwards what others ask");
}

Test(admission, memory_is_shared_by_principal_and_then_by_connection)
{
    limits.calls = 100;
    open_admission();
    for (unsigned i = 1; i <= 10; i++)
        enter(i, 1, 100);
    who = "two";
    cr_assert_eq(enter(11, 1, 500), 1, "half of it");
    cr_assert_eq(enter(11, 1, 1), 0);
    who = "one";
    cr_assert_eq(enter(12, 1, 50), 0, "an eleventh of half");
    cr_assert_eq(enter(13, 1, 40), 1);
}

Test(admission, a_principal_of_many_connections_is_a_heavy_hitter)
{
    for (unsigned i = 1; i <= 400; i++)
        enter(i, 1, 0);
    cr_assert_not(admission_has_heavy_hitter(admission), "they are alone");
    who = "two";
    enter(401, 1, 0);
    who = "one";
    enter(402, 1, 0);
    cr_assert(admission_has_heavy_hitter(admission));
}

Test(admission, a_principal_has_so_many_calls_at_once)
{
    struct admission_entry entry;
    limits.calls_each = 3;
    open_admission();
    cr_assert_eq(enter(1, 2, 1), 2);
    cr_assert_eq(enter(2, 1, 1), 1);
    cr_assert_eq(enter_as("one", &callers[3], 1, &entry), ADMISSION_TOO_MANY_CALLS);
    cr_assert_eq(enter_as("two", &callers[3], 1, &gone[0]), ADMISSION_OK);
    leave(1, 1);
    cr_assert_eq(enter_as("one", &callers[3], 1, &gone[1]), ADMISSION_OK,
                 "the refused one, which is not answered yet, is none of them");
}

Test(admission, a_principal_calls_so_often)
{
    struct admission_entry entry;
    limits = (struct admission_limits){
        .calls = 100, .further = 1, .memory = &memory, .rate_each = rate_make(10, 3)};
    open_admission();
    now_ns = NS_PER_S;
    cr_assert_eq(enter(1, 4, 0), 3, "by one connection");
    cr_assert_eq(enter_as("one", &callers[2], 0, &entry), ADMISSION_TOO_FAST, "by another");
    cr_assert_eq(wait_ns, NS_PER_S / 10);
    cr_assert_eq(enter_as("two", &callers[1], 0, &gone[0]), ADMISSION_OK);
    now_ns += NS_PER_S / 10;
    cr_assert_eq(enter(1, 2, 0), 1);
    now_ns += NS_PER_S;
    cr_assert_eq(enter(1, 9, 0), 3, "no more than a full bucket");
}

/* What is refused for want of room is the service's fault, and no use of the caller's rate. */
Test(admission, what_finds_no_room_takes_nothing_of_the_rate)
{
    limits = (struct admission_limits){.calls = 1, .memory = &memory, .rate_each = rate_make(1, 2)};
    open_admission();
    now_ns = NS_PER_S;
    cr_assert_eq(enter(1, 5, 0), 1);
    for (int i = 0; i < 5; i++)
        leave(1, 0);
    cr_assert_eq(enter(1, 1, 0), 1);
    leave(1, 0);
    struct admission_entry entry;
    cr_assert_eq(enter_as("one", &callers[1], 0, &entry), ADMISSION_TOO_FAST);
}

/* --- accounts --- */

static struct account *use(struct accounts *accounts, const char *name, bool is_listed)
{
    struct principal principal = {.is_listed = is_listed};
    snprintf(principal.name, sizeof principal.name, "%s", name);
    return accounts_use(accounts, &principal, principal_hash(&principal), now_ns);
}

Test(admission, accounts_at_rest_are_forgotten_and_those_of_a_used_rate_when_it_is_full)
{
    struct accounts *accounts = accounts_new(NULL);
    now_ns = 100;
    struct account *used = use(accounts, "used", true);
    used->full_ns = 1000;
    accounts_rest(accounts, used);
    accounts_rest(accounts, use(accounts, "other", true));
    use(accounts, "next", true);
    cr_assert_eq(accounts_count(accounts), 3, "the rate of the first is to be remembered");
    cr_assert_eq(use(accounts, "used", true), used);
    accounts_rest(accounts, used);
    now_ns = 1000;
    use(accounts, "last", true);
    cr_assert_eq(accounts_count(accounts), 2);
    accounts_free(accounts);
}

Test(admission, accounts_are_bounded_however_many_principals_there_are)
{
    struct accounts *accounts = accounts_new(NULL);
    char name[32];
    for (int i = 0; i < 3 * ACCOUNTS_MOST; i++) {
        snprintf(name, sizeof name, "example:%d", i);
        struct account *account = use(accounts, name, false);
        account->full_ns = UINT64_MAX;
        accounts_rest(accounts, account);
    }
    cr_assert_leq(accounts_count(accounts), ACCOUNTS_MOST);
    for (int i = 0; i < ACCOUNTS_MOST; i++) {
        snprintf(name, sizeof name, "busy:%d", i);
        use(accounts, name, false);
    }
    struct account *one = use(accounts, "one", false), *two = use(accounts, "two", false);
    cr_assert_eq(one, two, "all are in use: newcomers share one");
    cr_assert_eq(accounts_count(accounts), ACCOUNTS_MOST);
    accounts_free(accounts);
}

/* Whose users fill theirs is an issuer's doing. */
Test(admission, keys_and_certificates_have_accounts_whatever_others_take)
{
    struct accounts *accounts = accounts_new(NULL);
    char name[32];
    for (int i = 0; i < 2 * ACCOUNTS_MOST; i++) {
        snprintf(name, sizeof name, "example:%d", i);
        use(accounts, name, false);
    }
    struct account *one = use(accounts, "one", true), *two = use(accounts, "two", true);
    cr_assert_neq(one, two);
    one = use(accounts, "tls:CN=a", true), two = use(accounts, "tls:CN=b", true);
    cr_assert_neq(one, two);
    cr_assert_eq(accounts_count(accounts), ACCOUNTS_MOST + 4);
    accounts_free(accounts);
}

/* Of tokens' subjects there are as many as an issuer has users. */
Test(admission, series_are_of_keys_and_of_issuers)
{
    struct metrics *metrics = metrics_new();
    struct accounts *accounts = accounts_new(metrics);
    struct arena arena;
    size_t length;
    arena_init(&arena);
    use(accounts, "shop", true);
    use(accounts, "tls:CN=billing", true);
    use(accounts, "example:alice", false);
    use(accounts, "example:bob", false);
    use(accounts, "", false);
    cr_assert_eq(use(accounts, "example:alice", false)->series, use(accounts, "example:bob", false)->series);
    const char *text = metrics_text(metrics, &arena, &length);
    cr_assert_not_null(strstr(text, "orders_principal_requests_total{principal=\"shop\",outcome=\"ok\"} 0"),
                       "%s", text);
    cr_assert_not_null(strstr(text, "{principal=\"example:*\",outcome=\"limited\"} 0"), "%s", text);
    cr_assert_not_null(strstr(text, "{principal=\"(none)\",outcome=\"client_error\"} 0"), "%s", text);
    cr_assert_not_null(strstr(text, "{principal=\"tls:*\",outcome=\"ok\"} 0"), "%s", text);
    cr_assert_null(strstr(text, "alice"), "%s", text);
    cr_assert_null(strstr(text, "billing"), "%s", text);
    char name[32];
    for (int i = 0; i < 2 * ACCOUNTS_SERIES_MOST; i++) {
        snprintf(name, sizeof name, "key-%d", i);
        accounts_rest(accounts, use(accounts, name, true));
    }
    cr_assert_str_eq(use(accounts, "one-more", true)->series->label, "(other)");
    arena_free(&arena);
    accounts_free(accounts);
    metrics_free(metrics);
}
