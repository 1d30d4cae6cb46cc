/* accounts.c: a hash table by name, and a list of those at rest, idle longest first. */
#include "call/accounts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BUCKETS = 1 << 10,
    FORGOTTEN_AT_ONCE = 2, /* of those at rest, when one comes: so there are soon none too many */
};

static const struct metric_family requests = {
    "orders_principal_requests_total",
    "Calls answered, by the key that made them (of tokens, by their issuer) and outcome: ok, client_error, "
    "server_error, or limited: beyond what one caller may",
    METRIC_COUNTER, .labels = {"principal", "outcome"}};

static const char *const outcomes[ACCOUNT_OUTCOMES] = {"ok", "client_error", "server_error", "limited"};

LIST_HEAD(bucket, account);
TAILQ_HEAD(idle_list, account);

/* Of principals that are listed, or of all others. */
struct pool {
    struct idle_list idle;
    size_t n;
};

struct accounts {
    struct metrics *metrics;
    struct bucket buckets[BUCKETS];
    struct pool pools[2];  /* by whether they are listed */
    struct account others; /* shared by those that find no room */
    struct account_series series[ACCOUNTS_SERIES_MOST + 1];
    size_t n_series;
};

/* --- series --- */

static const struct account_series *add_series(struct accounts *accounts, const char *label)
{
    struct account_series *series = &accounts->series[accounts->n_series++];
    snprintf(series->label, sizeof series->label, "%s", label);
    for (enum account_outcome i = 0; i < ACCOUNT_OUTCOMES; i++)
        series->requests[i] =
            metrics_add(accounts->metrics, &requests, (const char *const[]){label, outcomes[i]});
    return series;
}

void accounts_label(const struct principal *principal, char label[static PRINCIPAL_NAME_BYTES])
{
    const char *behind = strchr(principal->name, ':'); /* what proved it; NULL: it is a key's name */
    if (*principal->name == '\0')
        snprintf(label, PRINCIPAL_NAME_BYTES, "(none)");
    else if (behind == NULL)
        snprintf(label, PRINCIPAL_NAME_BYTES, "%s", principal->name);
    else
        snprintf(label, PRINCIPAL_NAME_BYTES, "%.*s:*", (int)(behind - principal->name), principal->name);
}

/* Looked for when an account is opened, not at each call. The first stands for all that find no room. */
static const struct account_series *find_series(struct accounts *accounts, const struct principal *principal)
{
    char label[PRINCIPAL_NAME_BYTES];
    accounts_label(principal, label);
    for (size_t i = 1; i < accounts->n_series; i++) {
        if (strcmp(accounts->series[i].label, label) == 0)
            return &accounts->series[i];
    }
    return accounts->n_series <= ACCOUNTS_SERIES_MOST ? add_series(accounts, label) : &accounts->series[0];
}

/* --- accounts --- */

struct accounts *accounts_new(struct metrics *metrics)
{
    struct accounts *accounts = calloc(1, sizeof *accounts);
    if (accounts == NULL)
        return NULL;
    accounts->metrics = metrics;
    TAILQ_INIT(&accounts->pools[0].idle);
    TAILQ_INIT(&accounts->pools[1].idle);
    accounts->others.series = add_series(accounts, "(other)");
    return accounts;
}

void accounts_free(struct accounts *accounts)
{
    if (accounts == NULL)
        return;
    for (size_t i = 0; i < BUCKETS; i++) {
        for (struct account *each = LIST_FIRST(&accounts->buckets[i]), *next; each != NULL; each = next) {
            next = LIST_NEXT(each, neighbours);
            free(each);
        }
    }
    free(accounts);
}

static void end_rest(struct accounts *accounts, struct account *account)
{
    if (account->idle)
        TAILQ_REMOVE(&accounts->pools[account->is_listed].idle, account, idle_neighbours);
    account->idle = false;
}

static void accounts_forget(struct accounts *accounts, struct account *account)
{
    end_rest(accounts, account);
    LIST_REMOVE(account, neighbours);
    accounts->pools[account->is_listed].n--;
    free(account);
}

/* Those at rest of which nothing is to be remembered, and if there is no room, whoever has been longest. */
static void make_room(struct accounts *accounts, const struct pool *pool, uint64_t now_ns)
{
    struct account *first;
    for (int i = 0; i < FORGOTTEN_AT_ONCE && (first = TAILQ_FIRST(&pool->idle)) != NULL; i++) {
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): whoever is forgotten is in the list no more */
        if (first->full_ns > now_ns && pool->n < ACCOUNTS_MOST)
            break;
        accounts_forget(accounts, first);
    }
}

static struct account *open_account(struct accounts *accounts, const struct principal *principal,
                                    uint32_t hash, uint64_t now_ns)
{
    struct pool *pool = &accounts->pools[principal->is_listed];
    make_room(accounts, pool, now_ns);
    struct account *account = pool->n < ACCOUNTS_MOST ? calloc(1, sizeof *account) : NULL;
    if (account == NULL)
        return &accounts->others;
    memcpy(account->name, principal->name, sizeof account->name);
    account->hash = hash;
    account->is_listed = principal->is_listed;
    account->series = find_series(accounts, principal);
    LIST_INSERT_HEAD(&accounts->buckets[hash % BUCKETS], account, neighbours);
    pool->n++;
    return account;
}

struct account *accounts_use(struct accounts *accounts, const struct principal *principal, uint32_t hash,
                             uint64_t now_ns)
{
    for (struct account *each = LIST_FIRST(&accounts->buckets[hash % BUCKETS]); each != NULL;
         each = LIST_NEXT(each, neighbours)) {
        if (each->hash == hash && strcmp(each->name, principal->name) == 0) {
            end_rest(accounts, each);
            return each;
        }
    }
    return open_account(accounts, principal, hash, now_ns);
}

void accounts_rest(struct accounts *accounts, struct account *account)
{
    if (account == &accounts->others)
        return;
    account->idle = true;
    TAILQ_INSERT_TAIL(&accounts->pools[account->is_listed].idle, account, idle_neighbours);
}

size_t accounts_count(const struct accounts *accounts)
{
    return accounts->pools[0].n + accounts->pools[1].n;
}
