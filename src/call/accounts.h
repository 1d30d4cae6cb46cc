/* accounts.h: for each principal, its calls and answers in flight, and how much of its rate is used.
 *
 * There are as many principals as issuers of tokens have users, so the number of accounts is bounded. An
 * account with nothing in flight and a full token bucket is dropped; a new principal takes the place of the
 * one that has been idle longest; when all accounts are in use, new principals share one. Keys, and
 * certificates that the operator gave a role, have room of their own, which an issuer's users cannot take.
 * Metric series are never removed, so only keys have their own: see accounts_label.
 *
 * No locks: the owner of the accounts guards them, except a series, which never changes.
 */
#ifndef CALL_ACCOUNTS_H
#define CALL_ACCOUNTS_H

#include "auth/principal.h"
#include "base/metrics.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

enum {
    ACCOUNTS_MOST = 1024, /* of keys and certificates that the operator lists, and as many of all others */
    ACCOUNTS_SERIES_MOST =
        256, /* labels; principals beyond share the label "(other)", which no key can have */
};

/* How a call ended, for the metrics by principal. */
enum account_outcome {
    ACCOUNT_OK,
    ACCOUNT_CLIENT_ERROR,
    ACCOUNT_SERVER_ERROR,
    ACCOUNT_LIMITED, /* refused by a limit of one principal */
    ACCOUNT_OUTCOMES
};

/* What is counted of one principal, or of those that share a label. */
struct account_series {
    char label[PRINCIPAL_NAME_BYTES];
    struct metric *requests[ACCOUNT_OUTCOMES];
};

struct account {
    char name[PRINCIPAL_NAME_BYTES];
    const struct account_series *series;

    /* The owner's. */
    unsigned calls;    /* in hand */
    unsigned answers;  /* to take */
    unsigned admitted; /* those of the calls that were within its bounds */
    unsigned flows;    /* its connections that have calls or answers */
    uint64_t full_ns;  /* its rate: when its bucket is full */

    /* The accounts'. */
    uint32_t hash;
    bool is_listed;
    LIST_ENTRY(account) neighbours; /* of its bucket */
    TAILQ_ENTRY(account) idle_neighbours;
    bool idle; /* in the list of those */
};

struct accounts;

/* NULL: out of memory. The metrics may be NULL. */
struct accounts *accounts_new(struct metrics *metrics);
void accounts_free(struct accounts *accounts);

/* The account of a principal, by its name's hash; in use until accounts_rest. */
struct account *accounts_use(struct accounts *accounts, const struct principal *principal, uint32_t hash,
                             uint64_t now_ns);

/* It has neither calls nor answers any more. */
void accounts_rest(struct accounts *accounts, struct account *account);

/* How many there are. */
size_t accounts_count(const struct accounts *accounts);

/* A principal's label in metrics: a key's is its name; that of another proof is the proof's, "example:*"; a
 * caller that is not known has "(none)". */
void accounts_label(const struct principal *principal, char label[static PRINCIPAL_NAME_BYTES]);

#endif
