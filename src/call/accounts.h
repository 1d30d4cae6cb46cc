/* accounts.h: what each principal has in hand, and has had lately.
 *
 * There are as many principals as issuers of tokens have users, so accounts are bounded: one that has nothing
 * in hand and a full bucket of its rate is forgotten, the one idle longest makes room for a newcomer, and
 * when all are in use newcomers share one. Keys, and certificates that the operator gave a role, have room of
 * their own, which no user of an issuer takes. Series of metrics stay for good, and so are the keys' only:
 * see accounts_label.
 *
 * No locks: whoever has the accounts guards them, but for a series, which stays what it is.
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
        256, /* labels of their own; those beyond are one, "(other)", which no key is called */
};

/* How a call ended, for who counts by principal. */
enum account_outcome {
    ACCOUNT_OK,
    ACCOUNT_CLIENT_ERROR,
    ACCOUNT_SERVER_ERROR,
    ACCOUNT_LIMITED, /* beyond what one principal may */
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

    /* For whoever counts. */
    unsigned calls;    /* in hand */
    unsigned answers;  /* to take */
    unsigned admitted; /* of the calls: that are within its bounds */
    unsigned flows;    /* connections that have calls or answers of its */
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

/* What a principal is called in metrics: a key by its name; whoever another proof names by that, "example:*";
 * nobody known "(none)". */
void accounts_label(const struct principal *principal, char label[static PRINCIPAL_NAME_BYTES]);

#endif
